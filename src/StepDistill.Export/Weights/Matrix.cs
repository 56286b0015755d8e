namespace StepDistill.Export.Weights;

/// <summary>The weights of one linear map, or of several that read the same input, side by side.</summary>
/// <param name="Name">What tells it from others.</param>
/// <param name="Outputs">N: the length of what comes out.</param>
/// <param name="Inputs">K: the length of what goes in.</param>
/// <param name="Read">Reads [N, K], as published files hold it.</param>
internal sealed record Matrix(string Name, int Outputs, int Inputs, Func<float[]> Read)
{
    /// <summary>Reads [K, N], as ONNX multiplies.</summary>
    public float[] ReadTransposed()
    {
        var rows = Read();
        var columns = new float[rows.Length];
        for (var output = 0; output < Outputs; output++)
        {
            for (var input = 0; input < Inputs; input++)
            {
                columns[(input * Outputs) + output] = rows[(output * Inputs) + input];
            }
        }

        return columns;
    }

    /// <summary>One scale an output, [N]: the largest weight becomes ±127.</summary>
    public float[] RowScales()
    {
        var rows = Read();
        var scales = new float[Outputs];
        for (var output = 0; output < Outputs; output++)
        {
            scales[output] = ScaleOf(rows.AsSpan(output * Inputs, Inputs), 127);
        }

        return scales;
    }

    /// <summary>The weights over their scales as signed bytes, [N, K].</summary>
    public sbyte[] RowBytes()
    {
        var (rows, scales) = (Read(), RowScales());
        var bytes = new sbyte[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            bytes[i] = (sbyte)Math.Clamp(MathF.Round(rows[i] / scales[i / Inputs]), -127, 127);
        }

        return bytes;
    }

    /// <summary>By how much whole numbers up to a limit are multiplied to reach the largest of some weights; 1 where all are 0.</summary>
    public static float ScaleOf(ReadOnlySpan<float> weights, float limit)
    {
        var largest = 0f;
        foreach (var weight in weights)
        {
            largest = MathF.Max(largest, MathF.Abs(weight));
        }

        return largest > 0 && float.IsFinite(largest) ? largest / limit : 1;
    }
}
