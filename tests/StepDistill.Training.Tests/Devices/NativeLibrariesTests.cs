using StepDistill.Training.Devices;

namespace StepDistill.Training.Tests.Devices;

public sealed class NativeLibrariesTests
{
    [Fact]
    public void Tells_what_was_loaded_and_from_where()
    {
        var libraries = NativeLibraries.Look();

        Assert.True(libraries.Loaded, libraries.Fault);
        Assert.Null(libraries.Remedy);
        Assert.Contains(libraries.Files, path => Path.GetFileName(path).Contains("torch_cpu", StringComparison.Ordinal));
        Assert.All(libraries.Files, path => Assert.True(File.Exists(path), path));
        Assert.Matches(@"^2\.\d+", libraries.Versions["libtorch"]);
        Assert.Matches(@"^0\.\d+\.\d+", libraries.Versions["torchsharp"]);
    }

    [Fact]
    public void Tells_whether_the_library_was_adapted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only the library of Linux is adapted.");

        Assert.StartsWith("Adapted when built", NativeLibraries.Look().Adaptation, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_cut_off_is_noticed_before_it_is_loaded()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Libraries of other systems have another form.");
        var library = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        var half = Path.GetTempFileName();
        File.WriteAllBytes(half, File.ReadAllBytes(library)[..^1]);

        Assert.False(NativeLibraries.IsCutOff(library));
        Assert.True(NativeLibraries.IsCutOff(half));
        File.Delete(half);
    }

    [Theory]
    [InlineData("/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found", "GCC 11 or newer")]
    [InlineData("/lib/libc.so.6: version `GLIBC_2.34' not found", "glibc 2.34")]
    [InlineData("ld-linux-x86-64.so.2: cannot open shared object file", "Alpine")]
    [InlineData("libgomp.so.1: cannot open shared object file", "install its package")]
    [InlineData("something else", "dotnet build")]
    public void Knows_what_to_do_about_the_loader_s_message(string message, string advice) =>
        Assert.Contains(advice, NativeLibraries.RemedyFor(message), StringComparison.Ordinal);
}
