using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Tasks;
using StepDistill.Tests.Tokenizers;

namespace StepDistill.Tests.Students;

/// <summary>A student folder with everything in it but sense.</summary>
internal static class SampleStudent
{
    public static T5Config Config { get; } = T5Sizes.Named("t5-v1_1-tiny") with { VocabularySize = 112 };

    public static StudentManifest Manifest { get; } = new()
    {
        Name = "nli-tiny",
        Task = new StudentTask("nli", AnswerKind.Label, ["yes", "no"], "{premise}</s>{hypothesis}"),
        Arm = "step-by-step",
        LabelPrefix = "predict: ",
        RationalePrefix = "explain: ",
        MaxInputTokens = 128,
        Lineage = new StudentLineage
        {
            Recipe = new string('a', 64),
            Data = new Dictionary<string, string> { ["train"] = new string('b', 64) },
            Teacher = "recorded",
            Annotations = new Dictionary<string, long> { ["ok"] = 1990, ["unreadable"] = 10 },
            Examples = 1990,
            Steps = 400,
            Seed = 3,
            Versions = new Dictionary<string, string> { ["stepdistill"] = "0.1.0" },
        },
        Scores = new Dictionary<string, double> { ["validation.accuracy"] = 0.8125 },
    };

    /// <summary>Writes configuration, weights and tokenizer, and no manifest.</summary>
    public static void Write(string folder)
    {
        StudentFolder.Begin(folder);
        T5ConfigFile.Write(folder, Config);
        SafetensorsFile.Write(
            Path.Combine(folder, StudentFolder.WeightsName),
            [new WeightTensor("shared.weight", WeightType.F32, [2])],
            (_, stream) => stream.Write(new byte[8]));
        TinyVocabulary.Tokenizer().Save(folder);
    }
}
