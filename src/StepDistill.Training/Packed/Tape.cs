using StepDistill.Students;
using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StepDistill.Training.Packed;

/// <summary>What the network is made of, each with its backward pass; remembers what was done, and undoes it in reverse.</summary>
/// <remarks>
/// Why not the library's own: here gradients go straight into the one gradient buffer and into each other, what is no
/// longer needed is freed at once, dropout's masks and attention's weights are made anew instead of kept, and an
/// exception in a backward pass is an exception. All tensors are [tokens, width] without padding.
/// <para>Letters in shapes: T tokens, D width, H heads, A head width, F inner width.</para>
/// </remarks>
/// <param name="kernels">What computes; large products are libtorch's.</param>
/// <param name="workspace">Gives memory.</param>
/// <param name="recording">Whether there will be a backward pass.</param>
/// <param name="dropoutRate">Share of numbers dropped; 0 outside training.</param>
/// <param name="chance">Decides, with the number of a layer, what is dropped.</param>
internal sealed class Tape(CpuKernels kernels, Workspace workspace, bool recording, double dropoutRate, ulong chance) : IDisposable
{
    private readonly Stack<(Flow? Output, Action Backward)> _done = [];
    private uint _drawn;

    /// <summary>Runs part of a network without remembering what happens inside: the backward pass runs it again.</summary>
    /// <remarks>
    /// Chen et al. 2016, https://arxiv.org/abs/1604.06174. Dropout is drawn from the same numbers again, so gradients
    /// have the same bits as without. Outside training nothing inside is kept either.
    /// </remarks>
    /// <param name="x">What goes in.</param>
    /// <param name="part">The part of the network.</param>
    /// <returns>What comes out.</returns>
    public Flow Again(Flow x, Func<Tape, Flow, Flow> part)
    {
        var drawn = _drawn;
        var first = new Tape(kernels, workspace, recording: false, dropoutRate, chance) { _drawn = drawn };
        var y = part(first, x);
        _drawn = first._drawn;
        first._done.Pop();              // y lives on
        first.Dispose();
        return Record(y, () =>
        {
            using var second = new Tape(kernels, workspace, recording: true, dropoutRate, chance) { _drawn = drawn };
            var same = part(second, x);
            same.Take(y.Release());
            second.Backward();
        });
    }

    /// <summary>Rows of the embedding table, dropped out.</summary>
    /// <param name="table">[V, D]</param>
    /// <param name="ids">[T]</param>
    /// <returns>[T, D]</returns>
    public Flow Embed(JoinedWeights table, int[] ids)
    {
        var dropout = Draw();
        var y = New(ids.Length, table.Value.size(1));
        kernels.Embed(table.Value, ids, y.Value, dropout);
        return Record(y, () =>
        {
            if (table.Learns)
            {
                kernels.EmbedBackward(y.Gradient!, ids, table.Gradient, dropout);
            }
        });
    }

    /// <summary>T5's norm.</summary>
    /// <param name="x">[T, D]</param>
    /// <param name="scale">[D]</param>
    /// <param name="epsilon">ε</param>
    /// <returns>[T, D]</returns>
    public Flow Norm(Flow x, JoinedWeights scale, double epsilon)
    {
        var y = New(x.Value.size(0), x.Value.size(1));
        var inverse = new float[x.Value.size(0)];
        kernels.Norm(x.Value, scale.Value, y.Value, inverse, epsilon);
        return Record(y, () =>
        {
            var add = x.Gradient is not null;
            if (!add)
            {
                x.Take(Like(x.Value));
            }

            kernels.NormBackward(y.Gradient!, x.Value, scale.Value, inverse, x.Gradient!, scale.Learns ? scale.Gradient : null, add);
        });
    }

    /// <summary>x·Wᵀ</summary>
    /// <param name="x">[T, in]</param>
    /// <param name="weight">[out, in]</param>
    /// <returns>[T, out]</returns>
    public Flow Linear(Flow x, JoinedWeights weight)
    {
        var y = New(x.Value.size(0), weight.Value.size(0));
        Product(y.Value, x.Value, weight.Value, transposed: true);
        return Record(y, () =>
        {
            LinearBackward(y.Gradient!, x.Value, weight);
            AddProduct(x, y.Gradient!, weight.Value);
        });
    }

    /// <summary>The feed-forward part from its inner products on: W·dropout(act(x)).</summary>
    /// <param name="x">[T, 2F] gate and gated, or [T, F].</param>
    /// <param name="kind">Which activation.</param>
    /// <param name="weight">[D, F]</param>
    /// <returns>[T, D]</returns>
    public Flow ActivateLinear(Flow x, T5FeedForwardKind kind, JoinedWeights weight)
    {
        var dropout = Draw();
        var (tokens, inner) = (x.Value.size(0), weight.Value.size(1));
        var active = workspace.Take(tokens, inner);
        kernels.Activate(x.Value, active, kind, dropout);
        var y = New(tokens, weight.Value.size(0));
        Product(y.Value, active, weight.Value, transposed: true);
        workspace.Give(active);
        return Record(y, () =>
        {
            // Holds the gradient of the activated numbers first, those numbers themselves afterwards.
            var again = workspace.Take(tokens, inner);
            Product(again, y.Gradient!, weight.Value, transposed: false);
            kernels.ActivateBackward(x.Value, again, kind, dropout);
            LinearBackward(y.Gradient!, again, weight);
            workspace.Give(again);
            x.Take(x.Value);
        });
    }

    /// <summary>Attention of tokens to tokens; no positions where <paramref name="bias"/> is null.</summary>
    /// <param name="queries">[T, H·A], or [T, 3·H·A] with keys and values beside them.</param>
    /// <param name="keysAndValues">[K, 2·H·A], or the same as <paramref name="queries"/>.</param>
    /// <param name="heads">H</param>
    /// <param name="width">A</param>
    /// <param name="spans">Which tokens ask which.</param>
    /// <param name="bias">The scores' bias by distance.</param>
    /// <returns>[T, H·A]</returns>
    public Flow Attend(Flow queries, Flow keysAndValues, int heads, int width, AttentionSpans spans, DistanceBias? bias)
    {
        var dropout = Draw();
        var y = New(queries.Value.size(0), (long)heads * width);
        var inputs = new AttentionTensors(queries.Value, keysAndValues.Value, heads, width);
        kernels.Attend(spans, inputs, bias, y.Value, dropout);
        return Record(y, () =>
        {
            var dQueries = Like(queries.Value);
            var dKeysAndValues = ReferenceEquals(queries, keysAndValues) ? dQueries : Like(keysAndValues.Value);
            kernels.AttendBackward(spans, inputs, bias, dropout, y.Gradient!, new(dQueries, dKeysAndValues, heads, width));
            queries.Take(dQueries);
            if (!ReferenceEquals(queries, keysAndValues))
            {
                keysAndValues.Take(dKeysAndValues);
            }
        });
    }

    /// <summary>x + dropout(branch)</summary>
    /// <param name="x">[T, D]</param>
    /// <param name="branch">[T, D]</param>
    /// <returns>[T, D]</returns>
    public Flow AddDropped(Flow x, Flow branch)
    {
        var dropout = Draw();
        var y = New(x.Value.size(0), x.Value.size(1));
        kernels.AddDropped(x.Value, branch.Value, y.Value, dropout);
        return Record(y, () =>
        {
            var dBranch = Like(branch.Value);
            kernels.AddDropped(null, y.Gradient!, dBranch, dropout);
            branch.Take(dBranch);
            x.Take(y.Release());        // the sum's gradient is x's as it is
        });
    }

    /// <summary>dropout(x)</summary>
    public Flow Drop(Flow x)
    {
        var dropout = Draw();
        if (!dropout.Drops)
        {
            return x;
        }

        var y = New(x.Value.size(0), x.Value.size(1));
        kernels.AddDropped(null, x.Value, y.Value, dropout);
        return Record(y, () =>
        {
            kernels.AddDropped(null, y.Gradient!, y.Gradient!, dropout);
            x.Take(y.Release());
        });
    }

    /// <summary>A bias by distance whose table learns.</summary>
    /// <param name="table">[buckets, H]</param>
    /// <param name="buckets">The bucket of each distance.</param>
    /// <returns>For <see cref="Attend"/>.</returns>
    public DistanceBias Positions(Parameter table, int[] buckets)
    {
        var bias = new DistanceBias(kernels.Read(table), (int)table.size(1), buckets);
        if (recording && table.requires_grad)
        {
            // Comes last in the backward pass, when all blocks have contributed.
            _done.Push((null, () =>
            {
                using var gradient = table.grad!;
                kernels.Add(bias.Gradient, gradient);
            }));
        }

        return bias;
    }

    /// <summary>Walks back through everything that was done; the last output must have its gradient.</summary>
    public void Backward()
    {
        while (_done.TryPop(out var step))
        {
            using (step.Output)
            {
                step.Backward();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_done.TryPop(out var step))
        {
            step.Output?.Dispose();
        }
    }

    private Flow New(long tokens, long width) => new(workspace.Take(tokens, width), workspace);

    private Tensor Like(Tensor tensor) => workspace.Take(tensor.size(0), tensor.size(1));

    private Flow Record(Flow output, Action backward)
    {
        _done.Push((output, backward));
        return output;
    }

    private Kernels.Dropout Draw() => Kernels.Dropout.Of(dropoutRate, chance + _drawn++);

    /// <summary>y = a·bᵀ or a·b</summary>
    private static void Product(Tensor y, Tensor a, Tensor b, bool transposed)
    {
        using var right = transposed ? b.t() : b.alias();
        y.addmm_(a, right, beta: 0);
    }

    /// <summary>Adds a·b to a gradient.</summary>
    private void AddProduct(Flow x, Tensor a, Tensor b)
    {
        var first = x.Gradient is null;
        if (first)
        {
            x.Take(Like(x.Value));
        }

        x.Gradient!.addmm_(a, b, beta: first ? 0 : 1);
    }

    /// <summary>dW += dyᵀ·x</summary>
    private static void LinearBackward(Tensor dy, Tensor x, JoinedWeights weight)
    {
        if (weight.Learns)
        {
            using var across = dy.t();
            weight.Gradient.addmm_(across, x);
        }
    }
}
