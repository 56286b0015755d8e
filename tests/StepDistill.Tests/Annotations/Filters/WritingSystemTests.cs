using StepDistill.Annotations.Filters;

namespace StepDistill.Tests.Annotations.Filters;

public sealed class WritingSystemTests
{
    [Theory]
    [InlineData("Water is wet.", "Is water wet?", true)]
    [InlineData("水是湿的。", "Is water wet?", false)]
    [InlineData("Water is wet.", "水是湿的吗？", false)]
    [InlineData("水は濡れている。", "水は濡れていますか", true)]
    [InlineData("Вода мокрая, как H2O.", "Мокрая ли вода?", true)]
    [InlineData("Wasser ist nass.", "Is water wet?", true)]             // the same letters: it cannot tell
    [InlineData("Because 东京 is the capital.", "东京是 Japan 的首都吗？", true)]
    [InlineData("π", "Is water wet?", true)]                            // too short to judge
    [InlineData("12 + 4 = 16", "你有几个苹果？", true)]
    public void Scripts_are_compared_not_languages(string text, string other, bool may) =>
        Assert.Equal(may, WritingSystem.MayBeOf(text, other));
}
