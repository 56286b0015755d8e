using System.Text.Json;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Evaluation.Rationales;
using StepDistill.Files;
using StepDistill.Recipes;
using StepDistill.Teachers.Redaction;

namespace StepDistill.Cli.Stages;

/// <summary>Lets a chat model compare a student's reasons with the teacher's, once: a verdict that is stored is not paid for again.</summary>
/// <param name="stages">What it stands on.</param>
internal sealed class JudgeStage(StageSet stages)
{
    private readonly AnnotateStage _annotate = new(stages.Teacher);

    /// <summary>Whom <c>--judge</c> names: a model of the teacher's own server, or <c>PROVIDER:MODEL</c>.</summary>
    /// <param name="teacher">The section <c>teacher</c>, whose endpoint, key and limits hold for the same provider.</param>
    /// <param name="judge">What was typed.</param>
    public static TeacherSection Of(TeacherSection teacher, string judge)
    {
        var providers = (string[])["openai", "azure", "anthropic", "ollama"];
        return judge.Split(':', 2) is [var provider, var model] && providers.Contains(provider) && provider != teacher.Provider
            ? new() { Name = "chat", Provider = provider, Model = model, Redact = teacher.Redact }
            : teacher with { Name = "chat", Model = judge.StartsWith($"{teacher.Provider}:", StringComparison.Ordinal) ? judge[(teacher.Provider.Length + 1)..] : judge };
    }

    /// <summary>Judges the reasons of the last arm's first student that wrote some, where its label is the teacher's.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="outcomes">The runs.</param>
    /// <param name="judge">Whom to ask.</param>
    /// <param name="warn">Told why rows stay undecided.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Null where there is nothing to judge.</returns>
    public async Task<ComparedJudgement?> RunAsync(
        OpenedRecipe recipe, IReadOnlyList<CellOutcome> outcomes, TeacherSection judge, Action<string> warn, CancellationToken cancellation)
    {
        var written = outcomes
            .Where(one => one is { Result.Rationales: not null, Cell.Arm: Arms.StepByStep })
            .OrderByDescending(one => one.Cell.Fraction).ThenByDescending(one => one.Result!.Parameters).ThenBy(one => one.Cell.Seed)
            .Select(one => one.Result!.Rationales!).FirstOrDefault();
        if (written is null)
        {
            return null;
        }

        var redactor = judge.Redact is { Count: > 0 } settings ? Redactor.From(settings) : null;
        var students = written.Predictions.ToDictionary(row => row.Id);
        var rows = new List<JudgedRow>();
        await foreach (var (example, annotation) in _annotate.ReadAsync(recipe, recipe.ReportSplit, cancellation).ConfigureAwait(false))
        {
            // Reasons for different labels cannot be compared: the right one would win.
            if (annotation is { Label: { } label, Rationale: { } reason }
                && students.GetValueOrDefault(example.Id) is { Label: { } said, Rationale: { } own }
                && recipe.Task.Canonical(example, said) == recipe.Task.Canonical(example, label))
            {
                rows.Add(new(example.Id, Shown(example.Input!), Shown(label), Shown(own), Shown(reason)));
            }
        }

        if (rows.Count == 0)
        {
            return null;
        }

        var key = ContentHash.Of(rows.SelectMany(row => (string[])[row.Id, row.Input, row.Label, row.Student, row.Teacher])
            .Prepend($"{judge.Provider} {judge.Endpoint} {judge.Model}"));
        var place = Path.Combine(recipe.Runs.Judgements, $"{key[..16]}.json");
        if (File.Exists(place))
        {
            return JsonSerializer.Deserialize<ComparedJudgement>(await File.ReadAllTextAsync(place, cancellation).ConfigureAwait(false));
        }

        using var client = stages.Judge(judge);
        var judgement = await new RationaleJudge(client, judge.Model!).JudgeAsync(rows, warn, cancellation: cancellation).ConfigureAwait(false);
        if (judgement.Unanswered == 0)      // else the next comparison asks again
        {
            AtomicFile.WriteText(place, JsonSerializer.Serialize(judgement));
        }

        return judgement;

        string Shown(string text) => redactor?.Redact(text) ?? text;
    }
}
