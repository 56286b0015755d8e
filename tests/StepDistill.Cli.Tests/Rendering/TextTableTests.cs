using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Tests.Rendering;

public sealed class TextTableTests
{
    [Fact]
    public void Words_stand_left_and_numbers_right() => Assert.Equal(
        [
            "arm            rows  accuracy",
            "finetune         48    81.2 %",
            "step-by-step  1,200     9.9 %",
        ],
        TextTable.Lines(["arm", "rows", "accuracy"], [["finetune", "48", "81.2 %"], ["step-by-step", "1,200", "9.9 %"]]));

    [Fact]
    public void Dollars_are_numbers() => Assert.Equal(
        ["cost", " $12", "≥ $1", "   –"],
        TextTable.Lines(["cost"], [["$12"], ["≥ $1"], ["–"]]));

    [Fact]
    public void A_table_without_rows_is_its_header() => Assert.Equal(["a  b"], TextTable.Lines(["a", "b"], []));
}
