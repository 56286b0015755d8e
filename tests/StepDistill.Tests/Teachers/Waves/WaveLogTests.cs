using StepDistill.Teachers.Waves;

namespace StepDistill.Tests.Teachers.Waves;

public sealed class WaveLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("stepdistill-waves-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "deeper", "waves.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Waves_are_read_back_in_order()
    {
        Assert.Empty(new WaveLog(Path).Read());
        new WaveLog(Path).Add(["a", "b \"quoted\"\n"]);
        new WaveLog(Path).Add(["ü"]);
        Assert.Equal([["a", "b \"quoted\"\n"], ["ü"]], new WaveLog(Path).Read());
    }

    [Fact]
    public void A_line_cut_short_anywhere_is_no_wave_and_the_next_takes_its_place()
    {
        var log = new WaveLog(Path);
        log.Add(["a"]);
        log.Add(["b", "c"]);
        var whole = File.ReadAllBytes(Path);
        var first = Array.IndexOf(whole, (byte)'\n') + 1;
        for (var length = first; length < whole.Length; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            Assert.Equal([["a"]], log.Read());
            log.Add(["d"]);
            Assert.Equal([["a"], ["d"]], log.Read());
        }
    }

    [Theory]
    [InlineData("{\"ids\":[1]}\n")]
    [InlineData("{\"ids\":3}\n")]
    [InlineData("{}\n")]
    [InlineData("[]\n")]
    [InlineData("garbage\n")]
    [InlineData("\n")]
    public void What_is_no_wave_is_told_with_its_line(string text)
    {
        new WaveLog(Path).Add(["a"]);
        File.AppendAllText(Path, text);
        Assert.Contains("line 2", Assert.Throws<StepDistillException>(() => new WaveLog(Path).Read()).Message, StringComparison.Ordinal);
    }
}
