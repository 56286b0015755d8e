using System.Text.RegularExpressions;

namespace StepDistill.Cli.Quickstart;

/// <summary>What a thing counts as.</summary>
internal enum Hand
{
    /// <summary>Hard things; blunts scissors.</summary>
    Rock,

    /// <summary>Things of paper; wraps rock.</summary>
    Paper,

    /// <summary>Things that cut; cuts paper.</summary>
    Scissors,
}

/// <summary>The quickstart's task: rock, paper, scissors with things. "Ann shows a pebble. Ben shows a map. Who wins?" Ben.</summary>
/// <remarks>
/// Everyone knows that a map is paper, and a label never says so: no thing wins more often than another, so only what all
/// its pairings have in common gives it away. A rationale says it outright. That is why labels alone should not be enough
/// here, and why reasons could help.
/// </remarks>
internal static partial class ThingsGame
{
    /// <summary>Things by what they count as. All begin with a consonant's sound, so that "a" is right before each.</summary>
    private static readonly (Hand Hand, string[] Things)[] All =
    [
        (Hand.Rock,
        [
            "pebble", "boulder", "brick", "marble", "ruby", "diamond", "sapphire", "meteorite",
            "fossil", "statue", "slate", "flint", "nugget", "crystal", "tile", "cobble",
        ]),
        (Hand.Paper,
        [
            "map", "letter", "napkin", "poster", "postcard", "ticket", "stamp", "diary",
            "leaflet", "cheque", "kite", "magazine", "receipt", "calendar", "notebook", "menu",
        ]),
        (Hand.Scissors,
        [
            "knife", "razor", "saw", "sword", "scythe", "cutlass", "chisel", "sickle",
            "hatchet", "machete", "cleaver", "scalpel", "lawnmower", "guillotine", "sabre", "grater",
        ]),
    ];

    private static readonly Dictionary<string, Hand> HandOf =
        All.SelectMany(one => one.Things.Select(thing => (thing, one.Hand))).ToDictionary(one => one.thing, one => one.Hand);

    /// <summary>What a label can be: one of the two players, or nobody.</summary>
    public static IReadOnlyList<string> Labels { get; } = ["Ann", "Ben", "nobody"];

    /// <summary>Every thing.</summary>
    public static IReadOnlyList<string> Things { get; } = [.. All.SelectMany(one => one.Things)];

    /// <summary>Writes a question.</summary>
    /// <param name="anns">The thing that Ann shows: one of <see cref="Things"/>.</param>
    /// <param name="bens">The thing that Ben shows.</param>
    public static string Question(string anns, string bens) => $"Ann shows a {anns}. Ben shows a {bens}. Who wins?";

    /// <summary>Finds the two things that a question is about; null where the text is no question of this game.</summary>
    /// <param name="question">The text.</param>
    public static (string Anns, string Bens)? Read(string question) =>
        QuestionForm().Match(question) is { Success: true } found
        && HandOf.ContainsKey(found.Groups[1].Value) && HandOf.ContainsKey(found.Groups[2].Value)
            ? (found.Groups[1].Value, found.Groups[2].Value)
            : null;

    /// <summary>What a thing counts as.</summary>
    /// <param name="thing">One of <see cref="Things"/>.</param>
    public static Hand Of(string thing) => HandOf[thing];

    /// <summary>Says who wins.</summary>
    /// <param name="anns">Ann's hand.</param>
    /// <param name="bens">Ben's hand.</param>
    /// <returns>One of <see cref="Labels"/>.</returns>
    public static string Winner(Hand anns, Hand bens) => anns == bens ? "nobody" : Beats(anns, bens) ? "Ann" : "Ben";

    /// <summary>Gives the reasons for an answer.</summary>
    /// <param name="anns">Ann's thing.</param>
    /// <param name="annsHand">What it is taken for.</param>
    /// <param name="bens">Ben's thing.</param>
    /// <param name="bensHand">What it is taken for.</param>
    public static string Reasons(string anns, Hand annsHand, string bens, Hand bensHand)
    {
        var end = annsHand == bensHand
            ? "that is a draw"
            : (Beats(annsHand, bensHand) ? annsHand : bensHand) switch
            {
                Hand.Rock => "rock blunts scissors",
                Hand.Paper => "paper wraps rock",
                _ => "scissors cut paper",
            };
        return $"A {anns} counts as {Word(annsHand)}, a {bens} counts as {Word(bensHand)}, and {end}.";
    }

    private static bool Beats(Hand one, Hand other) => ((int)one - (int)other + 3) % 3 == 1;

    private static string Word(Hand hand) => hand switch { Hand.Rock => "rock", Hand.Paper => "paper", _ => "scissors" };

    [GeneratedRegex(@"^\s*Ann shows an? (\w+)\. Ben shows an? (\w+)\. Who wins\?\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex QuestionForm();
}
