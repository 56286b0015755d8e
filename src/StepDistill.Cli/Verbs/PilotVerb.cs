using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill pilot RECIPE</c>: asks about a few rows, and says whether distilling is likely to be worth it.</summary>
internal sealed class PilotVerb : Verb
{
    private const int Fewest = 20, Most = 1_000;

    private readonly RecipeWords _recipe = new();

    private readonly Option<int> _rows = new("--rows")
    {
        Description = "Rows to ask about, drawn by chance from the training rows: 50 to 200 usually do. Those that are answered already cost nothing.",
        DefaultValueFactory = _ => 100,
    };

    private readonly Option<decimal> _studentCost = new("--student-cost")
    {
        Description = "Dollars that a thousand answers of the student will cost, for the volume at which it pays. 0 on a machine that is there anyway.",
        HelpName = "dollars",
    };

    private readonly Option<decimal?> _maxCost = AnnotateVerb.MaxCost();
    private readonly PilotStage _pilot;

    /// <summary>Creates the verb.</summary>
    public PilotVerb(StageSet stages)
        : base(
            "pilot",
            "Asks the teacher about a few rows and stores its answers, then says how good it is, what all rows will cost, whether a "
            + "student is likely to reach it, and after how many answers that has paid.",
            "pilot recipe.jsonc --rows 100 --max-cost 1")
    {
        _pilot = new(stages);
        _recipe.AddTo(this);
        _rows.Validators.Add(word =>
        {
            if (word.Tokens is [{ Value: var text }, ..]
                && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) && rows is >= Fewest and <= Most))
            {
                word.AddError($"--rows is '{text}'; it must be a whole number from {Fewest} to {Most}.");
            }
        });
        Options.Add(_rows);
        Options.Add(_studentCost);
        Options.Add(_maxCost);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var pilot = await terminal.WithProgressAsync("Asking the pilot's questions", progress => _pilot.RunAsync(
            recipe, words.GetValue(_rows), words.GetValue(_maxCost), AnnotateVerb.Relay(progress), cancellation));
        var studentAnswer = words.GetValue(_studentCost) / 1000;
        terminal.Say(Teacher(pilot));
        terminal.Say(Cost(pilot));
        terminal.Say(Student(pilot));
        terminal.Say(Pays(pilot, studentAnswer));
        terminal.Say($"Next: stepdistill waves {_recipe.PathOf(words)}, which annotates until more rows no longer pay.");
        terminal.Result(Json(recipe, pilot, studentAnswer));
        return ExitCode.Success;
    }

    private static string Teacher(PilotResult pilot) =>
        Invariant($"The teacher: {pilot.Teacher.Useful:N0} of {pilot.Teacher.Rows:N0} rows have an answer that can be used")
        + (pilot.Teacher is { Accuracy: { } accuracy, Interval: { } interval }
            ? Invariant($"; it is right in {accuracy:P1} of {pilot.Teacher.Judged:N0} rows with a gold label (95 % interval {interval.Low:P1} to {interval.High:P1}).")
            : "; no row has a gold label, so nobody can say how often it is right.");

    private static string Cost(PilotResult pilot) => pilot.Spent is not { } spent
        ? "The cost: not known; teacher.price sets what a million tokens cost."
        : Invariant($"The cost: {Estimates.Dollars(spent)} for the pilot; ")
            + (pilot.Rest.ToAsk == 0
                ? "no training row is left to ask about."
                : pilot.Rest.Dollars is { } rest
                    ? Invariant($"the other {pilot.Rest.ToAsk:N0} questions about {Estimates.Dollars(rest.Value)} ({Estimates.Dollars(rest.Low)} to {Estimates.Dollars(rest.High)}).")
                    : "that of the others is not known.");

    private static string Student(PilotResult pilot)
    {
        if (pilot.AtAllRows is not { } all)
        {
            return "A student: only training can tell, since the task has no closed set of labels or too few answers can be read.";
        }

        var verdict = pilot.Outlook switch
        {
            Outlook.Likely => "it is likely to reach the teacher",
            Outlook.Possible => "it may reach the teacher; a few waves will show",
            _ => "there is no sign that it can; it may all the same, for this only counts words",
        };
        return Invariant($"A student: {verdict}. Counting words gives the teacher's own answer in {pilot.Words[^1].Score:P1} of the pilot's rows ")
            + Invariant($"(always saying its commonest label: {pilot.Chance:P1}), and with all {pilot.Rows:N0} rows would in about {all.Value:P1} ({all.Interval.Low:P1} to {Math.Min(1, all.Interval.High):P1}).");
    }

    private static string Pays(PilotResult pilot, decimal studentAnswer) => pilot.PaysAfter(studentAnswer) is { } answers
        ? Invariant($"It pays after about {answers:N0} answers that the student gives instead of the teacher, at {Estimates.Dollars(pilot.PerAnswer!.Value * 1000)} a thousand of the teacher's and {Estimates.Dollars(studentAnswer * 1000)} of the student's; time to train is not counted.")
        : pilot.Spent is null
            ? "When it pays: not known without a price."
            : "It never pays at these prices: an answer of the student costs as much as one of the teacher.";

    private static JsonObject Json(OpenedRecipe recipe, PilotResult pilot, decimal studentAnswer) => new()
    {
        ["recipe"] = recipe.Recipe.Name,
        ["rows"] = pilot.Teacher.Rows,
        ["useful"] = pilot.Teacher.Useful,
        ["accuracy"] = pilot.Teacher.Accuracy,
        ["accuracy_low"] = pilot.Teacher.Interval?.Low,
        ["accuracy_high"] = pilot.Teacher.Interval?.High,
        ["spent"] = pilot.Spent,
        ["rest"] = Estimates.Json(pilot.Rest),
        ["outlook"] = pilot.Outlook switch { Outlook.Likely => "likely", Outlook.Possible => "possible", Outlook.NoSign => "no_sign", _ => "unknown" },
        ["words"] = pilot.Words.Count == 0 ? null : pilot.Words[^1].Score,
        ["words_at_all_rows"] = pilot.AtAllRows is { } all
            ? new JsonObject { ["about"] = all.Value, ["low"] = all.Interval.Low, ["high"] = all.Interval.High }
            : null,
        ["chance"] = pilot.Chance,
        ["pays_after_answers"] = pilot.PaysAfter(studentAnswer),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
