using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Tests;

/// <summary>What goes wrong in practice, through the whole program: one clear message with what to do, exit code 1 or 2, nothing lost.</summary>
public sealed partial class CommandLineTests
{
    /// <summary>Settings that train the sample project in a moment: seven steps of a very small student.</summary>
    private static readonly string[] Tiny =
    [
        "--set", "training.max_steps=7", "--set", "evaluation.every_steps=2", "--set", "batches.batch_size=4",
        "--set", "evaluation.max_tokens=4", "--set", "student.tokenizer.train.vocabulary=100",
    ];

    [Theory]
    [InlineData("{ \"name\": ", "It is not JSON:", "line 1, column 11")]
    [InlineData("[]", "it must be an object in braces")]
    [InlineData("{ \"name\": \"x\", \"task\": { \"name\": \"nli\" }, \"trainng\": {} }", "did you mean training?")]
    public async Task An_unreadable_recipe(string text, params string[] expected)
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Words("run", folder.Write("recipe.jsonc", text), "--runs", folder["runs"], "--json");

        AssertClear(run, ExitCode.WrongUsage, [folder["recipe.jsonc"], .. expected]);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task A_folder_instead_of_a_recipe()
    {
        using var folder = new TemporaryFolder();

        AssertClear(await Run.Words("train", folder.Root, "--json"), ExitCode.WrongUsage, "It is a folder");
    }

    [Fact]
    public async Task A_missing_column()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        folder.Write("train.jsonl", """
            {"id":"a","input":"penguin","label":"swim"}
            {"id":"b","animal":"swift","label":"fly"}
            """);

        var run = await Run.Words("annotate", recipe, "--runs", folder["runs"], "--json");

        AssertClear(run, ExitCode.Failure, "train.jsonl", "line 2", "'input'", "'animal'");
    }

    [Fact]
    public async Task A_truncated_gzip()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        var whole = Pack(File.ReadAllText(folder["train.jsonl"]));
        File.WriteAllBytes(folder["train.jsonl.gz"], whole[..^12]);

        var run = await Run.Words(
            "annotate", recipe, "--runs", folder["runs"], "--json", "--set", $"task.train={folder["train.jsonl.gz"]}");

        AssertClear(run, ExitCode.Failure, "train.jsonl.gz");
    }

    [Fact]
    public async Task A_half_written_checkpoint()
    {
        using var folder = new TemporaryFolder();
        string[] words = ["train", await ProjectAsync(folder), "--runs", folder["runs"], .. Tiny, "--json"];
        var stopped = await StopAtAsync(5, words);
        Assert.Equal(ExitCode.Stopped, stopped.Code);
        var checkpoints = Directory.GetDirectories(folder["runs/project/step-by-step-1-seed0/checkpoints"], "checkpoint-*")
            .OrderByDescending(path => path, StringComparer.Ordinal).ToList();
        Assert.True(checkpoints.Count >= 2);

        // Torn as a disk leaves it: the newest first, then every one.
        Tear(Path.Combine(checkpoints[0], "model.safetensors"));
        var goesOn = await StopAtAsync(6, words);
        Assert.Contains("is damaged", goesOn.Error, StringComparison.Ordinal);
        foreach (var checkpoint in Directory.GetDirectories(Path.GetDirectoryName(checkpoints[0])!, "checkpoint-*"))
        {
            Tear(Path.Combine(checkpoint, "model.safetensors"));
        }

        var run = await Run.Words(words);
        AssertClear(run, ExitCode.Failure, "is damaged", "Delete the run's folder to train from the beginning");
        Assert.True(File.Exists(folder["runs/project/annotations.sqlite"]));
    }

    [Fact]
    public async Task A_tokenizer_that_does_not_fit_the_weights()
    {
        using var folder = new TemporaryFolder();
        var recipe = await ProjectAsync(folder);
        string[] words = ["train", recipe, "--runs", folder["runs"], .. Tiny, "--set", "training.max_steps=1"];
        Assert.Equal(ExitCode.Success, (await Run.Words(words)).Code);
        Directory.CreateDirectory(folder["runs/other"]);
        File.Copy(folder["runs/project/annotations.sqlite"], folder["runs/other/annotations.sqlite"]);
        var other = await Run.Words(
            [.. words, "--set", "name=other", "--set", "student.tokenizer.train.vocabulary=300"]);
        Assert.Equal(ExitCode.Success, other.Code);
        var student = folder["runs/project/step-by-step-1-seed0/student"];
        foreach (var file in Directory.GetFiles(folder["runs/other/step-by-step-1-seed0/student"])
            .Where(path => Path.GetFileName(path) is "spiece.model" or "tokenizer.json" or "tokenizer_config.json"))
        {
            File.Copy(file, Path.Combine(student, Path.GetFileName(file)), overwrite: true);
        }

        var run = await Run.Words("predict", student, "Where is my parcel?", "--json");

        AssertClear(run, ExitCode.Failure, "does not fit the weights", "Use the tokenizer that the weights were trained with");
    }

    [Fact]
    public async Task A_pickle_with_a_reduce_runs_nothing()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", """
            { "model_type": "t5", "d_model": 8, "num_heads": 2, "d_kv": 4, "d_ff": 16, "num_layers": 1, "vocab_size": 32,
              "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false }
            """);
        folder.Write("reference/inputs.json", """{ "input_ids": [[1]], "attention_mask": [[1]], "labels": [[1]] }""");
        var marker = folder["marker"];

        // Protocol 2: os.system("touch MARKER"), as torch.load would run it.
        var pickle = Encoding.ASCII.GetBytes($"cposix\nsystem\n(S'touch {marker}'\ntR.");
        using (var zip = ZipFile.Open(folder["pytorch_model.bin"], ZipArchiveMode.Create))
        {
            using var entry = zip.CreateEntry("archive/data.pkl", CompressionLevel.NoCompression).Open();
            entry.Write([0x80, 2, .. pickle]);
        }

        var run = await Run.Words("verify", folder.Root, "--against", folder["reference"], "--json");

        AssertClear(run, ExitCode.Failure, "pytorch_model.bin");
        Assert.False(File.Exists(marker));
    }

    [Fact]
    public async Task A_full_disk()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        folder.Write("train.jsonl", string.Concat(Enumerable.Range(0, 3000).Select(row =>
            $$"""{"id":"{{row}}","input":"bird {{row}}","label":"fly","rationale":"{{new string('x', 400)}}","teacher_label":"fly"}""" + "\n")));
        var disk = folder["disk"];
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Succeeds("mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", disk),
            "A small disk of its own cannot be mounted here.");
        try
        {
            var run = await Run.Words("annotate", recipe, "--runs", Path.Combine(disk, "runs"), "--json");
            AssertClear(run, ExitCode.Failure, "annotations.sqlite");
            Assert.Matches("(?i)full|space|room", run.Error);

            // What was acknowledged is still there, and more room is all that is missing.
            Assert.True(Succeeds("mount", "-o", "remount,size=20m", disk));
            var rest = await Run.Words("annotate", recipe, "--runs", Path.Combine(disk, "runs"), "--json");
            Assert.Equal(ExitCode.Success, rest.Code);
            Assert.Equal(3003, rest.Json["splits"]!.AsObject().Sum(split => split.Value!["rows"]!.GetValue<long>()));
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Succeeds("umount", disk);
        }
    }

    private static void AssertClear(Run run, int code, params string[] words)
    {
        Assert.Equal(code, run.Code);
        Assert.Equal(code, run.Json["exit_code"]!.GetValue<int>());
        var message = run.Json["error"]!.GetValue<string>();
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
        Assert.Contains(message, run.Error.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("fault of StepDistill", message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    private static async Task<string> ProjectAsync(TemporaryFolder folder)
    {
        var recipe = folder["project/recipe.jsonc"];
        Assert.Equal(ExitCode.Success, (await Run.Words("init", folder["project"])).Code);
        Assert.Equal(ExitCode.Success, (await Run.Words("annotate", recipe, "--runs", folder["runs"])).Code);
        return recipe;
    }

    /// <summary>Runs the program and presses Ctrl-C when training has done a step.</summary>
    private static async Task<Run> StopAtAsync(int step, string[] words)
    {
        using var stop = new CancellationTokenSource();
        var real = RealStages.Create();
        var stages = real with
        {
            Train = (recipe, progress, warn, cancellation) => real.Train(
                recipe,
                new Relay<Progress>(value =>
                {
                    progress.Report(value);
                    if (value.Done == step)
                    {
                        stop.Cancel();
                    }
                }),
                warn,
                cancellation),
        };
        return await Run.Words(stages, stop.Token, words);
    }

    private static void Tear(string file)
    {
        using var stream = File.OpenWrite(file);
        stream.SetLength(stream.Length / 2);
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static bool Succeeds(string program, params string[] words)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
