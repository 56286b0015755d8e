namespace StepDistill.Architecture.Tests;

/// <summary>What sources do not do, because a caller could not undo it or a test could not see it.</summary>
public sealed class SourceRuleTests
{
    /// <summary>A file that has outgrown one reading is split.</summary>
    private const int MaxLines = 700;

    private static readonly (string Words, string Instead)[] Nowhere =
    [
        ("DateTime.Now", "TimeProvider"),
        ("DateTime.UtcNow", "TimeProvider"),
        ("DateTimeOffset.Now", "TimeProvider"),
        ("DateTimeOffset.UtcNow", "TimeProvider"),
        ("Stopwatch.", "TimeProvider"),
        ("Random.Shared", "the recipe's seed"),
        ("new Random()", "the recipe's seed"),
        ("GC.Collect", "dispose scopes"),
        ("File.WriteAllText", "AtomicFile"),
        ("File.WriteAllBytes", "AtomicFile"),
        ("DataTable", "Equation"),
    ];

    private static readonly (string Words, string Instead)[] NotInLibraries =
    [
        ("Console.", "events, exceptions and results"),
        ("Environment.Exit", "exceptions"),
        ("Environment.FailFast", "exceptions"),
    ];

    [Fact]
    public void Time_chance_and_files_come_from_one_place() => Assert.Empty(Offences(Repository.Sources("src"), Nowhere));

    [Fact]
    public void Libraries_neither_print_nor_exit() => Assert.Empty(Offences(
        Repository.Sources("src").Where(source => !source.StartsWith("src/StepDistill.Cli/", StringComparison.Ordinal)),
        NotInLibraries));

    [Fact]
    public void No_file_has_outgrown_one_reading() => Assert.Empty(
        from source in Repository.Sources("src").Concat(Repository.Sources("tests"))
        let lines = File.ReadLines(Path.Combine(Repository.Root, source)).Count()
        where lines > MaxLines
        select $"{source} has {lines} lines; split it");

    [Fact]
    public void Lines_end_with_a_line_feed_only() => Assert.DoesNotContain(
        Repository.Sources("src").Concat(Repository.Sources("tests")),
        source => File.ReadAllText(Path.Combine(Repository.Root, source)).Contains('\r', StringComparison.Ordinal));

    [Fact]
    public void Warnings_are_switched_off_only_with_a_reason() => Assert.Empty(
        from source in Repository.Sources("src").Concat(Repository.Sources("tests"))
        from line in Repository.Lines(source)
        where line.Code.StartsWith("#pragma warning disable", StringComparison.Ordinal) && !line.Text.Contains("//", StringComparison.Ordinal)
        select $"{source}:{line.Number} gives no reason");

    private static IEnumerable<string> Offences(IEnumerable<string> sources, (string Words, string Instead)[] rules) =>
        from source in sources
        from line in Repository.Lines(source)
        from rule in rules
        where Repository.HasWords(line.Code, rule.Words)
        select $"{source}:{line.Number} uses {rule.Words}; use {rule.Instead}";
}
