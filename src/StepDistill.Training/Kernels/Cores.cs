namespace StepDistill.Training.Kernels;

/// <summary>Shares work among the cores that libtorch uses too.</summary>
/// <remarks>
/// Work is cut into pieces that do not depend on the number of cores; whoever sums over pieces does so in their order,
/// so that the same machine gives the same bits however pieces are dealt out.
/// </remarks>
internal static class Cores
{
    private static readonly ParallelOptions Options = new();

    /// <summary>Lets kernels use as many cores as libtorch.</summary>
    public static void Use(int count) => Options.MaxDegreeOfParallelism = count;

    /// <summary>Runs the pieces 0 to <paramref name="pieces"/> − 1, on all cores where there are several.</summary>
    public static void ForEach(int pieces, Action<int> run)
    {
        if (pieces == 1)
        {
            run(0);
        }
        else
        {
            Parallel.For(0, pieces, Options, run);
        }
    }

    /// <summary>Runs ranges of rows, each range large enough to be worth handing out.</summary>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="numbersPerRow">About how many numbers a row makes the kernel touch.</param>
    /// <param name="run">Gets the first row, how many rows there are, and the number of the piece.</param>
    /// <returns>How many pieces there were.</returns>
    public static int ForEachRange(long rows, long numbersPerRow, Action<long, long, int> run)
    {
        var perPiece = RowsPerPiece(numbersPerRow);
        var pieces = Pieces(rows, numbersPerRow);
        ForEach(pieces, piece =>
        {
            var start = piece * perPiece;
            run(start, Math.Min(perPiece, rows - start), piece);
        });
        return pieces;
    }

    /// <summary>In how many pieces <see cref="ForEachRange"/> runs.</summary>
    public static int Pieces(long rows, long numbersPerRow)
    {
        var perPiece = RowsPerPiece(numbersPerRow);
        return (int)((rows + perPiece - 1) / perPiece);
    }

    // 64 K numbers: far more work than handing out a piece costs, and small enough to balance the cores.
    private static long RowsPerPiece(long numbersPerRow) => Math.Max(1, (1 << 16) / Math.Max(1, numbersPerRow));
}
