using Microsoft.ML.OnnxRuntime;
using StepDistill.Export.Onnx;

namespace StepDistill.Export.Tests.Onnx;

public sealed class OnnxModelFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("onnx");

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    public void A_graph_reads_back_with_its_numbers_inside_or_in_a_second_file(long maxBytes)
    {
        var (path, values) = (Path.Combine(_folder.FullName, "sum.onnx"), Enumerable.Range(0, 1000).Select(i => i / 8f).ToArray());
        var places = OnnxModelFile.Write(path, Sum(values), maxBytes);

        Assert.Equal(values.Select(value => value + 1), Run(path, 1));
        Assert.Equal(maxBytes == 0, File.Exists(path + "_data"));

        // The bytes are where it is said, and begin at a round place.
        var place = Assert.Single(places).Value;
        var bytes = File.ReadAllBytes(Path.Combine(_folder.FullName, place.File)).AsSpan((int)place.Offset, 4000);
        Assert.Equal(values, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        Assert.Equal(0, place.Offset % 64);
    }

    [Fact]
    public void A_mapped_graph_takes_its_numbers_from_another_file()
    {
        var (path, mapped) = (Path.Combine(_folder.FullName, "sum.onnx"), Path.Combine(_folder.FullName, "sum.mapped.onnx"));
        var values = Enumerable.Range(0, 1000).Select(i => (float)i).ToArray();
        var places = OnnxModelFile.Write(path, Sum(values));
        OnnxModelFile.WriteMapped(mapped, Sum(new float[1000]), places);

        Assert.Equal(values.Select(value => value + 3), Run(mapped, 3));
        Assert.True(new FileInfo(mapped).Length < 500);
    }

    [Fact]
    public void A_second_file_that_is_not_needed_any_more_goes()
    {
        var path = Path.Combine(_folder.FullName, "sum.onnx");
        OnnxModelFile.Write(path, Sum(new float[1000]), 0);
        OnnxModelFile.Write(path, Sum(new float[1000]));

        Assert.False(File.Exists(path + "_data"));
    }

    [Fact]
    public void A_tensor_that_makes_another_number_of_bytes_is_a_mistake()
    {
        var graph = new OnnxGraph("wrong");
        graph.Tensor(OnnxTensor.Floats("short", [3], () => [1, 2]));

        Assert.Throws<InvalidOperationException>(() => OnnxModelFile.Write(Path.Combine(_folder.FullName, "wrong.onnx"), graph));
        Assert.Empty(_folder.EnumerateFiles());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static OnnxGraph Sum(float[] values)
    {
        var graph = new OnnxGraph("sum");
        var x = graph.Input(new("x", OnnxType.Float32, 1));
        var tensor = graph.Tensor(OnnxTensor.Floats("values", [values.Length], () => values));
        graph.Output(new("y", OnnxType.Float32, values.Length), graph.Add("Add", [x, tensor]));
        return graph;
    }

    private static float[] Run(string path, float x)
    {
        using var session = new InferenceSession(path);
        using var input = OrtValue.CreateTensorValueFromMemory(new[] { x }, [1]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["x"], [input], ["y"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
