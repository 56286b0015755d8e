using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Teachers;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Training.Verification;

namespace StepDistill.Cli.Tests;

/// <summary>Stages without torch: training writes what a real run leaves, and students answer by a rule.</summary>
internal static class FakeStages
{
    /// <summary>Stages with real recorded teachers.</summary>
    /// <param name="answer">What students say to an input.</param>
    /// <param name="train">Called with every recipe that is trained, before its run is written.</param>
    /// <param name="difference">What verifying a student finds.</param>
    /// <param name="confidence">How sure students are of their answer to an input.</param>
    public static StageSet Create(
        Func<string, string>? answer = null, Action<OpenedRecipe, CancellationToken>? train = null, double? difference = 1e-6,
        Func<string, double>? confidence = null) => new()
    {
        Teacher = TeacherClients.OpenAsync,
        Train = (recipe, progress, warn, cancellation) =>
        {
            train?.Invoke(recipe, cancellation);
            return Task.FromResult(recipe.Run.ReadManifest() ?? Write(recipe, new RunProgress(recipe.Recipe.Training.MaxSteps, progress).Report));
        },
        Student = (_, _) => new FakeStudent(answer ?? (_ => "fly"), confidence),
        Verify = (student, reference, _) => new StudentVerification(
            student, reference, [new VerificationCheck("logits", difference, 2e-4, "absolute", "row 1")], ["no training.json"]),
    };

    private static RunManifest Write(OpenedRecipe recipe, Action<RunEvent> report)
    {
        var run = recipe.Run;
        var identity = run.Claim(recipe.Recipe, new Dictionary<string, string>());
        report(new StepTaken(1.5, 1.5, 1, 1e-3) { Step = 1 });
        report(new Evaluated(0.5, IsBest: true, new Dictionary<string, double>()) { Step = 1 });
        Directory.CreateDirectory(run.Student);
        File.WriteAllText(Path.Combine(run.Student, "config.json"), "{}");
        var manifest = new RunManifest
        {
            Identity = identity.Hash,
            Recipe = recipe.Recipe,
            Data = new Dictionary<string, string>(),
            Versions = RunManifest.CurrentVersions(),
            StartedAt = DateTimeOffset.UnixEpoch,
            FinishedAt = DateTimeOffset.UnixEpoch,
            Seconds = 1,
            Steps = 1,
            BestStep = 1,
            BestScore = 0.5,
        };
        run.WriteManifest(manifest);
        report(new Finished(1, 0.5, 1) { Step = 1 });
        return manifest;
    }

    private sealed class FakeStudent(Func<string, string> answer, Func<string, double>? confidence) : IStudent
    {
        public IReadOnlyList<Prediction> Predict(
            IReadOnlyList<string> inputs, bool withRationale = false, CancellationToken cancellation = default) =>
            [.. inputs.Select(input => new Prediction(answer(input), withRationale ? $"it is {input}" : null) { Confidence = confidence?.Invoke(input) })];

        public void Dispose()
        {
        }
    }
}

/// <summary>A small task with recorded answers, one of them wrong and one unreadable.</summary>
internal static class Birds
{
    public const string Recipe = """
        {
          "name": "birds",
          "task": { "name": "birds", "labels": ["fly", "swim"], "train": "train.jsonl", "validation": "valid.jsonl", "test": "test.jsonl" },
          "training": { "max_steps": 1 }
        }
        """;

    /// <summary>Writes recipe and rows; gives the recipe's path.</summary>
    public static string WriteTo(TemporaryFolder folder)
    {
        folder.Write("train.jsonl", """
            {"id":"a","input":"penguin","label":"swim","rationale":"It has flippers.","teacher_label":"swim"}
            {"id":"b","input":"swift","label":"fly","rationale":"It lives in the air.","teacher_label":"fly"}
            {"id":"c","input":"heron","label":"fly","rationale":"It stands in water.","teacher_label":"swim"}
            {"id":"d","input":"kiwi","label":null,"rationale":"It has no tail.","teacher_label":"walk"}
            """);
        folder.Write("valid.jsonl", """{"id":"v","input":"auk","label":"swim","rationale":"It dives.","teacher_label":"swim"}""");
        folder.Write("test.jsonl", """
            {"id":"t","input":"crow","label":"fly"}
            {"id":"u","input":"puffin","label":"swim"}
            """);
        return folder.Write("birds.jsonc", Recipe);
    }

    /// <summary>Writes the same, with two files of answers to some of the rows; gives the recipe's path and what names the files.</summary>
    public static (string Recipe, string Setting) WriteWithTwoAnswersTo(TemporaryFolder folder)
    {
        var one = folder.Write("one.jsonl", """
            {"id":"a","rationale":"It has flippers.","teacher_label":"swim"}
            {"id":"c","rationale":"It stands in water.","teacher_label":"swim"}
            """);
        var two = folder.Write("two.jsonl", """{"id":"c","rationale":"It has wings.","teacher_label":"fly"}""");
        return (WriteTo(folder), $"teacher.answers={one},{two}");
    }
}
