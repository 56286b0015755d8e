using CsCheck;
using StepDistill.Training.Devices;
using TorchSharp;

namespace StepDistill.Training.Tests.Devices;

public sealed class LibtorchFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("libtorch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("site-packages")]
    [InlineData("site-packages/torch")]
    [InlineData("site-packages/torch/lib")]
    public void PyTorch_is_found_from_each_folder_that_one_would_name(string named)
    {
        Install("site-packages/torch", "torch", "torch_cpu", "c10");
        Write("site-packages/torch/version.py", "__version__ = '2.10.0+cpu'\n");

        var found = Look(named);

        Assert.Null(found.Fault);
        Assert.Null(found.Remedy);
        Assert.Equal("2.10.0+cpu", found.Version);
        Assert.Equal(
            ["c10", "torch_cpu", "torch"],
            found.Libraries.Select(path => Path.GetFileNameWithoutExtension(path).Replace("lib", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_libraries_for_GPUs_are_loaded_before_the_one_that_needs_them()
    {
        Install("torch", "torch", "torch_cuda", "torch_cpu", "c10", "c10_cuda", "shm", "torch_python");
        Write("torch/version.py", "__version__ = '2.10.0+cu128'");

        Assert.Equal(
            ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"],
            Look("torch").Libraries.Select(path => Path.GetFileNameWithoutExtension(path).Replace("lib", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("torch/version.py", "from typing import Optional\n\n__all__ = ['__version__', 'cuda']\n__version__ = '2.10.1+cu128'\ncuda: Optional[str] = '12.8'\n")]
    [InlineData("torch/version.py", "__version__: str = \"2.10.1+cu128\"\n")]
    [InlineData("torch/build-version", "2.10.1+cu128\n")]
    [InlineData("torch-2.10.1+cu128.dist-info/METADATA", "")]
    [InlineData("torch-2.10.1+cu128-py3.12.egg-info/PKG-INFO", "")]
    public void The_version_is_read_from_what_installations_leave(string file, string text)
    {
        Install("torch", "torch", "torch_cpu", "c10");
        Write(file, text);

        Assert.Equal("2.10.1+cu128", Look("torch").Version);
    }

    [Fact]
    public void Another_version_is_refused_with_both_named()
    {
        Install("torch", "torch", "torch_cpu", "c10");
        Write("torch/version.py", "__version__ = '2.11.0+cu130'");

        var found = Look("torch");

        Assert.Equal(
            $"The libtorch in {Path.Combine(_folder, "torch", "lib")}, which STEPDISTILL_LIBTORCH names, is 2.11.0+cu130;"
            + " TorchSharp was built for 2.10 and works with no other.",
            found.Fault);
        Assert.Equal(
            "Name an installation of PyTorch 2.10 (pip install \"torch==2.10.*\"), or leave STEPDISTILL_LIBTORCH out and build"
            + " without -p:TorchBackend=none.",
            found.Remedy);
    }

    [Theory]
    [InlineData("torch/version.py", "import os\nos.system('true')\n")]
    [InlineData("torch/version.py", "")]
    [InlineData("torch/build-version", "unknown")]
    [InlineData("torchvision-2.10.0.dist-info/METADATA", "")]
    public void A_version_that_is_not_told_is_refused(string file, string text)
    {
        Install("torch", "torch", "torch_cpu", "c10");
        Write(file, text);

        var found = Look("torch");

        Assert.Null(found.Version);
        Assert.Contains("is not known: neither version.py, build-version", found.Fault, StringComparison.Ordinal);
        Assert.Contains("must be of version 2.10", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_libtorch_is_refused()
    {
        var found = Look(".");

        Assert.Matches(@"^There is no (lib)?torch_cpu\.\w+ in .+, which STEPDISTILL_LIBTORCH names, nor in its lib or torch/lib\.$", found.Fault);
        Assert.Contains("torch.__path__[0]", found.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no\0path")]
    [InlineData("/proc/self/mem")]
    public void What_is_no_folder_is_refused(string named) =>
        Assert.Contains("which STEPDISTILL_LIBTORCH names", LibtorchFolder.Look(named, LibtorchFolder.Variable).Fault, StringComparison.Ordinal);

    [Theory]
    [InlineData("2.10", true)]
    [InlineData("2.10.0", true)]
    [InlineData("2.10.1+cu128", true)]
    [InlineData("2.10.0a0+git1234", true)]
    [InlineData("2.1.0", false)]
    [InlineData("2.100.0", false)]
    [InlineData("2.9.1+cpu", false)]
    [InlineData("12.10.0", false)]
    public void A_version_fits_whatever_its_patch(string version, bool fits) => Assert.Equal(fits, LibtorchFolder.Fits(version));

    [Fact]
    public void The_version_wanted_is_TorchSharp_s_own() => Assert.True(LibtorchFolder.Fits(torch.__version__), torch.__version__);

    [Fact]
    public void Whatever_stands_in_version_py_is_a_version_or_none() => Gen.String[0, 200].Sample(text =>
    {
        Write("torch/version.py", $"__version__ ={text}");

        Assert.DoesNotContain(LibtorchFolder.VersionOf(Path.Combine(_folder, "torch")) ?? "", char.IsWhiteSpace);
    }, iter: 200, threads: 1);

    private LibtorchFolder Look(string named) => LibtorchFolder.Look(Path.Combine(_folder, named), LibtorchFolder.Variable);

    private void Install(string home, params string[] libraries)
    {
        foreach (var name in libraries)
        {
            Write($"{home}/lib/{(OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so")}", "");
        }
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
