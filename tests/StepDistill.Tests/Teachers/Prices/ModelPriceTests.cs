using CsCheck;
using StepDistill.Teachers.Prices;

namespace StepDistill.Tests.Teachers.Prices;

public sealed class ModelPriceTests
{
    /// <summary>Three ways of pricing: a discount for cached tokens, none, and cheaper batches than half.</summary>
    private static readonly ModelPrice Mini = new(0.15m, 0.60m) { CachedInput = 0.075m };
    private static readonly ModelPrice Sonnet = new(3m, 15m) { CachedInput = 0.30m };
    private static readonly ModelPrice Own = new(0.07m, 0.07m) { BatchShare = 0.35m };

    private static readonly Gen<ModelPrice> Prices =
        from input in Gen.Long[0, 100_000_000_000]
        from output in Gen.Long[0, 100_000_000_000]
        from cached in Gen.Long[0, 100_000_000_000]
        from share in Gen.Int[0, 10_000]
        select new ModelPrice(input / 100_000_000m, output / 100_000_000m) { CachedInput = cached / 100_000_000m, BatchShare = share / 10_000m };

    [Fact]
    public void Dollars_are_those_of_a_calculation_by_hand()
    {
        // 1,234 × 0.15 = 185.10 and 567 × 0.60 = 340.20 millionths.
        Assert.Equal(0.00052530m, Mini.Of(1234, 567));

        // (1,234 − 1,024) × 0.15 = 31.50, 1,024 × 0.075 = 76.80, and 340.20 again.
        Assert.Equal(0.00044850m, Mini.Of(1234, 567, cachedTokens: 1024));
        Assert.Equal(0.00022425m, Mini.Of(1234, 567, cachedTokens: 1024, batch: true));

        // 549,367 rows of 850 + 75 tokens: 1,400.89 of prompts and 618.04 of replies.
        Assert.Equal(2018.923725m, Sonnet.Of(549_367L * 850, 549_367L * 75));
        Assert.Equal(1009.4618625m, Sonnet.Of(549_367L * 850, 549_367L * 75, batch: true));

        // 925 × 0.07 = 64.75; of batches 35 % of that.
        Assert.Equal(0.00006475m, Own.Of(850, 75));
        Assert.Equal(0.00006475m, Own.Of(850, 75, cachedTokens: 500));
        Assert.Equal(0.0000226625m, Own.Of(850, 75, batch: true));
    }

    [Fact]
    public void A_million_small_costs_add_up_to_one_large_one()
    {
        var sum = 0m;
        for (var i = 0; i < 1_000_000; i++)
        {
            sum += Mini.Of(1, 1);       // 0.00000075: a binary fraction would drift
        }

        Assert.Equal(0.75m, sum);
    }

    [Fact]
    public void The_parts_of_a_bill_are_the_bill() => Gen.Select(
        Prices, Gen.Long[0, 1_000_000], Gen.Long[0, 1_000_000], Gen.Long[0, 1_000_000], Gen.Long[0, 1_000_000], Gen.Bool)
        .Sample((price, input, output, more, cached, batch) =>
        {
            cached = Math.Min(cached, input);
            Assert.Equal(
                price.Of(input + more, output + more, cached, batch),
                price.Of(input, output, cached, batch) + price.Of(more, more, 0, batch));
            Assert.Equal(price.Of(input, output, cached) * price.BatchShare, price.Of(input, output, cached, batch: true));
        });

    [Fact]
    public void No_cost_is_below_nothing_or_has_more_decimals_than_are_kept() => Gen.Select(
        Prices, Gen.Long[-1000, 1_000_000], Gen.Long[-1000, 1_000_000], Gen.Long[-1000, 2_000_000], Gen.Bool)
        .Sample((price, input, output, cached, batch) =>
        {
            var cost = price.Of(input, output, cached, batch);
            Assert.True(cost >= 0);
            Assert.Equal(cost, decimal.Round(cost, 18));
        });
}
