using StepDistill.Training.Optimization;

namespace StepDistill.Training.Verification;

/// <summary>One short training in a reference's <c>training.json</c>: its settings and what was measured.</summary>
/// <remarks>
/// The file's top level is one training; objects in it that hold losses of their own are others, which take what they
/// do not say from the top.
/// </remarks>
internal sealed class TrainingTrace
{
    private const int MaxSteps = 10_000;

    private readonly ReferenceJson training;

    private TrainingTrace(string name, ReferenceJson json, ReferenceJson training)
    {
        (Name, Json, this.training) = (name, json, training);
        var peak = (json.Find("learning_rate") ?? training["learning_rate"]).Number();
        Steps = (json.Find("optimizer_steps") ?? json["steps"]).Whole(MaxSteps);
        BatchSize = json["batch_size"].Whole(MaxSteps);
        Parts = json.Find("grad_steps")?.Whole(MaxSteps) ?? 1;
        Alpha = (json.Find("alpha") ?? training["alpha"]).Number();
        MaxGradNorm = (json.Find("max_grad_norm") ?? Trainer("max_grad_norm"))?.Number() ?? 1;
        WeightDecay = Trainer("defaults")?.Find("weight_decay")?.Number() ?? 0;
        EpsilonBeforeCorrection = IsHuggingFace(training);
        Rate = new LearningRate(peak, Steps, Trainer("warmup_steps")?.Whole(MaxSteps) ?? 0, IsLinear(training));
        if (Steps < 1 || BatchSize < 1 || Parts < 1 || Alpha is not (>= 0 and <= 1))
        {
            throw new StepDistillException(
                $"{json.File} has {Steps} steps, a batch of {BatchSize} in {Parts} parts and an alpha of {Alpha}"
                + $" in {json.Place}; expected at least 1 of the first three, and the last from 0 to 1.");
        }
    }

    public string Name { get; }

    /// <summary>Whether this is the training whose final weights are given whole.</summary>
    public bool IsMain => Json == training;

    public ReferenceJson Json { get; }

    public int Steps { get; }

    /// <summary>Examples in each part.</summary>
    public int BatchSize { get; }

    /// <summary>Parts whose gradients make one step.</summary>
    public int Parts { get; }

    public double Alpha { get; }

    public double MaxGradNorm { get; }

    public double WeightDecay { get; }

    public bool EpsilonBeforeCorrection { get; }

    public LearningRate Rate { get; }

    /// <summary>Of each step, before clipping; null where they are not given.</summary>
    public IReadOnlyList<double>? GradientNorms => PerStep(Json.Find("grad_norm_before_clip"));

    /// <summary>The rate of the step that follows each step; null where it is not given.</summary>
    public IReadOnlyList<double>? RatesAfter => PerStep(Json.Find("lr_after_step"));

    /// <summary>A loss of each step: the mean of those of its parts.</summary>
    /// <param name="key"><c>pred_loss</c>, <c>expl_loss</c> or <c>loss</c>.</param>
    public IReadOnlyList<double> Losses(string key)
    {
        var given = Json.Find("per_step") ?? Json["per_micro_batch"];
        var losses = given.Items().Select(item => item[key].Number()).ToList();
        return losses.Count == Steps * Parts
            ? [.. losses.Chunk(Parts).Select(parts => parts.Average())]
            : throw Uneven(given, losses.Count, Steps * Parts);
    }

    public static IEnumerable<TrainingTrace> AllIn(ReferenceJson training) =>
        training.Entries()
            .Where(entry => entry.Value.Value.ValueKind == System.Text.Json.JsonValueKind.Object
                && (entry.Value.Find("per_step") ?? entry.Value.Find("per_micro_batch")) is not null)
            .Select(entry => new TrainingTrace($"training.{entry.Key}", entry.Value, training))
            .Prepend(new TrainingTrace("training", training, training));

    /// <summary>Why our training step cannot repeat these trainings; null where it can.</summary>
    public static string? WhyNot(ReferenceJson training)
    {
        if (training.Find("trainer") is not { } trainer)
        {
            return null;
        }

        var optimizer = trainer.Find("optimizer")?.Value.ToString() ?? "transformers.optimization.AdamW";
        var schedule = trainer.Find("lr_scheduler_type")?.Value.ToString() ?? "linear";
        var settings = trainer.Find("defaults");
        var decays = trainer.Find("param_groups")?.Items().Select(group => group["weight_decay"].Number()).Distinct();
        return !optimizer.Contains("AdamW", StringComparison.Ordinal)
                ? $"its optimizer is {optimizer}; AdamW can be repeated."
            : !schedule.Contains("linear", StringComparison.OrdinalIgnoreCase)
                && !schedule.Contains("constant", StringComparison.OrdinalIgnoreCase)
                ? $"its learning rate follows {schedule}; linear and constant can be repeated."
            : settings?.Find("betas")?.Numbers() is { } betas && !betas.SequenceEqual([0.9, 0.999])
                ? $"its betas are {string.Join(" and ", betas)}; 0.9 and 0.999 can be repeated."
            : settings?.Find("eps")?.Number() is not (null or 1e-8) ? "its epsilon is not 1e-8."
            : decays?.Count() > 1 ? "it decays some weights and not others."
            : null;
    }

    private static bool IsHuggingFace(ReferenceJson training) =>
        training.Find("trainer")?.Find("optimizer")?.Value.ToString()
            .StartsWith("torch.", StringComparison.Ordinal) != true;

    private static bool IsLinear(ReferenceJson training) =>
        training.Find("trainer")?.Find("lr_scheduler_type")?.Value.ToString()
            .Contains("constant", StringComparison.OrdinalIgnoreCase) != true;

    private ReferenceJson? Trainer(string key) => training.Find("trainer")?.Find(key);

    private IReadOnlyList<double>? PerStep(ReferenceJson? given)
    {
        var numbers = given?.Numbers();
        return numbers is null || numbers.Count == Steps ? numbers : throw Uneven(given!, numbers.Count, Steps);
    }

    private static StepDistillException Uneven(ReferenceJson given, int found, int expected) =>
        new($"{given.File} has {found} entries in {given.Place}; expected {expected}.");
}
