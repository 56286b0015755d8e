// This file is compiled twice: by the build as an inline task (so it keeps to .NET Standard 2.0), and into the tests.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace StepDistill.Build
{
    /// <summary>Lets a shared library of 64-bit Linux load beside an older libstdc++ than it was linked with.</summary>
    /// <remarks>
    /// Works on the file's bytes alone and gives the same bytes everywhere. Format: System V ABI, "Symbol Table" and
    /// "Dynamic Linking"; Linux Standard Base, "Symbol Versioning". Why it is needed: docs/decisions/0002.
    /// </remarks>
    public static class OldLibstdcxx
    {
        private const int ElfHeaderSize = 64;
        private const int SectionHeaderSize = 64;
        private const int SymbolSize = 24;
        private const uint DynamicSymbols = 11;
        private const uint VersionNeeds = 0x6ffffffe;
        private const uint VersionIndexes = 0x6fffffff;
        private const int WeakFlag = 2;
        private const int HiddenBit = 0x8000;

        /// <summary>What newer headers ask for, and what older libraries have that does the same.</summary>
        private static readonly Substitution[] Substitutions =
        {
            // Never called: <iostream> of GCC 13 only names it, so that an older library is refused. Any function
            // without arguments that has always been there can stand in its place.
            new Substitution("_ZSt21ios_base_library_initv", "GLIBCXX_3.4.32", "_ZSt18uncaught_exceptionv", "GLIBCXX_3.4"),

            // std::condition_variable::wait(unique_lock&). The newer one differs in not being noexcept; every
            // libstdc++ since GCC 4.4 has the older one too.
            new Substitution(
                "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "GLIBCXX_3.4.30",
                "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "GLIBCXX_3.4.11"),
        };

        /// <summary>Makes the newest versions that a library asks of libstdc++ weak, and has older ones used in their place.</summary>
        /// <param name="library">The whole file.</param>
        /// <returns>A changed copy, or <paramref name="library"/> itself where there is nothing to change.</returns>
        /// <exception cref="InvalidDataException">
        /// The file is not a 64-bit little-endian ELF library, is damaged, or needs one of those versions for something
        /// that older libraries do not have.
        /// </exception>
        public static byte[] Adapt(byte[] library)
        {
            var adapted = (byte[])library.Clone();
            var file = new ElfFile(adapted);
            foreach (var substitution in Substitutions)
            {
                file.Apply(substitution);
            }

            return adapted.SequenceEqual(library) ? library : adapted;
        }

        private sealed class Substitution
        {
            public Substitution(string symbol, string version, string olderSymbol, string olderVersion)
            {
                Symbol = symbol;
                Version = version;
                OlderSymbol = olderSymbol;
                OlderVersion = olderVersion;
            }

            public string Symbol { get; }

            public string Version { get; }

            public string OlderSymbol { get; }

            public string OlderVersion { get; }
        }

        private readonly struct Section
        {
            public Section(long offset, long size, uint link)
            {
                Offset = offset;
                Size = size;
                Link = link;
            }

            public long Offset { get; }

            public long Size { get; }

            public uint Link { get; }
        }

        /// <summary>One version that the library needs of another: where its entry stands, and the index symbols use for it.</summary>
        private readonly struct Need
        {
            public Need(string name, long offset, int index)
            {
                Name = name;
                Offset = offset;
                Index = index;
            }

            public string Name { get; }

            public long Offset { get; }

            public int Index { get; }
        }

        private sealed class ElfFile
        {
            private readonly byte[] bytes;
            private readonly Section symbols;
            private readonly Section names;
            private readonly Section indexes;
            private readonly List<Need> needs;
            private readonly List<long> namesInUse = new List<long>();

            public ElfFile(byte[] bytes)
            {
                this.bytes = bytes;
                if (bytes.Length < ElfHeaderSize || U32(0) != 0x464c457f || bytes[4] != 2 || bytes[5] != 1)
                {
                    throw new InvalidDataException("it is not a 64-bit little-endian ELF file");
                }

                symbols = SectionOfType(DynamicSymbols) ?? throw Damaged("has no dynamic symbols");
                names = SectionAt(symbols.Link);
                var needed = SectionOfType(VersionNeeds);
                indexes = SectionOfType(VersionIndexes) ?? default;
                if (needed != null && indexes.Size / 2 < symbols.Size / SymbolSize)
                {
                    throw Damaged("has fewer version indexes than dynamic symbols");
                }

                needs = needed is Section section ? ReadNeeds(section) : new List<Need>();
            }

            public void Apply(Substitution substitution)
            {
                var newer = needs.Where(need => need.Name == substitution.Version).ToList();
                foreach (var need in newer)
                {
                    foreach (var symbol in SymbolsOfVersion(need.Index))
                    {
                        Replace(symbol, substitution);
                    }

                    bytes[need.Offset + 4] |= WeakFlag;
                }
            }

            private void Replace(long symbol, Substitution substitution)
            {
                var name = Text(U32(symbol * SymbolSize + symbols.Offset));
                if (name != substitution.Symbol)
                {
                    throw new InvalidDataException(
                        $"it needs {name} of {substitution.Version}, for which no older function is known");
                }

                var older = needs.Where(need => need.Name == substitution.OlderVersion).Select(need => need.Index).ToList();
                if (older.Count == 0)
                {
                    throw new InvalidDataException(
                        $"it needs nothing else of {substitution.OlderVersion}, so {name} cannot be pointed there");
                }

                SetU16(indexes.Offset + symbol * 2, older[0]);
                if (substitution.OlderSymbol != substitution.Symbol)
                {
                    Rename(symbol, name, substitution.OlderSymbol);
                }
            }

            /// <summary>Writes a shorter name over a symbol's own, which linkers may have let others share the end of.</summary>
            private void Rename(long symbol, string name, string newName)
            {
                var start = (long)U32(symbol * SymbolSize + symbols.Offset);
                var others = AllSymbols().Where(other => other != symbol)
                    .Select(other => (long)U32(other * SymbolSize + symbols.Offset)).Concat(namesInUse);
                if (newName.Length > name.Length || others.Any(other => other >= start && other <= start + name.Length))
                {
                    throw new InvalidDataException($"the name {name} cannot be overwritten by {newName}");
                }

                var padded = Encoding.ASCII.GetBytes(newName.PadRight(name.Length, '\0'));
                padded.CopyTo(bytes, names.Offset + start);
            }

            private IEnumerable<long> AllSymbols()
            {
                for (long symbol = 0; symbol < symbols.Size / SymbolSize; symbol++)
                {
                    yield return symbol;
                }
            }

            private List<long> SymbolsOfVersion(int index) => AllSymbols()
                .Where(symbol => (U16(indexes.Offset + symbol * 2) & ~HiddenBit) == index).ToList();

            /// <summary>Reads all version needs: a chain of files, each with a chain of versions.</summary>
            private List<Need> ReadNeeds(Section section)
            {
                var found = new List<Need>();
                long file = 0;
                while (true)
                {
                    var version = file;
                    var count = U16(At(section, file, 16) + 2);
                    namesInUse.Add(U32(section.Offset + file + 4));
                    version += U32(section.Offset + file + 8);
                    for (var i = 0; i < count; i++)
                    {
                        var at = At(section, version, 16);
                        namesInUse.Add(U32(at + 8));
                        found.Add(new Need(Text(U32(at + 8)), at, U16(at + 6) & ~HiddenBit));
                        version += U32(at + 12);
                    }

                    var next = U32(section.Offset + file + 12);
                    if (next == 0)
                    {
                        return found;
                    }

                    file += next;
                }
            }

            private Section? SectionOfType(uint type)
            {
                for (uint i = 0; i < U16(60); i++)
                {
                    if (U32(HeaderAt(i) + 4) == type)
                    {
                        return SectionAt(i);
                    }
                }

                return null;
            }

            private Section SectionAt(uint index)
            {
                var header = HeaderAt(index);
                var offset = U64(header + 24);
                var size = U64(header + 32);
                if (offset > (ulong)bytes.Length || size > (ulong)bytes.Length - offset)
                {
                    throw Damaged("is cut off");
                }

                return new Section((long)offset, (long)size, U32(header + 40));
            }

            private long HeaderAt(uint index)
            {
                var table = U64(40);
                if (index >= U16(60) || U16(58) != SectionHeaderSize || table > (ulong)bytes.Length)
                {
                    throw Damaged("has no usable table of sections");
                }

                return (long)table + index * SectionHeaderSize;
            }

            private string Text(uint start)
            {
                var end = start < names.Size
                    ? Array.IndexOf(bytes, (byte)0, (int)(names.Offset + start), (int)(names.Size - start)) : -1;
                return end < 0
                    ? throw Damaged("has a name that does not end")
                    : Encoding.ASCII.GetString(bytes, (int)(names.Offset + start), end - (int)(names.Offset + start));
            }

            private static long At(Section section, long offset, long size) => offset + size <= section.Size
                ? section.Offset + offset : throw Damaged("has a version need outside of its section");

            private int U16(long at) => BitConverter.ToUInt16(bytes, Checked(at, 2));

            private uint U32(long at) => BitConverter.ToUInt32(bytes, Checked(at, 4));

            private ulong U64(long at) => BitConverter.ToUInt64(bytes, Checked(at, 8));

            private void SetU16(long at, int value)
            {
                bytes[Checked(at, 2)] = (byte)value;
                bytes[at + 1] = (byte)(value >> 8);
            }

            private int Checked(long at, int size) =>
                at >= 0 && at + size <= bytes.Length ? (int)at : throw Damaged("is cut off");

            private static InvalidDataException Damaged(string how) => new InvalidDataException($"the ELF file {how}");
        }
    }

#if !STEPDISTILL_TESTS
    /// <summary>The build's task: writes an adapted copy of a library.</summary>
    public sealed class AdaptToOldLibstdcxx : Microsoft.Build.Utilities.Task
    {
        /// <summary>The library as its package holds it; never changed.</summary>
        [Microsoft.Build.Framework.Required]
        public string Library { get; set; } = "";

        /// <summary>Where the copy goes.</summary>
        [Microsoft.Build.Framework.Required]
        public string Copy { get; set; } = "";

        /// <inheritdoc />
        public override bool Execute()
        {
            try
            {
                var library = File.ReadAllBytes(Library);
                var adapted = OldLibstdcxx.Adapt(library);
                Directory.CreateDirectory(Path.GetDirectoryName(Copy)!);
                // Written whole and then renamed: the old copy may be linked into output folders and in use there.
                var temporary = Copy + "." + System.Diagnostics.Process.GetCurrentProcess().Id + ".tmp";
                File.WriteAllBytes(temporary, adapted);
                File.Delete(Copy);
                File.Move(temporary, Copy);
                Log.LogMessage(
                    ReferenceEquals(adapted, library) ? Microsoft.Build.Framework.MessageImportance.High : Microsoft.Build.Framework.MessageImportance.Normal,
                    ReferenceEquals(adapted, library)
                        ? "{0} loads beside an older libstdc++ as it is: eng/OldLibstdcxx.cs is no longer needed."
                        : "{0} was adapted to load beside an older libstdc++ (docs/decisions/0002-libtorch-on-older-linux.md).",
                    Library);
                return true;
            }
            catch (Exception e) when (e is IOException || e is InvalidDataException || e is UnauthorizedAccessException)
            {
                Log.LogError(
                    "{0} cannot be adapted to older Linux systems: {1}. Restore the packages anew (dotnet nuget locals"
                    + " all --clear), or build with -p:AdaptToOldLibstdcxx=false where the system's libstdc++ is of GCC 13"
                    + " or newer.", Library, e.Message.TrimEnd('.'));
                return false;
            }
        }
    }
#endif
}
