using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StepDistill.Training.Models;

/// <summary>A matrix or vector that a network computes with; a matrix may have an adapter beside it.</summary>
/// <param name="numbers">A view of the memory; empty afterwards.</param>
internal sealed class Weight(Tensor numbers) : Parameter(numbers)
{
    /// <summary>What learns in place of this weight; null where nothing does.</summary>
    public LowRankAdapter? Adapter { get; set; }

    /// <summary>Whether a backward pass has anything to do for this weight.</summary>
    public bool Learns => requires_grad || Adapter is not null;
}

/// <summary>Products with weights that may have adapters.</summary>
internal static class AdaptedProduct
{
    /// <summary>W·x, and what an adapter beside W adds.</summary>
    /// <param name="x">[…, in]</param>
    /// <param name="weight">[out, in]</param>
    /// <returns>[…, out]</returns>
    public static Tensor linear(Tensor x, Weight weight)
    {
        var y = functional.linear(x, weight);
        return weight.Adapter is { } adapter ? y + adapter.forward(x) : y;
    }
}

/// <summary>LoRA: beside a frozen weight W learn two thin matrices A and B, so that y = W·x + (α/r)·B·(A·x).</summary>
/// <remarks>
/// Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1. B starts at zero, so that a new adapter changes
/// nothing; A is drawn as in the authors' program (microsoft/LoRA, <c>loralib/layers.py</c>): uniformly within ±in^−½.
/// <para>It stands twice, as the network's parts do: on tensors, and as steps of a backward pass of this program's own.</para>
/// <para>Letters in shapes: T tokens, r the rank.</para>
/// </remarks>
/// <param name="memory">Where A and B are; of the same type as the weight.</param>
/// <param name="weight">W, [out, in].</param>
/// <param name="rank">r</param>
/// <param name="scale">α/r</param>
internal sealed class LowRankAdapter(WeightMemory memory, Weight weight, int rank, double scale)
{
    /// <summary>[r, in]</summary>
    public Weight A { get; } = memory.Take(rank, weight.size(1));

    /// <summary>[out, r]</summary>
    public Weight B { get; } = memory.Take(weight.size(0), rank);

    /// <summary>Draws A, and sets B to zero.</summary>
    /// <param name="generator">Decides A.</param>
    public void Initialize(Generator generator)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var bound = 1 / Math.Sqrt(A.size(1));
        memory.Write(memory.Of(A), 0, empty(A.shape, ScalarType.Float32).uniform_(-bound, bound, generator).data<float>().ToArray());
        memory.Write(memory.Of(B), 0, new float[B.numel()]);
    }

    /// <summary>(α/r)·B·(A·x), which the library can differentiate.</summary>
    /// <param name="x">[…, in]</param>
    /// <returns>[…, out]</returns>
    public Tensor forward(Tensor x) => functional.linear(functional.linear(x, A), B) * scale;

    /// <summary>y += (α/r)·B·(A·x)</summary>
    /// <param name="x">[T, in]</param>
    /// <param name="y">[T, out]</param>
    public void Add(Tensor x, Tensor y)
    {
        using var scope = NewDisposeScope();
        var inner = x.matmul(A.t());                                                    // [T, r]
        y.addmm_(inner, B.t(), beta: 1, alpha: (float)scale);
    }

    /// <summary>dx += (α/r)·Aᵀ·(Bᵀ·dy)</summary>
    /// <param name="dy">[T, out]</param>
    /// <param name="dx">[T, in]</param>
    public void AddInputGradient(Tensor dy, Tensor dx)
    {
        using var scope = NewDisposeScope();
        var inner = dy.matmul(B);                                                       // [T, r]
        dx.addmm_(inner, A, beta: 1, alpha: (float)scale);
    }

    /// <summary>dB += (α/r)·dyᵀ·(A·x), dA += (α/r)·(Bᵀ·dy)ᵀ·x</summary>
    /// <param name="dy">[T, out]</param>
    /// <param name="x">[T, in]</param>
    public void AddGradients(Tensor dy, Tensor x)
    {
        using var scope = NewDisposeScope();
        var forth = x.matmul(A.t());                                                    // [T, r]
        var back = dy.matmul(B);                                                        // [T, r]
        B.grad!.addmm_(dy.t(), forth, beta: 1, alpha: (float)scale);
        A.grad!.addmm_(back.t(), x, beta: 1, alpha: (float)scale);
    }

    /// <summary>Adds (α/r)·B·A to some of the weight's full-precision numbers.</summary>
    /// <param name="first">The first of them, row after row.</param>
    /// <param name="numbers">W's; those of the merged weight afterwards.</param>
    public void MergeInto(long first, Span<float> numbers)
    {
        var width = (int)weight.size(1);
        var (a, b) = (new float[rank * width], new float[rank]);
        memory.Read(memory.Of(A), 0, a);
        for (var done = 0; done < numbers.Length;)
        {
            var (row, column) = Math.DivRem(first + done, width);
            var part = numbers.Slice(done, (int)Math.Min(width - column, numbers.Length - done));
            memory.Read(memory.Of(B), row * rank, b);
            for (var i = 0; i < rank; i++)
            {
                AddMultiple(part, (float)(scale * b[i]), a.AsSpan((i * width) + (int)column, part.Length));
            }

            done += part.Length;
        }
    }

    private static void AddMultiple(Span<float> to, float factor, ReadOnlySpan<float> from)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(to);
        var others = MemoryMarshal.Cast<float, Vector<float>>(from);
        for (var i = 0; i < vectors.Length; i++)
        {
            vectors[i] += others[i] * factor;
        }

        for (var i = vectors.Length * Vector<float>.Count; i < to.Length; i++)
        {
            to[i] += from[i] * factor;
        }
    }
}
