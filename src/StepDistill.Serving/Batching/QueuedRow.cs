using StepDistill.Inference;

namespace StepDistill.Serving.Batching;

/// <summary>One question that waits. Everything that changes is changed under the queue's lock, except by <see cref="RowGroup"/>.</summary>
/// <param name="group">The request that it came with.</param>
/// <param name="index">Its place there.</param>
/// <param name="question">The question.</param>
/// <param name="tokens">About how long it is.</param>
internal sealed class QueuedRow(RowGroup group, int index, StudentQuestion question, int tokens)
{
    /// <summary>The request that it came with.</summary>
    public RowGroup Group { get; } = group;

    /// <summary>Its place in the request.</summary>
    public int Index { get; } = index;

    /// <summary>The question.</summary>
    public StudentQuestion Question { get; } = question;

    /// <summary>About how many tokens the student reads of it.</summary>
    public int Tokens { get; } = tokens;

    /// <summary>How many batches it stood by and watched begin with younger rows.</summary>
    public int Passes { get; set; }

    /// <summary>Its place in the queue; null once it has left.</summary>
    public LinkedListNode<QueuedRow>? Node { get; set; }
}
