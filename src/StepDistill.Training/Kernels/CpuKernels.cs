using StepDistill.Students;
using StepDistill.Training.Packed;
using static TorchSharp.torch;

namespace StepDistill.Training.Kernels;

/// <summary>The kernels on tensors of one type: the only door from tensors to plain memory.</summary>
/// <remarks>
/// What each does stands with the kernel. Shapes: T tokens, D width, H heads, A head width, F inner width, V vocabulary.
/// </remarks>
internal abstract class CpuKernels
{
    /// <summary>The kernels for float32 or bfloat16.</summary>
    public static CpuKernels Of(ScalarType type) => type switch
    {
        ScalarType.Float32 => new Typed<float, Float32>(),
        ScalarType.BFloat16 => new Typed<ushort, BFloat16>(),
        _ => throw new ArgumentException($"There are kernels for Float32 and BFloat16, not for {type}.", nameof(type)),
    };

    public abstract void Embed(Tensor table, int[] ids, Tensor y, Dropout dropout);

    public abstract void EmbedBackward(Tensor dy, int[] ids, Tensor dTable, Dropout dropout);

    public abstract void Norm(Tensor x, Tensor scale, Tensor y, float[] inverse, double epsilon);

    public abstract void NormBackward(Tensor dy, Tensor x, Tensor scale, float[] inverse, Tensor dx, Tensor? dScale, bool add);

    public abstract void AddDropped(Tensor? x, Tensor branch, Tensor y, Dropout dropout);

    public abstract void Activate(Tensor x, Tensor y, T5FeedForwardKind kind, Dropout dropout);

    public abstract void ActivateBackward(Tensor x, Tensor y, T5FeedForwardKind kind, Dropout dropout);

    public abstract void Attend(AttentionSpans spans, AttentionTensors tensors, DistanceBias? bias, Tensor output, Dropout dropout);

    public abstract void AttendBackward(
        AttentionSpans spans, AttentionTensors tensors, DistanceBias? bias, Dropout dropout, Tensor dOutput, AttentionTensors gradients);

    public abstract void CrossEntropy(
        Tensor logits, ReadOnlyMemory<int> targets, ReadOnlyMemory<float> weights, Memory<double> losses, double smoothing);

    public abstract void MutualInformation(Tensor scores, Tensor gradients, ExampleRows[] examples, double weight);

    /// <summary>A small tensor's numbers.</summary>
    public abstract float[] Read(Tensor tensor);

    /// <summary>Adds numbers to a small tensor's.</summary>
    public abstract void Add(ReadOnlySpan<float> numbers, Tensor tensor);

    private sealed unsafe class Typed<T, TElement> : CpuKernels
        where T : unmanaged
        where TElement : IElement<T>
    {
        public override void Embed(Tensor table, int[] ids, Tensor y, Dropout dropout) =>
            Embedding.Forward<T, TElement>(At(table), ids, At(y), Width(table), dropout);

        public override void EmbedBackward(Tensor dy, int[] ids, Tensor dTable, Dropout dropout) =>
            Embedding.Backward<T, TElement>(At(dy), ids, At(dTable), Width(dTable), dropout);

        public override void Norm(Tensor x, Tensor scale, Tensor y, float[] inverse, double epsilon)
        {
            fixed (float* factors = inverse)
            {
                Norms.Forward<T, TElement>(At(x), At(scale), At(y), factors, x.size(0), Width(x), (float)epsilon);
            }
        }

        public override void NormBackward(Tensor dy, Tensor x, Tensor scale, float[] inverse, Tensor dx, Tensor? dScale, bool add)
        {
            fixed (float* factors = inverse)
            {
                Norms.Backward<T, TElement>(
                    At(dy), At(x), At(scale), factors, At(dx), dScale is null ? null : At(dScale), x.size(0), Width(x), add);
            }
        }

        public override void AddDropped(Tensor? x, Tensor branch, Tensor y, Dropout dropout) =>
            Pointwise.AddDropped<T, TElement>(x is null ? null : At(x), At(branch), At(y), y.numel(), dropout);

        public override void Activate(Tensor x, Tensor y, T5FeedForwardKind kind, Dropout dropout) =>
            Pointwise.Activate<T, TElement>(At(x), At(y), y.size(0), Width(y), kind, dropout);

        public override void ActivateBackward(Tensor x, Tensor y, T5FeedForwardKind kind, Dropout dropout) =>
            Pointwise.ActivateBackward<T, TElement>(At(x), At(y), y.size(0), Width(y), kind, dropout);

        public override void Attend(AttentionSpans spans, AttentionTensors tensors, DistanceBias? bias, Tensor output, Dropout dropout)
        {
            var (q, k, v) = Heads(tensors);
            Attention.Forward<T, TElement>(
                spans, tensors.Heads, tensors.Width, q, k, v, bias, new((nint)At(output), Width(output)), dropout);
            ClearFrom(output, spans.QueryEnd);
        }

        public override void AttendBackward(
            AttentionSpans spans, AttentionTensors tensors, DistanceBias? bias, Dropout dropout, Tensor dOutput, AttentionTensors gradients)
        {
            var (q, k, v) = Heads(tensors);
            var (dq, dk, dv) = Heads(gradients);
            Attention.Backward<T, TElement>(
                spans, tensors.Heads, tensors.Width, q, k, v, bias, dropout, new((nint)At(dOutput), Width(dOutput)), dq, dk, dv);
            ClearFrom(gradients.Queries, spans.QueryEnd);
            ClearFrom(gradients.KeysAndValues, spans.KeyEnd);
        }

        public override void CrossEntropy(
            Tensor logits, ReadOnlyMemory<int> targets, ReadOnlyMemory<float> weights, Memory<double> losses, double smoothing) =>
            Kernels.CrossEntropy.Run<T, TElement>(At(logits), targets, weights, losses, Width(logits), (float)smoothing);

        public override void MutualInformation(Tensor scores, Tensor gradients, ExampleRows[] examples, double weight) =>
            Kernels.MutualInformation.Run<T, TElement>(At(scores), At(gradients), examples, Width(scores), (float)weight);

        public override float[] Read(Tensor tensor)
        {
            var (from, numbers) = ((nint)At(tensor), new float[tensor.numel()]);
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = TElement.Get(((T*)from)[i]);
            }

            return numbers;
        }

        public override void Add(ReadOnlySpan<float> numbers, Tensor tensor)
        {
            var to = At(tensor);
            for (var i = 0; i < numbers.Length; i++)
            {
                to[i] = TElement.Of(TElement.Get(to[i]) + numbers[i]);
            }
        }

        private static T* At(Tensor tensor) => FlatTensor.Pointer<T>(tensor);

        /// <summary>Sets the rows beyond the last token of any sequence to zero.</summary>
        private static void ClearFrom(Tensor tensor, long row) => new Span<byte>(
            At(tensor) + (row * Width(tensor)), (int)((tensor.size(0) - row) * Width(tensor) * sizeof(T))).Clear();

        private static int Width(Tensor tensor) => (int)tensor.size(-1);

        /// <summary>Queries, keys and values: three parts of one tensor, or queries alone and two parts of another.</summary>
        private static (Heads<T> Q, Heads<T> K, Heads<T> V) Heads(AttentionTensors tensors)
        {
            var inner = tensors.Heads * tensors.Width;
            var (q, keysAndValues) = ((nint)At(tensors.Queries), (nint)At(tensors.KeysAndValues));
            var skip = ReferenceEquals(tensors.Queries, tensors.KeysAndValues) ? inner : 0;
            var (queryStride, keyStride) = (Width(tensors.Queries), Width(tensors.KeysAndValues));
            return (
                new(q, queryStride),
                new(keysAndValues + (skip * sizeof(T)), keyStride),
                new(keysAndValues + ((skip + inner) * sizeof(T)), keyStride));
        }
    }
}

/// <summary>What attention reads, or the gradients of it.</summary>
/// <param name="Queries">[T, H·A]; or [T, 3·H·A], queries, keys and values beside each other, and then also the other one.</param>
/// <param name="KeysAndValues">[T, 2·H·A], keys and values beside each other.</param>
/// <param name="Heads">H</param>
/// <param name="Width">A</param>
internal sealed record AttentionTensors(Tensor Queries, Tensor KeysAndValues, int Heads, int Width);
