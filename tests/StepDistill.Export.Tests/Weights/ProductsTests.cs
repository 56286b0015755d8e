using CsCheck;
using Microsoft.ML.OnnxRuntime;
using StepDistill.Export.Onnx;
using StepDistill.Export.Weights;

namespace StepDistill.Export.Tests.Weights;

public sealed class ProductsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("products");

    /// <summary>Sizes that fill blocks of 32 and such that do not, with weights of different sizes an output.</summary>
    private static readonly Gen<(int Rows, int Inputs, int Outputs, float[] X, float[] Weights)> Cases =
        from rows in Gen.Int[1, 5]
        from inputs in Gen.Int[1, 100]
        from outputs in Gen.Int[1, 40]
        from x in Gen.Float[-3, 3].Array[rows * inputs]
        from weights in Gen.Float[-1, 1].Array[inputs * outputs]
        select (rows, inputs, outputs, x, weights.Select((weight, i) => weight * (1 + (i / inputs % 7))).ToArray());

    [Theory]
    [InlineData("Float32")]
    [InlineData("Int8")]
    [InlineData("Q8")]
    [InlineData("Q4")]
    public void A_product_is_off_by_no_more_than_its_bits_allow(string precision) => Cases.Sample(
        one =>
        {
            var (levels, activationLevels) = precision switch { "Float32" => (1e7, 1e7), "Q4" => (7.0, 127.0), "Q8" => (127.0, 127.0), _ => (127.0, 127.0) };
            var found = Linear(Enum.Parse<ExportPrecision>(precision), one);
            var largestX = one.X.Max(Math.Abs);
            for (var row = 0; row < one.Rows; row++)
            {
                for (var output = 0; output < one.Outputs; output++)
                {
                    var weights = one.Weights.AsSpan(output * one.Inputs, one.Inputs).ToArray();
                    var exact = weights.Select((weight, i) => (double)weight * one.X[(row * one.Inputs) + i]).Sum();
                    var largest = weights.Max(Math.Abs);

                    // Each factor is off by half a step at most; a step of x is its whole range over 255 levels.
                    var bound = one.Inputs * ((largest / levels / 2 * (largestX + (largestX / activationLevels))) + (largestX / activationLevels * largest)) + 1e-5;
                    if (Math.Abs(exact - found[(row * one.Outputs) + output]) > bound)
                    {
                        return false;
                    }
                }
            }

            return true;
        },
        iter: 60, threads: 1);

    [Theory]
    [InlineData("Int8")]
    [InlineData("Q8")]
    [InlineData("Q4")]
    public void Numbers_that_the_bits_hold_are_multiplied_exactly(string precision)
    {
        // Weights of whole numbers whose largest is the scale's limit, and activations that 8 bits hold exactly.
        var limit = precision == "Q4" ? 7 : 127;
        const int inputs = 32, outputs = 5;
        var weights = Enumerable.Range(0, inputs * outputs).Select(i => (float)(i % inputs == 0 ? limit : (i * 37 % (2 * limit)) - limit)).ToArray();
        var x = Enumerable.Range(0, inputs).Select(i => (float)(i == 0 ? 127 : i == 1 ? -128 : (i * 11 % 200) - 100)).ToArray();
        if (precision != "Int8")
        {
            x = [.. x.Select(value => Math.Max(value, -127))];          // blocks have their zero in the middle
        }

        var found = Linear(Enum.Parse<ExportPrecision>(precision), (1, inputs, outputs, x, weights));

        for (var output = 0; output < outputs; output++)
        {
            var exact = x.Select((value, i) => (double)value * weights[(output * inputs) + i]).Sum();
            Assert.Equal(exact, found[output], Math.Abs(exact) * 1e-5 + 0.01);
        }
    }

    [Theory]
    [InlineData("Float32", 0)]
    [InlineData("Int8", 1 / 254f)]
    [InlineData("Q8", 1 / 254f)]
    [InlineData("Q4", 1 / 254f)]
    public void Rows_of_a_table_keep_eight_bits(string precision, float tolerance)
    {
        var values = Enumerable.Range(0, 12).Select(i => MathF.Sin(i) * (1 + (i / 4))).ToArray();
        var graph = new OnnxGraph("rows");
        var ids = graph.Input(new("ids", OnnxType.Int64, 2));
        var rows = Products.In(Enum.Parse<ExportPrecision>(precision)).Rows(graph, ids, new Matrix("table", 3, 4, () => values));
        graph.Output(new("y", OnnxType.Float32, 2, 4), rows);

        using var input = OrtValue.CreateTensorValueFromMemory(new long[] { 2, 0 }, [2]);
        var found = Run(graph, "ids", input);

        float[] expected = [.. values[8..], .. values[..4]];
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, (3 * tolerance) + 1e-7));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private float[] Linear(ExportPrecision precision, (int Rows, int Inputs, int Outputs, float[] X, float[] Weights) one)
    {
        var graph = new OnnxGraph("linear");
        var x = graph.Input(new("x", OnnxType.Float32, 1, one.Rows, one.Inputs));
        var matrix = new Matrix("weights", one.Outputs, one.Inputs, () => one.Weights);
        graph.Output(new("y", OnnxType.Float32, 1, one.Rows, one.Outputs), Products.In(precision).Linear(graph, x, matrix));
        using var input = OrtValue.CreateTensorValueFromMemory(one.X, [1, one.Rows, one.Inputs]);
        return Run(graph, "x", input);
    }

    private float[] Run(OnnxGraph graph, string name, OrtValue input)
    {
        var path = Path.Combine(_folder.FullName, $"{Guid.NewGuid()}.onnx");
        OnnxModelFile.Write(path, graph);
        using var session = new InferenceSession(path);
        using var options = new RunOptions();
        using var results = session.Run(options, [name], [input], ["y"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
