using System.ComponentModel.DataAnnotations;
using StepDistill.Teachers.Prices;

namespace StepDistill.Recipes;

/// <summary>The section <c>teacher.price</c>: what the model's tokens cost, in dollars for a million of them.</summary>
public sealed record PriceSection
{
    /// <summary>Dollars for a million tokens of prompts.</summary>
    [Range(0d, 1_000_000d)]
    public required decimal Input { get; init; }

    /// <summary>Dollars for a million tokens of replies.</summary>
    [Range(0d, 1_000_000d)]
    public required decimal Output { get; init; }

    /// <summary>Dollars for a million tokens of prompts that the provider still had from an earlier one; where missing, they cost like others.</summary>
    [Range(0d, 1_000_000d)]
    public decimal? CachedInput { get; init; }

    /// <summary>Share of the price that requests pay that may take a day. Default: 0.5.</summary>
    [Range(0d, 1d)]
    public decimal BatchShare { get; init; } = 0.5m;

    internal IEnumerable<string> Faults()
    {
        (string Name, decimal? Value, int Decimals)[] numbers =
        [
            ("input", Input, ModelPrice.Decimals),
            ("output", Output, ModelPrice.Decimals),
            ("cached_input", CachedInput, ModelPrice.Decimals),
            ("batch_share", BatchShare, ModelPrice.ShareDecimals),
        ];
        return
            from number in numbers
            where number.Value is { } value
                && (decimal.Round(value, number.Decimals) != value || (value == 0 && value.Scale > number.Decimals))   // 1e-30 reads as 0
            select FormattableString.Invariant(
                $"teacher.price.{number.Name} is {number.Value}; it must have at most {number.Decimals} decimals, for costs are kept exactly.");
    }
}
