using Microsoft.Extensions.AI;
using StepDistill.Annotations;

namespace StepDistill.Teachers.Prices;

/// <summary>What a model's provider asks for, in dollars for a million tokens. Exact decimals: cents must add up.</summary>
/// <param name="Input">Of prompts.</param>
/// <param name="Output">Of replies, reasoning included.</param>
public sealed record ModelPrice(decimal Input, decimal Output)
{
    /// <summary>The dearest that a million tokens can be; dearer ones are slips of the pen.</summary>
    public const decimal Most = 1_000_000m;

    /// <summary>Decimals that a price may have. With a million tokens' six and a share's four, costs have at most eighteen.</summary>
    public const int Decimals = 8;

    /// <summary>Decimals that <see cref="BatchShare"/> may have.</summary>
    public const int ShareDecimals = 4;

    private const decimal Million = 1_000_000m;

    /// <summary>Of those tokens of a prompt that the provider still had from an earlier one; null where they cost like others.</summary>
    public decimal? CachedInput { get; init; }

    /// <summary>Which share of the price requests pay that may take a day. Default: half.</summary>
    public decimal BatchShare { get; init; } = 0.5m;

    /// <summary>Where the price was found, for reports: prices change. Empty where nobody said.</summary>
    public string Source { get; init; } = "";

    /// <summary>What a request costs, in dollars.</summary>
    /// <param name="inputTokens">Tokens of its prompt, cached ones included.</param>
    /// <param name="outputTokens">Tokens of its reply.</param>
    /// <param name="cachedTokens">Those of the prompt's that were cached.</param>
    /// <param name="batch">Whether it was sent through the batch interface.</param>
    public decimal Of(long inputTokens, long outputTokens, long cachedTokens = 0, bool batch = false)
    {
        // Counts are a server's word: one that says less than nothing is not paid for it.
        var (input, output) = (Math.Max(0, inputTokens), Math.Max(0, outputTokens));
        var cached = Math.Clamp(cachedTokens, 0, input);
        var price = (((input - cached) * Input) + (cached * (CachedInput ?? Input)) + (output * Output)) / Million;

        // Prices with more decimals than the constants allow may come from programs; their costs fit the store all the same.
        return decimal.Round(batch ? price * BatchShare : price, Annotation.PriceDecimals);
    }

    /// <summary>What a request costs by the tokens that its reply counts; null where it does not count them.</summary>
    /// <param name="usage">The reply's counts.</param>
    /// <param name="batch">Whether it was sent through the batch interface.</param>
    public decimal? Of(UsageDetails? usage, bool batch = false) => usage is { InputTokenCount: { } input, OutputTokenCount: { } output }
        ? Of(input, output, usage.CachedInputTokenCount ?? 0, batch)
        : null;
}
