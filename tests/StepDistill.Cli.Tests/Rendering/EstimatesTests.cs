using System.Globalization;
using StepDistill.Cli.Rendering;
using StepDistill.Teachers.Prices;

namespace StepDistill.Cli.Tests.Rendering;

public sealed class EstimatesTests
{
    [Theory]
    [InlineData("0", "$0.00")]
    [InlineData("0.000525", "$0.000525")]
    [InlineData("0.5", "$0.50")]
    [InlineData("0.585829", "$0.5858")]
    [InlineData("1", "$1.00")]
    [InlineData("2018.923725", "$2,018.92")]
    public void Dollars_are_cents_and_more_only_where_it_takes_more(string dollars, string shown) =>
        Assert.Equal(shown, Estimates.Dollars(decimal.Parse(dollars, CultureInfo.InvariantCulture)));

    [Fact]
    public void Json_has_exact_dollars_and_the_price_they_are_made_of()
    {
        var json = Estimates.Json(new CostEstimate
        {
            ToAsk = 3,
            Measured = 7,
            Input = new(10, 9, 11),
            Dollars = new(0.000000525m, 0m, 0.1m),
            Price = new(0.15m, 0.6m) { Source = "here" },
        });
        Assert.Equal(
            """{"to_ask":3,"measured_answers":7,"input_tokens":{"about":10,"from":9,"to":11},"output_tokens":null,"dollars":{"about":0.000000525,"from":0,"to":0.1},"price":{"input":0.15,"output":0.6,"cached_input":null,"batch_share":0.5,"source":"here"},"seconds_at_least":null,"limited_by":null}""",
            json.ToJsonString());
    }
}
