using StepDistill.Files;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Tokenizers;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>A student before its first step: published weights, or random ones with a tokenizer from the task's own text.</summary>
/// <param name="Tokenizer">Its tokenizer.</param>
/// <param name="Network">Its network, in training mode.</param>
/// <param name="Origin">Where the weights come from, for the student's card.</param>
internal sealed record StudentStart(Tokenizer Tokenizer, T5Network Network, string Origin)
{
    // Rows of the embedding table come in multiples of this, as in the published checkpoints (32,100 ids, 32,128 rows).
    private const int VocabularyStep = 128;

    /// <summary>Makes a student with random weights.</summary>
    /// <param name="section">The recipe's section <c>student</c>, without <c>from</c>.</param>
    /// <param name="shared">Keeps the trained tokenizer for all runs of the recipe.</param>
    /// <param name="texts">What a tokenizer is trained on.</param>
    /// <param name="textsHash">Names those texts: a tokenizer that was trained on the same is used again.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <exception cref="StepDistillException">There are no such sizes, or no such tokenizer.</exception>
    public static StudentStart FromSeed(
        StudentSection section, RecipeFolder shared, IReadOnlyList<string> texts, string textsHash, int seed)
    {
        var tokenizer = section.Tokenizer.From is { } path
            ? Tokenizer.Load(path)
            : Trained(section.Tokenizer.Train, shared, texts, textsHash);
        var name = section.Config ?? T5Sizes.Default;
        var config = T5Sizes.Named(name) with
        {
            VocabularySize = (tokenizer.VocabularySize + VocabularyStep - 1) / VocabularyStep * VocabularyStep,
        };
        return new(tokenizer, T5Network.FromSeed(Dropping(config, section), seed), $"random weights of the size {name}");
    }

    /// <summary>Opens a student's folder.</summary>
    /// <param name="section">The recipe's section <c>student</c>.</param>
    /// <param name="folder">The folder that <c>from</c> stands for.</param>
    /// <exception cref="StepDistillException">Weights or tokenizer are missing, damaged, or do not fit each other.</exception>
    public static StudentStart FromFolder(StudentSection section, string folder)
    {
        var student = StudentFolder.Open(folder);
        var tokenizer = student.LoadTokenizer();
        using var weights = student.OpenWeights();
        return new(tokenizer, T5Weights.Load(Dropping(student.Config, section), weights), section.From!);
    }

    /// <summary>The same student, its network computing with another type or on another device.</summary>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="device">Where.</param>
    public StudentStart In(ScalarType type, Device device)
    {
        if (type == ScalarType.Float32 && device.type == TorchSharp.DeviceType.CPU)
        {
            return this;
        }

        using var before = Network;
        return this with { Network = before.In(type, device) };
    }

    private static T5Config Dropping(T5Config config, StudentSection section) =>
        section.DropoutRate is { } rate ? config with { DropoutRate = rate } : config;

    /// <summary>The tokenizer of these texts, trained at most once for all runs of a recipe.</summary>
    private static Tokenizer Trained(TokenizerTraining training, RecipeFolder shared, IReadOnlyList<string> texts, string textsHash)
    {
        var place = Path.Combine(shared.Tokenizer, ContentHash.Of(textsHash, training.Vocabulary.ToString("D"))[..12]);
        if (!Directory.Exists(place))
        {
            var unfinished = $"{place}.{Environment.ProcessId}.tmp";
            UnigramTrainer.Train(texts, training.Vocabulary).Save(unfinished);
            try
            {
                Directory.Move(unfinished, place);
            }
            catch (IOException) when (Directory.Exists(place))
            {
                Directory.Delete(unfinished, recursive: true);      // another process was faster; its tokenizer is the same
            }
        }

        return Tokenizer.Load(place);
    }
}
