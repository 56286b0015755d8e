using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Stages;
using StepDistill.Teachers.Prices;

namespace StepDistill.Cli.Rendering;

/// <summary>Writes what annotating will take, for people and for scripts.</summary>
internal static class Estimates
{
    /// <summary>Writes dollars: cents, or as many more decimals as small sums need to be told from nothing.</summary>
    public static string Dollars(decimal dollars) =>
        "$" + dollars.ToString(dollars is 0 or >= 1 ? "N2" : dollars >= 0.01m ? "0.00##" : "0.00####", CultureInfo.InvariantCulture);

    /// <summary>What questions cost, to follow their number; nothing where there are none, or recorded answers cost nothing.</summary>
    public static string About(OpenedRecipe recipe, CostEstimate estimate) =>
        AnnotateStage.IsFree(recipe) || estimate.ToAsk == 0 ? ""
        : estimate.Dollars is not { } dollars ? ", price not known"
        : dollars.High == 0 ? ", free of charge"
        : $", about {Dollars(dollars.Value)} ({Dollars(dollars.Low)} to {Dollars(dollars.High)})";

    /// <summary>Writes an estimate as a table.</summary>
    public static IEnumerable<string> Table(CostEstimate estimate)
    {
        var rows = new List<string[]>();
        Add("tokens of prompts", estimate.Input);
        Add("tokens of replies", estimate.Output);
        rows.Add(estimate.Dollars is { } dollars
            ? ["dollars", Dollars(dollars.Value), Dollars(dollars.Low), Dollars(dollars.High)]
            : ["dollars (price not known)", "–", "–", "–"]);
        return TextTable.Lines(["", "about", "from", "to"], rows);

        void Add(string name, TokenEstimate? tokens)
        {
            if (tokens is { } count)
            {
                rows.Add([name, Number(count.Value), Number(count.Low), Number(count.High)]);
            }
        }

        static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
    }

    /// <summary>Writes an estimate as an object; dollars as exact decimals.</summary>
    public static JsonObject Json(CostEstimate estimate) => new()
    {
        ["to_ask"] = estimate.ToAsk,
        ["measured_answers"] = estimate.Measured,
        ["input_tokens"] = Tokens(estimate.Input),
        ["output_tokens"] = Tokens(estimate.Output),
        ["dollars"] = estimate.Dollars is { } dollars
            ? new JsonObject { ["about"] = dollars.Value, ["from"] = dollars.Low, ["to"] = dollars.High }
            : null,
        ["price"] = estimate.Price is { } price
            ? new JsonObject
            {
                ["input"] = price.Input,
                ["output"] = price.Output,
                ["cached_input"] = price.CachedInput,
                ["batch_share"] = price.BatchShare,
                ["source"] = price.Source,
            }
            : null,
        ["seconds_at_least"] = estimate.Time?.TotalSeconds,
        ["limited_by"] = estimate.LimitedBy,
    };

    private static JsonObject? Tokens(TokenEstimate? tokens) => tokens is { } count
        ? new JsonObject { ["about"] = count.Value, ["from"] = count.Low, ["to"] = count.High }
        : null;
}
