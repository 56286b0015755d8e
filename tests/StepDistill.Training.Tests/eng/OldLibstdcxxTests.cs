using System.Reflection;
using System.Text;
using CsCheck;
using StepDistill.Build;
using StepDistill.Training.Devices;
using TorchSharp;

namespace StepDistill.Training.Tests.Eng;

/// <summary>What the build makes of TorchSharp's native library, checked on the package's own file with a reader of the test's own.</summary>
public sealed class OldLibstdcxxTests
{
    private static readonly byte[] Packaged = File.ReadAllBytes(PackagedLibrary());

    [Fact]
    public void The_packaged_library_asks_for_a_newer_libstdcxx()
    {
        var needs = new ElfVersions(Packaged);

        Assert.False(needs.IsWeak("GLIBCXX_3.4.32"));
        Assert.Equal(["_ZSt21ios_base_library_initv"], needs.SymbolsOf("GLIBCXX_3.4.32"));
    }

    [Fact]
    public void The_adapted_library_needs_nothing_of_the_newer_versions()
    {
        var needs = new ElfVersions(OldLibstdcxx.Adapt(Packaged));

        foreach (var version in (string[])["GLIBCXX_3.4.32", "GLIBCXX_3.4.30"])
        {
            Assert.True(needs.IsWeak(version));
            Assert.Empty(needs.SymbolsOf(version));
        }

        Assert.Contains("_ZSt18uncaught_exceptionv", needs.SymbolsOf("GLIBCXX_3.4"));
        Assert.Contains("_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", needs.SymbolsOf("GLIBCXX_3.4.11"));
        Assert.False(needs.IsWeak("GLIBCXX_3.4"));
    }

    [Fact]
    public void Adapting_changes_only_a_handful_of_bytes()
    {
        var adapted = OldLibstdcxx.Adapt(Packaged);

        Assert.Equal(Packaged.Length, adapted.Length);
        // Two flags, two version indexes and at most one name of 28 letters.
        Assert.InRange(Packaged.Zip(adapted).Count(pair => pair.First != pair.Second), 4, 2 + 4 + 28);
    }

    [Fact]
    public void Adapting_leaves_the_package_s_bytes_alone_and_is_the_same_every_time()
    {
        var before = Packaged.ToArray();

        Assert.Equal(OldLibstdcxx.Adapt(Packaged), OldLibstdcxx.Adapt(Packaged));
        Assert.Equal(before, Packaged);
    }

    [Fact]
    public void Adapting_twice_changes_nothing_more()
    {
        var once = OldLibstdcxx.Adapt(Packaged);

        Assert.Same(once, OldLibstdcxx.Adapt(once));
    }

    [Fact]
    public void A_library_without_the_need_stays_as_it_is()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library is Linux's.");
        var other = File.ReadAllBytes(NativeLibraries.Look().Files.Single(path => Path.GetFileName(path) == "libc10.so"));

        Assert.Same(other, OldLibstdcxx.Adapt(other));
    }

    [Theory]
    [InlineData("")]
    [InlineData("#!/bin/sh\nexit 1\n")]
    [InlineData("MZ this is a library of Windows, or says that it is one, and long enough to hold a header of ELF")]
    public void What_is_no_library_is_called_that(string content)
    {
        var error = Assert.Throws<InvalidDataException>(() => OldLibstdcxx.Adapt(Encoding.ASCII.GetBytes(content)));

        Assert.Contains("not a 64-bit little-endian ELF file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_cut_off_is_an_error_at_every_length() => Gen.Int[0, Packaged.Length - 1].Sample(
        length => Assert.Throws<InvalidDataException>(() => OldLibstdcxx.Adapt(Packaged[..length])), iter: 60);

    [Fact]
    public void A_damaged_library_is_an_error_or_is_adapted_but_nothing_else_happens()
    {
        // The header, the tables of sections and versions, and the start of the symbols: where numbers lead elsewhere.
        int[] places = [.. Enumerable.Range(0, 64), .. Enumerable.Range(0x3f8f0, 0x210), .. Enumerable.Range(0x249360, 31 * 64)];
        Gen.Select(Gen.Int[0, places.Length - 1].Select(i => places[i]), Gen.Byte).Sample(
            (place, value) =>
            {
                var damaged = Packaged.ToArray();
                damaged[place] = value;
                try
                {
                    Assert.Equal(damaged.Length, OldLibstdcxx.Adapt(damaged).Length);
                }
                catch (InvalidDataException error)
                {
                    Assert.NotEmpty(error.Message);
                }
            },
            iter: 300);
    }

    [Fact]
    public void A_further_use_of_the_newer_version_is_named()
    {
        var elf = new ElfVersions(Packaged);
        var changed = Packaged.ToArray();
        changed[elf.IndexPlaceOf("_ZSt28__throw_bad_array_new_lengthv")] = (byte)elf.IndexOf("GLIBCXX_3.4.32");

        var error = Assert.Throws<InvalidDataException>(() => OldLibstdcxx.Adapt(changed));

        Assert.Contains("_ZSt28__throw_bad_array_new_lengthv of GLIBCXX_3.4.32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_build_put_the_adapted_library_beside_this_test()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library is Linux's.");
        var copied = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

        Assert.Equal(OldLibstdcxx.Adapt(Packaged), File.ReadAllBytes(copied));
    }

    [Fact]
    public void Torch_loads_and_computes()
    {
        using var scope = torch.NewDisposeScope();
        var two = torch.tensor(new float[] { 1, 2, 3, 4 }, [2, 2]);

        Assert.Equal([7f, 10f, 15f, 22f], torch.matmul(two, two).data<float>().ToArray());
    }

    private static string PackagedLibrary() => Path.Combine(
        PackageRoot(), "torchsharp", VersionOf("torchsharp"), "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    /// <summary>The version that this test was built with: the one named in the application's list of dependencies.</summary>
    private static string VersionOf(string package)
    {
        var dependencies = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "StepDistill.Training.Tests.deps.json"));
        var start = dependencies.IndexOf($"\"{package}/", StringComparison.OrdinalIgnoreCase) + package.Length + 2;
        return dependencies[start..dependencies.IndexOf('"', start)];
    }

    private static string PackageRoot() => typeof(OldLibstdcxxTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "NuGetPackageRoot").Value!;

    /// <summary>The versions that a sound library needs, and the symbols of each.</summary>
    private sealed class ElfVersions
    {
        private readonly byte[] file;
        private readonly Dictionary<uint, (int Offset, int Size)> sections = [];
        private readonly int names;
        private readonly Dictionary<string, int> needs = [];

        public ElfVersions(byte[] file)
        {
            this.file = file;
            var table = (int)BitConverter.ToInt64(file, 40);
            foreach (var header in Enumerable.Range(0, BitConverter.ToUInt16(file, 60)).Select(i => table + i * 64))
            {
                sections[BitConverter.ToUInt32(file, header + 4)] =
                    ((int)BitConverter.ToInt64(file, header + 24), (int)BitConverter.ToInt64(file, header + 32));
                if (BitConverter.ToUInt32(file, header + 4) == 11)
                {
                    names = (int)BitConverter.ToInt64(file, table + BitConverter.ToInt32(file, header + 40) * 64 + 24);
                }
            }

            for (int entry = sections[0x6ffffffe].Offset, next = 1; next != 0; entry += next)
            {
                next = BitConverter.ToInt32(file, entry + 12);
                var version = entry + BitConverter.ToInt32(file, entry + 8);
                for (var left = BitConverter.ToUInt16(file, entry + 2); left > 0; left--)
                {
                    needs.TryAdd(Name(BitConverter.ToInt32(file, version + 8)), version);
                    version += BitConverter.ToInt32(file, version + 12);
                }
            }
        }

        public bool IsWeak(string version) => (BitConverter.ToUInt16(file, needs[version] + 4) & 2) != 0;

        public int IndexOf(string version) => BitConverter.ToUInt16(file, needs[version] + 6);

        public int IndexPlaceOf(string symbol) =>
            sections[0x6fffffff].Offset + 2 * Enumerable.Range(0, Count()).First(i => Symbol(i) == symbol);

        public List<string> SymbolsOf(string version) =>
        [
            .. from i in Enumerable.Range(0, Count())
               where BitConverter.ToUInt16(file, sections[0x6fffffff].Offset + 2 * i) == IndexOf(version)
               select Symbol(i),
        ];

        private int Count() => sections[11].Size / 24;

        private string Symbol(int i) => Name(BitConverter.ToInt32(file, sections[11].Offset + 24 * i));

        private string Name(int start) =>
            Encoding.ASCII.GetString(file, names + start, Array.IndexOf(file, (byte)0, names + start) - names - start);
    }
}
