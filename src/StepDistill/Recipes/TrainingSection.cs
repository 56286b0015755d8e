using System.ComponentModel.DataAnnotations;

namespace StepDistill.Recipes;

/// <summary>The section <c>training</c>. Without a preset the defaults are the paper's program's, so <c>paper</c> changes nothing.</summary>
/// <remarks>Source: google-research/distilling-step-by-step, <c>run.py</c> and <c>train_utils.py</c>.</remarks>
public sealed record TrainingSection
{
    /// <summary>Values for whatever is not set here: <c>paper</c> (fine-tuning of published weights) or <c>scratch</c> (random weights: higher rate, warm-up). Default: <c>paper</c>.</summary>
    [AllowedValues("paper", "scratch")]
    public string Preset { get; init; } = "paper";

    /// <summary><c>finetune</c> (gold labels), <c>distill</c> (teacher's labels), <c>step-by-step</c> or <c>single-task</c>. Default: <c>step-by-step</c>.</summary>
    [AllowedValues(Arms.Finetune, Arms.Distill, Arms.SingleTask, Arms.StepByStep)]
    public string Arm { get; init; } = "step-by-step";

    /// <summary>Labels of <c>step-by-step</c> and <c>single-task</c>: <c>gold</c> or <c>teacher</c>. Default: <c>gold</c>.</summary>
    [AllowedValues("gold", "teacher")]
    public string LabelSource { get; init; } = "gold";

    /// <summary>Share of the training rows to use, chosen by hash of the id so that smaller shares lie inside larger ones. Default: 1.</summary>
    [Range(0d, 1d, MinimumIsExclusive = true)]
    public double Fraction { get; init; } = 1;

    /// <summary>α of the program's loss α·L_label + (1 − α)·L_rationale. Default: 0.5. Ignored where <see cref="Lambda"/> is set.</summary>
    [Range(0d, 1d)]
    public double Alpha { get; init; } = 0.5;

    /// <summary>λ of the paper's loss L_label + λ·L_rationale; null uses the program's.</summary>
    [Range(0d, 1000d, MaximumIsExclusive = true)]
    public double? Lambda { get; init; }

    /// <summary>What marks the label task in <c>step-by-step</c>. Default: the program's <c>"predict: "</c>; the paper writes <c>[label]</c>. Ignored where <see cref="TaskMark"/> is <c>decoder</c>.</summary>
    public string LabelPrefix { get; init; } = "predict: ";

    /// <summary>What marks the rationale task. Default: the program's <c>"explain: "</c>; the paper writes <c>[rationale]</c>. Ignored where <see cref="TaskMark"/> is <c>decoder</c>.</summary>
    public string RationalePrefix { get; init; } = "explain: ";

    /// <summary>What tells the two tasks apart in <c>step-by-step</c>: <c>encoder</c> (the prefixes, as in the paper), or <c>decoder</c> (no prefix; a rationale starts from <c>&lt;extra_id_0&gt;</c>, so that one encoder pass serves both). Default: <c>encoder</c>.</summary>
    [AllowedValues("encoder", "decoder")]
    public string TaskMark { get; init; } = "encoder";

    /// <summary>Share of the examples whose rationale is trained too, chosen by hash of the id so that smaller shares lie inside larger ones; the others train their label only. Default: 1.</summary>
    [Range(0d, 1d)]
    public double RationaleShare { get; init; } = 1;

    /// <summary>Words that a rationale may have; a longer one is cut after its last whole sentence that fits (Li et al. 2025, arXiv 2502.12143: small students learn better from short ones). 0 cuts nothing. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int MaxRationaleWords { get; init; }

    /// <summary>Spoils the rationales, to see whether reasons help or only more text (Wadhwa et al. 2024, arXiv 2406.14511): <c>none</c>, <c>shuffled-words</c> (inside each rationale) or <c>shuffled-rows</c> (each goes to another row). Default: <c>none</c>.</summary>
    [AllowedValues("none", "shuffled-words", "shuffled-rows")]
    public string RationaleControl { get; init; } = "none";

    /// <summary>Whether examples count for more where the teacher's answers agree with the label that is trained (the votes of Wang et al. 2022, arXiv 2203.11171); weights have the mean 1. Default: false.</summary>
    public bool WeightByAgreement { get; init; }

    /// <summary>β of a third loss term that draws the student's rationale towards its label (Chen et al. 2024, arXiv 2403.03348, who use 0.1); only in <c>step-by-step</c>. 0 leaves it out. Default: 0.</summary>
    [Range(0d, 1000d, MaximumIsExclusive = true)]
    public double MutualInformation { get; init; }

    /// <summary>Share of each target token's probability that is spread evenly over the whole vocabulary (Szegedy et al. 2016, arXiv 1512.00567). Default: 0.</summary>
    [Range(0d, 1d, MaximumIsExclusive = true)]
    public double LabelSmoothing { get; init; }

    /// <summary>Updates of the weights. Default: 10,000.</summary>
    [Range(1, int.MaxValue)]
    public int MaxSteps { get; init; } = 10_000;

    /// <summary>Parts in which a step's batch is computed, to save memory; each part's loss is a mean over its own tokens. Default: 1.</summary>
    [Range(1, int.MaxValue)]
    public int GradientAccumulation { get; init; } = 1;

    /// <summary><c>adamw-hf</c> (the program's: ε is added before the second moment's bias correction), <c>adamw</c>, or <c>adafactor</c> (keeps next to nothing for each weight; Shazeer and Stern 2018, arXiv 1804.04235). Default: <c>adamw-hf</c>.</summary>
    [AllowedValues("adamw-hf", "adamw", "adafactor")]
    public string Optimizer { get; init; } = "adamw-hf";

    /// <summary>Step size of the optimizer at its highest. Default: 5e-5.</summary>
    [Range(0d, 1d, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 5e-5;

    /// <summary><c>linear</c> (to 0 at the last step) or <c>constant</c>, after the warm-up. Default: <c>linear</c>.</summary>
    [AllowedValues("linear", "constant")]
    public string Schedule { get; init; } = "linear";

    /// <summary>Steps over which the rate rises from 0. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int WarmupSteps { get; init; }

    /// <summary>Decoupled weight decay. Default: 0.</summary>
    [Range(0d, 1d)]
    public double WeightDecay { get; init; }

    /// <summary>Gradients are scaled down to this norm; 0 leaves them. Default: 1.</summary>
    [Range(0d, double.PositiveInfinity)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Parts of the student that stay as they are: <c>embeddings</c> (the tables over the vocabulary), <c>encoder</c>, <c>decoder</c>. Default: none.</summary>
    [AllowedValues("embeddings", "encoder", "decoder")]
    public IReadOnlyList<string>? Freeze { get; init; }

    /// <summary>Learns thin adapters in place of the weights (Hu et al. 2021, arXiv 2106.09685).</summary>
    public LoraSection Lora { get; init; } = new();

    /// <summary>Computes what happens inside a block once more in the backward pass instead of keeping it (Chen et al. 2016, arXiv 1604.06174): a third more work, a fraction of the memory, the same gradient. <c>auto</c> (where memory is short), <c>on</c> or <c>off</c>. Default: <c>auto</c>.</summary>
    [AllowedValues("auto", "on", "off")]
    public string Recompute { get; init; } = "auto";

    /// <summary>Where to compute: <c>auto</c> (the first GPU where there is one, else the processor), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Default: <c>auto</c>.</summary>
    [RegularExpression("(auto|cpu|cuda(:[0-9]{1,2})?)", ErrorMessage = "auto, cpu, cuda, or cuda:N with a GPU's number, such as cuda:1")]
    public string Device { get; init; } = "auto";

    /// <summary>Numbers to compute in: <c>auto</c> (<c>bfloat16</c> where that is faster, else <c>float32</c>), <c>float32</c> or <c>bfloat16</c>. Default: <c>auto</c>.</summary>
    [AllowedValues("auto", "float32", "bfloat16")]
    [RefusedValues("T5's numbers outgrow float16 and turn into infinities; bfloat16 is as fast and has float32's range", "float16", "fp16", "half")]
    public string Precision { get; init; } = "auto";

    /// <summary>Seed of every random choice. Default: 0.</summary>
    public int Seed { get; init; }

    /// <summary>A checkpoint every so many steps; 0 follows <c>evaluation.every_steps</c>. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int CheckpointEverySteps { get; init; }

    /// <summary>Whether training goes on while a checkpoint is written, from a copy in memory; where there is no room for the copy, it waits all the same. Default: true.</summary>
    public bool CheckpointBesideTraining { get; init; } = true;

    /// <summary>How many of the newest checkpoints are kept; the best is kept besides. Default: 2.</summary>
    [Range(1, int.MaxValue)]
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Checkpoints at multiples of so many steps are kept for good; 0 keeps none for that. Default: 0.</summary>
    [Range(0, int.MaxValue)]
    public int KeepCheckpointEverySteps { get; init; }
}

/// <summary>Adapters: a frozen weight W becomes W + (α/r)·B·A, of which only the thin A and B learn. The student holds the merged weights.</summary>
public sealed record LoraSection
{
    /// <summary>Rank r of the adapters; 0 for none. Default: 0. They want a learning rate of about 5e-4, ten times that of whole weights.</summary>
    [Range(0, 1024)]
    public int Rank { get; init; }

    /// <summary>α: how much the adapters count. Default: 16.</summary>
    [Range(0d, 65536d, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 16;

    /// <summary>Which weights get one: <c>queries-and-values</c> of attention, as in the paper, or <c>all</c> matrices of the blocks. Default: <c>queries-and-values</c>.</summary>
    [AllowedValues("queries-and-values", "all")]
    public string Weights { get; init; } = "queries-and-values";
}

/// <summary>The ways to train a student that a comparison sets side by side.</summary>
public static class Arms
{
    /// <summary>Input → gold label, no prefix: standard fine-tuning.</summary>
    public const string Finetune = "finetune";

    /// <summary>Input → teacher's label, no prefix: standard distillation.</summary>
    public const string Distill = "distill";

    /// <summary>Input → label and input → rationale as two tasks: distilling step-by-step.</summary>
    public const string StepByStep = "step-by-step";

    /// <summary>Input → rationale and label in one target.</summary>
    public const string SingleTask = "single-task";

    /// <summary>Every arm, in the order in which reports show them.</summary>
    public static IReadOnlyList<string> All { get; } = [Finetune, Distill, SingleTask, StepByStep];
}
