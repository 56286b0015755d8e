using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using StepDistill.Annotations;
using StepDistill.Files;

namespace StepDistill.Tests.Annotations;

/// <summary>
/// A second process for tests of the store: this very test program, started with an environment variable that makes it
/// write annotations instead of running tests, and say on its output how many are acknowledged.
/// </summary>
internal static class StoreFiller
{
    public const int BatchSize = 7;
    private const string Variable = "STEPDISTILL_TEST_FILL_STORE";

    public static Process Start(string store, string series, int from, int batches)
    {
        var program = Path.ChangeExtension(typeof(StoreFiller).Assembly.Location, OperatingSystem.IsWindows() ? "exe" : null)!;
        return Process.Start(new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = $"{series}\n{from}\n{batches}\n{store}" },
        })!;
    }

    public static Annotation Row(string series, int number) => new()
    {
        Key = KeyOf($"{series}-{number}"),
        ExampleId = $"row-{number}",
        Teacher = series,
        Status = AnnotationStatus.Ok,
        Reply = new string((char)('a' + (number % 26)), 1 + (number % 900)),
        Label = $"{number}",
    };

    public static string KeyOf(string name) => ContentHash.Of(name);

    [ModuleInitializer]
    internal static void FillInsteadOfTesting()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n', 4) is [var series, var from, var batches, var path])
        {
            Environment.Exit(Fill(path, series, Number(from), Number(batches)));
        }

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }

    private static int Fill(string path, string series, int from, int batches)
    {
        try
        {
            using var store = SqliteAnnotationStore.Open(path);
            for (var batch = 0; batch < batches; batch++, from += BatchSize)
            {
                var rows = Enumerable.Range(from, BatchSize).Select(number => Row(series, number)).ToList();
                store.AddAsync(rows).GetAwaiter().GetResult();
                Console.Out.WriteLine(from + BatchSize);
                Console.Out.Flush();
            }

            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return 1;
        }
    }
}
