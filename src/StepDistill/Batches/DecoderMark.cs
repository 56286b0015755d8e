using StepDistill.Tokenizers;

namespace StepDistill.Batches;

/// <summary>How the decoder's first id tells the two tasks apart where <c>training.task_mark</c> is <c>decoder</c>.</summary>
/// <remarks>
/// A label starts from the configuration's own start id, as ever; a rationale from a sentinel, which every published T5
/// has and which stands in no ordinary text. The encoder sees the bare input, the same for both tasks.
/// </remarks>
public static class DecoderMark
{
    /// <summary>The piece from which a rationale starts.</summary>
    public const string RationalePiece = "<extra_id_0>";

    /// <summary>Finds the id from which a rationale starts.</summary>
    /// <param name="tokenizer">The student's tokenizer.</param>
    /// <exception cref="StepDistillException">The tokenizer has no such piece.</exception>
    public static int RationaleStart(Tokenizer tokenizer) => tokenizer.Marks.TryGetValue(RationalePiece, out var id)
        ? id
        : throw new StepDistillException(
            $"training.task_mark is decoder, and the student's tokenizer ({tokenizer.VocabularySize} ids) has no piece {RationalePiece}, "
            + "from which a rationale would start. Use a tokenizer with sentinels, as published T5 students have, or "
            + "training.task_mark encoder.");
}
