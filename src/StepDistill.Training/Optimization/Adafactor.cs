using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>Adam without its memory: of a matrix's squared gradients only the means of rows and of columns are kept.</summary>
/// <remarks>
/// Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235, algorithms 4 and 5 without momentum, with the step size
/// given from outside: what transformers calls <c>Adafactor(scale_parameter=False, relative_step=False)</c>. A matrix of
/// R rows and C columns costs R + C numbers where AdamW keeps 2·R·C. Second moments v are means of g² + ε with the
/// decay β₂ = 1 − t^−0.8; the update g/√v is scaled down to a root mean square of 1 where it is larger.
/// <para>
/// Each weight takes three passes over its gradient: row and column means, the update's size, the update itself. Rows
/// are cut into pieces by the weight's shape alone, so that results do not depend on the number of cores. Clipping, the
/// bfloat16 weights and zeroing the gradients are part of the last pass.
/// </para>
/// <para>Letters in shapes: R rows, C columns.</para>
/// </remarks>
public sealed unsafe class Adafactor : Optimizer
{
    private const double DecayPower = -0.8;
    private const double Epsilon = 1e-30;
    private const double LargestUpdate = 1;

    // Enough to keep many cores busy; each needs a row of column sums.
    private const int MostPieces = 64;

    private readonly double _weightDecay;
    private readonly Tensor _moments;                   // [all rows, columns and vectors], one after the other
    private readonly List<Part> _parts = [];

    // For a moment, of the weight that is updated. Pinned.
    private readonly float[] _rowFactors;               // [R]
    private readonly float[] _columnFactors;            // [C]
    private readonly float[] _columnSums;               // [pieces, C]

    /// <summary>Creates the optimizer with moments of zero.</summary>
    /// <param name="memory">The weights it updates.</param>
    /// <param name="weightDecay">Decay of the weights per unit of learning rate.</param>
    internal Adafactor(WeightMemory memory, double weightDecay = 0) : base(memory)
    {
        _weightDecay = weightDecay;
        ByLibrary = memory.Values.device_type != TorchSharp.DeviceType.CPU;
        long moments = 0;
        foreach (var placed in memory.Weights.Where(placed => placed.Weight.requires_grad))
        {
            var part = new Part(placed, memory.PlaceOfGradient(placed.Start), moments);
            _parts.Add(part);
            moments += part.Moments;
        }

        _moments = zeros(moments, ScalarType.Float32, memory.Values.device).DetachFromDisposeScope();
        State = [.. _parts.SelectMany(StateOf)];

        var matrices = ByLibrary ? [] : _parts.Where(part => part.IsMatrix).ToList();
        _rowFactors = Pinned(matrices.Select(part => part.Rows).DefaultIfEmpty().Max());
        _columnFactors = Pinned(matrices.Select(part => part.Columns).DefaultIfEmpty().Max());
        _columnSums = Pinned(matrices.Select(part => part.Pieces * part.Columns).DefaultIfEmpty().Max());
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<OptimizerState> State { get; }

    /// <summary>Whether the library's operations do the work, as they must where there is no processor's memory.</summary>
    internal bool ByLibrary { get; init; }

    /// <summary>How many numbers this optimizer keeps for a weight.</summary>
    /// <param name="shape">The weight's shape.</param>
    internal static long MomentsOf(ReadOnlySpan<long> shape) => shape is [var rows, var columns] ? rows + columns : shape[0];

    private protected override void Release() => _moments.Dispose();

    private protected override void Update(double learningRate, double gradientScale)
    {
        var rates = new Rates(
            Decay: 1 - Math.Pow(Steps, DecayPower), learningRate, Kept: 1 - (learningRate * _weightDecay), gradientScale);
        foreach (var part in _parts)
        {
            if (ByLibrary)
            {
                UpdateByLibrary(part, rates);
            }
            else if (Memory.Rests is null)
            {
                Update<float, Float32, FullFloat32>(part, rates);
            }
            else
            {
                Update<ushort, BFloat16, RoundedAndRest>(part, rates);
            }
        }
    }

    private void Update<T, TElement, TWeight>(Part part, Rates rates)
        where T : unmanaged
        where TElement : IElement<T>
        where TWeight : IFullWeight<T>
    {
        var weights = FlatTensor.Pointer<T>(Memory.Values);
        var rests = Memory.Rests is null ? null : FlatTensor.Pointer<ushort>(Memory.Rests);
        var gradients = FlatTensor.Pointer<T>(Memory.Gradients!) + part.Gradient;
        if (part.IsMatrix)
        {
            UpdateMatrix<T, TElement, TWeight>(part, rates, weights, rests, gradients);
        }
        else
        {
            UpdateVector<T, TElement, TWeight>(part, rates, weights, rests, gradients);
        }
    }

    private void UpdateMatrix<T, TElement, TWeight>(Part part, Rates rates, T* weights, ushort* rests, T* gradients)
        where T : unmanaged
        where TElement : IElement<T>
        where TWeight : IFullWeight<T>
    {
        var columns = (int)part.Columns;
        var scale = (float)rates.GradientScale;
        var rowFactors = Pointer(_rowFactors);
        var columnFactors = Pointer(_columnFactors);
        MeasureRowsAndColumns<T, TElement>(part, rates, gradients);

        var squares = new double[part.Pieces];
        part.ForEachPiece((first, count, piece) =>
        {
            var total = 0.0;
            for (var row = first; row < first + count; row++)
            {
                var sum = Vector512<float>.Zero;
                for (var j = 0; j < columns; j += Element.Lanes)
                {
                    var left = columns - j;
                    var update = Element.Load<T, TElement>(gradients + (row * columns) + j, left) * (scale * rowFactors[row])
                        * Element.Load<float, Float32>(columnFactors + j, left);
                    sum = Vector512.FusedMultiplyAdd(update, update, sum);
                }

                total += Vector512.Sum(sum);
            }

            squares[piece] = total;
        });
        var rate = rates.Rate(squares.Sum() / (part.Rows * part.Columns));

        part.ForEachPiece((first, count, _) =>
        {
            for (var row = first; row < first + count; row++)
            {
                var factor = (float)(rate * scale * rowFactors[row]);
                for (var j = 0; j < columns; j += Element.Lanes)
                {
                    var (left, at) = (columns - j, (row * columns) + j);
                    var change = Element.Load<T, TElement>(gradients + at, left) * factor
                        * Element.Load<float, Float32>(columnFactors + j, left);
                    var weight = TWeight.Load(weights, rests, part.Weight + at, left);
                    TWeight.Store(weights, rests, part.Weight + at, (weight * (float)rates.Kept) - change, left);
                    Element.Store<T, TElement>(gradients + at, Vector512<float>.Zero, left);
                }
            }
        });
    }

    /// <summary>Brings the means up to date, and makes the factors by which a gradient is multiplied.</summary>
    private void MeasureRowsAndColumns<T, TElement>(Part part, Rates rates, T* gradients)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var columns = (int)part.Columns;
        var scale = (float)rates.GradientScale;
        var rowMeans = FlatTensor.Pointer<float>(_moments) + part.Moment;
        var columnMeans = rowMeans + part.Rows;
        var rowFactors = Pointer(_rowFactors);
        var columnFactors = Pointer(_columnFactors);
        var columnSums = Pointer(_columnSums);
        part.ForEachPiece((first, count, piece) =>
        {
            var sums = columnSums + ((long)piece * columns);
            new Span<float>(sums, columns).Clear();
            for (var row = first; row < first + count; row++)
            {
                var sum = Vector512<float>.Zero;
                for (var j = 0; j < columns; j += Element.Lanes)
                {
                    var left = columns - j;
                    var g = Element.Load<T, TElement>(gradients + (row * columns) + j, left) * scale;
                    sum += g * g;
                    Element.Store<float, Float32>(sums + j, Element.Load<float, Float32>(sums + j, left) + (g * g), left);
                }

                rowMeans[row] = rates.Mean(rowMeans[row], Vector512.Sum(sum) / (double)columns);
            }
        });

        var mean = 0.0;
        for (var row = 0L; row < part.Rows; row++)
        {
            mean += rowMeans[row];
        }

        mean /= part.Rows;
        for (var row = 0L; row < part.Rows; row++)
        {
            rowFactors[row] = (float)Math.Sqrt(mean / rowMeans[row]);
        }

        for (var j = 0; j < columns; j++)
        {
            var sum = 0.0;
            for (var piece = 0; piece < part.Pieces; piece++)
            {
                sum += columnSums[((long)piece * columns) + j];
            }

            columnMeans[j] = rates.Mean(columnMeans[j], sum / part.Rows);
            columnFactors[j] = (float)(1 / Math.Sqrt(columnMeans[j]));
        }
    }

    private void UpdateVector<T, TElement, TWeight>(Part part, Rates rates, T* weights, ushort* rests, T* gradients)
        where T : unmanaged
        where TElement : IElement<T>
        where TWeight : IFullWeight<T>
    {
        var scale = (float)rates.GradientScale;
        var moments = FlatTensor.Pointer<float>(_moments) + part.Moment;
        var squares = new double[Cores.Pieces(part.Columns, 1)];
        Cores.ForEachRange(part.Columns, 1, (first, count, piece) =>
        {
            var sum = Vector512<float>.Zero;
            for (var i = first; i < first + count; i += Element.Lanes)
            {
                var left = (int)Math.Min(Element.Lanes, first + count - i);
                var g = Element.Load<T, TElement>(gradients + i, left) * scale;
                var mean = (Element.Load<float, Float32>(moments + i, left) * (float)rates.Decay)
                    + (((g * g) + Vector512.Create((float)Epsilon)) * (float)(1 - rates.Decay));
                Element.Store<float, Float32>(moments + i, mean, left);
                sum += g * g / mean;
            }

            squares[piece] = Vector512.Sum(sum);
        });
        var rate = (float)(rates.Rate(squares.Sum() / part.Columns) * scale);

        Cores.ForEachRange(part.Columns, 1, (first, count, _) =>
        {
            for (var i = first; i < first + count; i += Element.Lanes)
            {
                var left = (int)Math.Min(Element.Lanes, first + count - i);
                var change = Element.Load<T, TElement>(gradients + i, left) * rate
                    / Vector512.Sqrt(Element.Load<float, Float32>(moments + i, left));
                var weight = TWeight.Load(weights, rests, part.Weight + i, left);
                TWeight.Store(weights, rests, part.Weight + i, (weight * (float)rates.Kept) - change, left);
                Element.Store<T, TElement>(gradients + i, Vector512<float>.Zero, left);
            }
        });
    }

    /// <summary>The same by the library's operations, for devices that are not processors.</summary>
    private void UpdateByLibrary(Part part, Rates rates)
    {
        using var scope = NewDisposeScope();
        var gradient = Memory.Gradients!.narrow(0, part.Gradient, part.Rows * part.Columns);
        var g = gradient.to_type(ScalarType.Float32).view(part.Rows, part.Columns) * rates.GradientScale;
        var squares = g.square() + Epsilon;
        Tensor update;
        if (part.IsMatrix)
        {
            var rows = _moments.narrow(0, part.Moment, part.Rows);
            var columns = _moments.narrow(0, part.Moment + part.Rows, part.Columns);
            rows.mul_(rates.Decay).add_(squares.mean([1]), alpha: 1 - rates.Decay);
            columns.mul_(rates.Decay).add_(squares.mean([0]), alpha: 1 - rates.Decay);
            update = (rows / rows.mean()).rsqrt_().unsqueeze(1) * columns.rsqrt() * g;
        }
        else
        {
            var moments = _moments.narrow(0, part.Moment, part.Columns);
            moments.mul_(rates.Decay).add_(squares.squeeze(0), alpha: 1 - rates.Decay);
            update = moments.rsqrt() * g;
        }

        var size = update.square().mean().sqrt_().clamp_min_(LargestUpdate);
        var weight = (Memory.Masters ?? Memory.Values).narrow(0, part.Weight, part.Rows * part.Columns);
        weight.mul_(rates.Kept).sub_((update / size).flatten() * rates.LearningRate);
        if (Memory.Masters is not null)
        {
            Memory.Values.narrow(0, part.Weight, part.Rows * part.Columns).copy_(weight);
        }

        gradient.zero_();
    }

    private IEnumerable<OptimizerState> StateOf(Part part) => part.IsMatrix
        ? [
            new(part.Placed.Weight, "second_moment_rows", Moments(part.Moment, part.Rows)),
            new(part.Placed.Weight, "second_moment_columns", Moments(part.Moment + part.Rows, part.Columns)),
        ]
        : [new(part.Placed.Weight, "second_moment", Moments(part.Moment, part.Columns))];

    private Tensor Moments(long start, long length) => _moments.narrow(0, start, length).DetachFromDisposeScope();

    private static float[] Pinned(long length) => GC.AllocateArray<float>(checked((int)Math.Max(1, length)), pinned: true);

    private static float* Pointer(float[] pinned) => (float*)Unsafe.AsPointer(ref pinned[0]);

    /// <summary>A weight that learns: a matrix, or one row that is a vector.</summary>
    private sealed class Part
    {
        private readonly long _rowsPerPiece;

        public Part(WeightMemory.Placed placed, long gradient, long moment)
        {
            (Placed, Gradient, Moment) = (placed, gradient, moment);
            IsMatrix = placed.Weight.dim() == 2;
            (Rows, Columns) = IsMatrix ? (placed.Weight.size(0), placed.Weight.size(1)) : (1, placed.Length);
            Moments = MomentsOf(placed.Weight.shape);
            _rowsPerPiece = Math.Max((Rows + MostPieces - 1) / MostPieces, ((1 << 16) + Columns - 1) / Columns);
        }

        public WeightMemory.Placed Placed { get; }

        public bool IsMatrix { get; }

        public long Rows { get; }

        public long Columns { get; }

        /// <summary>Its first number among all weights.</summary>
        public long Weight => Placed.Start;

        /// <summary>Its first number among the gradients.</summary>
        public long Gradient { get; }

        /// <summary>Its first number among the moments.</summary>
        public long Moment { get; }

        /// <summary>How many moments it has.</summary>
        public long Moments { get; }

        public int Pieces => (int)((Rows + _rowsPerPiece - 1) / _rowsPerPiece);

        /// <summary>Runs an action over all rows on all cores.</summary>
        /// <param name="run">Gets the first row, how many there are, and the number of the piece.</param>
        public void ForEachPiece(Action<long, long, int> run) => Cores.ForEach(Pieces, piece =>
        {
            var first = piece * _rowsPerPiece;
            run(first, Math.Min(_rowsPerPiece, Rows - first), piece);
        });
    }

    /// <summary>What one step multiplies by.</summary>
    private readonly record struct Rates(double Decay, double LearningRate, double Kept, double GradientScale)
    {
        /// <summary>A running mean of squared gradients, brought up to date.</summary>
        public float Mean(float before, double meanSquare) =>
            (float)((Decay * before) + ((1 - Decay) * (meanSquare + Epsilon)));

        /// <summary>The step size for a weight whose whole update has this mean square.</summary>
        public double Rate(double meanSquare) => LearningRate / Math.Max(1, Math.Sqrt(meanSquare) / LargestUpdate);
    }
}
