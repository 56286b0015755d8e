using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class CascadeCurveTests
{
    [Fact]
    public void A_curve_goes_from_nobody_to_everybody()
    {
        var curve = CascadeCurve.Of([new(0.9, true, false), new(0.6, false, true), new(0.9, false, false), new(0.7, true, true)]);

        Assert.Equal(
            [
                new(CascadeRule.Never, 4, 0, 0, 2),
                new(0.9, 4, 2, 1, 3),
                new(0.7, 4, 3, 2, 3),
                new(0.6, 4, 4, 2, 2),
            ],
            curve);
        Assert.Equal((0.75, 0.5, 0.5, 0.5), (curve[1].Accuracy, curve[1].AccuracyAmongAnswered, curve[1].AnsweredShare, curve[1].LargeShare));
        Assert.Null(curve[0].AccuracyAmongAnswered);
    }

    [Fact]
    public void Without_the_large_model_it_tells_what_the_student_does()
    {
        var curve = CascadeCurve.Of([new(0.9, true, false), new(0.6, true)]);

        Assert.Equal([new(CascadeRule.Never, 2, 0, 0, null), new(0.9, 2, 1, 1, null), new(0.6, 2, 2, 2, null)], curve);
        Assert.Null(curve[1].Accuracy);
    }

    [Fact]
    public void Unfamiliar_rows_stay_with_the_large_model()
    {
        List<CascadeRow> rows = [new(0.9, false, true) { Familiarity = 0.01 }, new(0.8, true, false) { Familiarity = 0.5 }, new(0.7, true, false)];

        Assert.Equal([new(CascadeRule.Never, 3, 0, 0, 1), new(0.8, 3, 1, 1, 2)], CascadeCurve.Of(rows, familiarityFloor: 0.05));
    }

    [Fact]
    public void Few_points_stand_for_many()
    {
        var curve = CascadeCurve.Of(Population.Calibrated.Draw(1000, new Random(1)));

        var thin = CascadeCurve.Thin(curve, 11);

        Assert.Equal(11, thin.Count);
        Assert.Equal((curve[0], curve[^1]), (thin[0], thin[^1]));
        Assert.All(thin.Index(), point => Assert.Equal(point.Index / 10.0, point.Item.AnsweredShare, 0.01));
        Assert.Same(curve, CascadeCurve.Thin(curve, 2000));
    }
}
