using StepDistill.Batches;
using StepDistill.Inference.Sessions;
using StepDistill.Tasks;
using StepDistill.Tokenizers;

namespace StepDistill.Inference.Labels;

/// <summary>Scores every label that a question may have, in one pass of the decoder.</summary>
/// <param name="sessions">The student.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="closedSet">The task's labels; null where each question brings its own choices.</param>
internal sealed class LabelScorer(StudentSessions sessions, Tokenizer tokenizer, IReadOnlyList<string>? closedSet)
{
    private readonly LabelTrie? shared = closedSet is null ? null : TrieOf(sessions, tokenizer, closedSet);

    /// <summary>The labels of a question.</summary>
    /// <exception cref="StepDistillException">It brings no choices.</exception>
    public IReadOnlyList<string> LabelsOf(StudentQuestion question)
    {
        if (closedSet is not null)
        {
            return closedSet;
        }

        var choices = question.Choices ?? Choices.FromInput(question.Input);
        return choices.Count > 0 ? choices : throw new StepDistillException(
            "The question brings no choices, and the student's task is to take one of them. Give them as 'choices', or as lines (a) …, (b) … at the input's end.");
    }

    /// <summary>Log-probabilities of each question's labels, in their order.</summary>
    /// <param name="questions">[B]</param>
    /// <param name="encoded">Their inputs.</param>
    public double[][] Score(IReadOnlyList<StudentQuestion> questions, Encoded encoded)
    {
        LabelTrie[] tries = [.. questions.Select(question => shared ?? TrieOf(sessions, tokenizer, LabelsOf(question)))];
        var length = tries.Max(trie => trie.Count);
        var tokens = new long[tries.Length * length];
        var offsets = new long[(shared is null ? tries.Length : 1) * length * length];
        for (var row = 0; row < tries.Length; row++)
        {
            tries[row].WriteTokens(tokens.AsSpan(row * length, length));
            if (row == 0 || shared is null)
            {
                tries[row].WriteOffsets(offsets.AsSpan(row * length * length, length * length), length);
            }
        }

        using var logits = sessions.Score(encoded, tokens, offsets, length);
        var vocabulary = sessions.Config.VocabularySize;
        var all = logits.GetTensorDataAsSpan<float>();
        var result = new double[tries.Length][];
        for (var row = 0; row < tries.Length; row++)
        {
            result[row] = new double[tries[row].Labels];
            tries[row].Score(all.Slice(row * length * vocabulary, length * vocabulary), vocabulary, result[row]);
        }

        return result;
    }

    private static LabelTrie TrieOf(StudentSessions sessions, Tokenizer tokenizer, IReadOnlyList<string> labels) =>
        new(sessions.Config.StartId, [.. labels.Select(label => PairEncoder.Encode(tokenizer, label, int.MaxValue))]);
}
