using System.Buffers.Binary;
using System.Xml.Linq;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Figures;

namespace StepDistill.Reports.Tests.Figures;

public sealed class FigureSetTests
{
    [Fact]
    public void Each_variant_has_its_figures_and_sizes_have_one()
    {
        var figures = new FigureSet(RichReport.Make());

        Assert.Equal(["accuracy-by-rows-1", "accuracy-by-rows-2"], figures.Accuracies.Select(figure => figure.Name));
        Assert.Equal(["accuracy-by-size"], figures.Sizes.Select(figure => figure.Name));
        Assert.Equal(["differences-1", "differences-2"], figures.Differences.Select(figure => figure.Name));
    }

    [Fact]
    public void Text_is_text_and_names_every_arm_the_teacher_and_the_baseline()
    {
        var texts = Texts(new FigureSet(RichReport.Make()).Accuracies[1]);

        Assert.Superset(
            new HashSet<string>
            {
                "finetune", "distill", "single-task", "step-by-step", "shuffled-words", "teacher", "without reading the input",
                "1,125", "12.5 %", "9,000", "100 %", "accuracy",
            },
            texts);
    }

    [Fact]
    public void A_teacher_whose_name_can_be_drawn_is_named_in_the_figure()
    {
        var report = RichReport.Make();
        report = report with { Teacher = report.Teacher! with { Name = "Größer-70B" } };

        Assert.Contains("teacher: Größer-70B", Texts(new FigureSet(report).Accuracies[0]));
    }

    [Fact]
    public void Names_that_cannot_be_drawn_are_boxes_and_long_ones_are_cut()
    {
        Assert.Equal("a□□b", FigureFont.Label("a通义b"));
        Assert.Equal(26, FigureFont.Label(new string('x', 300)).Length);
        Assert.Equal("ſtep−by≥step", FigureFont.Label("ſtep−by≥step"));
    }

    [Fact]
    public void A_stuck_seed_changes_the_figure_and_its_caption()
    {
        var report = RichReport.Make();
        var without = report with { Cells = [.. report.Cells.Select(cell => cell with { Stuck = false })] };
        var (stuck, free) = (new FigureSet(report).Accuracies[1], new FigureSet(without).Accuracies[1]);

        Assert.NotEqual(free.Svg, stuck.Svg);
        Assert.Contains("stuck seed", stuck.Caption, StringComparison.Ordinal);
        Assert.DoesNotContain("stuck seed", free.Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_one_fraction_arms_stand_below_each_other()
    {
        var report = RichReport.Make() with { Curves = [] };
        var figure = new FigureSet(report).Accuracies[1];

        Assert.Equal("accuracy-2", figure.Name);
        Assert.Contains("67.5 % (64.4 to 70.6 %)", Texts(figure));
        Assert.Contains("all training rows", figure.Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_is_twice_as_large_as_the_drawing()
    {
        var figure = new FigureSet(RichReport.Make()).Differences[0];
        var png = figure.Png();

        Assert.Equal("PNG"u8, png.AsSpan(1, 3));
        Assert.Equal(2 * figure.Width, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal(2 * figure.Height, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        Assert.Equal(png, figure.Png());
    }

    [Fact]
    public void A_point_without_neighbours_and_an_interval_without_width_are_drawn()
    {
        var report = RichReport.Make();
        var curve = report.Curves[0] with { Points = [new(9000, 0.5, 0.5, 0.5, [0.5])], Line = [], Law = null };
        var figure = Assert.Single(new FigureSet(report with { Teacher = null, Baseline = 0.5, Curves = [curve], Variants = [],
            Arms = [report.Arms[0]], Differences = [] }).Accuracies);

        Assert.DoesNotContain("NaN", figure.Svg, StringComparison.Ordinal);
        Assert.Contains("finetune", Texts(figure));
    }

    [Fact]
    public void The_styles_of_arms_differ_in_colour_shape_and_pattern()
    {
        var styles = ComparisonArms.All.Select(ArmStyle.Of).ToList();

        Assert.Equal(ComparisonArms.All.Count, styles.Select(style => style.Color.ToHex()).Distinct().Count());
        Assert.Equal(ComparisonArms.All.Count, styles.Select(style => style.Marker).Distinct().Count());
        Assert.Equal(ComparisonArms.All.Count, styles.Select(style => string.Join(' ', style.Pattern.Intervals)).Distinct().Count());
    }

    private static HashSet<string> Texts(Figure figure) =>
        [.. XDocument.Parse(figure.Svg).Descendants("{http://www.w3.org/2000/svg}text").Select(text => text.Value)];
}
