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

    [Fact]
    public void A_library_is_cut_off_wherever_its_last_part_stands()
    {
        // Patched libraries have their table of sections before what was added: here there is none at all.
        var library = new byte[64 + 56 + 100];
        "\u007fELF"u8.CopyTo(library);
        library[32] = 64;           // where the table of parts is,
        library[54] = 56;           // how large an entry is,
        library[56] = 1;            // and how many there are
        library[64 + 8] = 120;      // the part's place
        library[64 + 32] = 100;     // and length
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, library);
            Assert.False(NativeLibraries.IsCutOff(path));

            for (var length = library.Length - 1; length >= 0; length--)
            {
                File.WriteAllBytes(path, library[..length]);
                Assert.True(NativeLibraries.IsCutOff(path), $"{length} bytes");
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void What_was_loaded_is_whole() =>
        Assert.DoesNotContain(NativeLibraries.Look().Files, NativeLibraries.IsCutOff);

    [Fact]
    public void An_installation_that_does_not_load_is_not_mended_by_building() => Assert.Equal(
        "See that python -c \"import torch\" works where STEPDISTILL_LIBTORCH points; if it does not, install PyTorch 2.10 again.",
        NativeLibraries.RemedyFor("libgomp.so.1: cannot open shared object file", Named("2.10.0")));

    [Fact]
    public void A_folder_that_cannot_be_used_is_told_and_nothing_is_thrown()
    {
        var before = Environment.GetEnvironmentVariable(LibtorchFolder.Variable);
        try
        {
            Environment.SetEnvironmentVariable(LibtorchFolder.Variable, "/no/such/folder");
            var libraries = NativeLibraries.Look();

            Assert.False(libraries.Loaded);
            Assert.Contains("STEPDISTILL_LIBTORCH names", libraries.Fault, StringComparison.Ordinal);
            Assert.Contains(libraries.Fault!, Assert.Throws<StepDistillException>(NativeLibraries.Require).Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(LibtorchFolder.Variable, before);
        }
    }

    [Fact]
    public void Two_libtorches_do_not_go_together()
    {
        var (fault, remedy) = NativeLibraries.Clash(brought: true, Named("2.10.0"), "/app/native")!.Value;

        Assert.Equal(
            "STEPDISTILL_LIBTORCH names /opt/torch, but this build brings a libtorch of its own, in /app/native, and one process can hold only one.",
            fault);
        Assert.Equal("Build with -p:TorchBackend=none to use the one that was named, or leave STEPDISTILL_LIBTORCH out.", remedy);
    }

    [Fact]
    public void One_libtorch_is_needed()
    {
        var (fault, remedy) = NativeLibraries.Clash(brought: false, existing: null, "/app/native")!.Value;

        Assert.Equal("This build brings no libtorch (-p:TorchBackend=none), and STEPDISTILL_LIBTORCH does not name one.", fault);
        Assert.Contains("Set STEPDISTILL_LIBTORCH to the folder of PyTorch 2.10", remedy, StringComparison.Ordinal);
        Assert.Equal(("Wrong.", "Right it."), NativeLibraries.Clash(
            brought: false, Named(version: null) with { Fault = "Wrong.", Remedy = "Right it." }, "/app/native"));
    }

    [Fact]
    public void One_libtorch_is_enough()
    {
        Assert.Null(NativeLibraries.Clash(brought: true, existing: null, "/app/native"));
        Assert.Null(NativeLibraries.Clash(brought: false, Named("2.10.0"), "/app/native"));
    }

    [Theory]
    [InlineData("/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found", "GCC 11 or newer")]
    [InlineData("/lib/libc.so.6: version `GLIBC_2.34' not found", "glibc 2.34")]
    [InlineData("ld-linux-x86-64.so.2: cannot open shared object file", "Alpine")]
    [InlineData("libgomp.so.1: cannot open shared object file", "install its package")]
    [InlineData("something else", "dotnet build")]
    public void Knows_what_to_do_about_the_loader_s_message(string message, string advice) =>
        Assert.Contains(advice, NativeLibraries.RemedyFor(message), StringComparison.Ordinal);

    private static LibtorchFolder Named(string? version) => new() { Named = "/opt/torch", NamedBy = LibtorchFolder.Variable, Version = version };
}
