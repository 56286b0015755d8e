using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Training.Checkpoints;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Checkpoints;

/// <summary>What a disk, a kill or a stranger may do to checkpoints.</summary>
public sealed partial class CheckpointFolderTests
{
    private static readonly string[] Files = ["model.safetensors", "optimizer.safetensors", "state.json"];

    [Fact]
    public void A_checkpoint_that_is_cut_short_anywhere_is_passed_over()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        place.Write(2);
        foreach (var file in Files)
        {
            var path = Path.Combine(place.Folder, "checkpoint-2", file);
            var bytes = File.ReadAllBytes(path);
            foreach (var length in (int[])[0, 1, 7, 8, 100, bytes.Length / 2, bytes.Length - 1])
            {
                File.WriteAllBytes(path, bytes[..length]);
                Assert.Equal(1, place.Restore().Step);
                Assert.Contains("checkpoint-2", Assert.Single(place.Damages), StringComparison.Ordinal);
            }

            File.Delete(path);
            Assert.Equal(1, place.Restore().Step);
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(2, place.Restore().Step);
    }

    [Fact]
    public void Any_changed_byte_of_a_state_is_seen_or_changes_nothing()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        place.Write(2);
        var path = Path.Combine(place.Folder, "checkpoint-2", "state.json");
        var whole = File.ReadAllBytes(path);
        var was = place.Restore();

        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Sample(
            (at, value) =>
            {
                var bytes = whole.ToArray();
                bytes[at] = value;
                File.WriteAllBytes(path, bytes);
                var state = place.Restore();
                return state.Step == 1 || (state.Step == 2 && state.Seconds == was.Seconds && state.Looks.SequenceEqual(was.Looks));
            },
            iter: 1000, threads: 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"state":null}""")]
    [InlineData("""{"state":{"step":2,"looks":null}}""")]
    [InlineData("""{"state":{"step":2,"looks":[null]}}""")]
    [InlineData("""{"state":{"step":2},"optimizer_steps":-1}""")]
    [InlineData("""{"state":{"step":2,"looks":[{"step":"many"}]}}""")]
    [InlineData("""{"state":{"step":2},"weights_sha256":7}""")]
    [InlineData("""{"state":{"step":1}}""")]
    public void A_state_that_says_nothing_usable_is_passed_over(string text)
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        place.Write(2);
        File.WriteAllText(Path.Combine(place.Folder, "checkpoint-2", "state.json"), text);

        Assert.Equal(1, place.Restore().Step);
        Assert.Single(place.Damages);
    }

    [Fact]
    public void No_garbage_in_the_place_of_a_state_is_worse_than_a_damaged_checkpoint()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        place.Write(2);
        var path = Path.Combine(place.Folder, "checkpoint-2", "state.json");
        var whole = File.ReadAllBytes(path);

        Gen.OneOf(Gen.Byte.Array[0, 300], Gen.String.Select(Encoding.UTF8.GetBytes), Gen.Int[0, whole.Length].Select(cut => whole[..cut])).Sample(
            bytes =>
            {
                File.WriteAllBytes(path, bytes);
                return place.Restore().Step == (bytes.AsSpan().SequenceEqual(whole) ? 2 : 1);
            },
            iter: 300, threads: 1);
    }

    [Fact]
    public void What_a_kill_leaves_is_cleared_away()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        Directory.CreateDirectory(Path.Combine(place.Folder, "checkpoint-3.tmp"));
        Directory.CreateDirectory(Path.Combine(place.Folder, "checkpoint-2.old.tmp"));
        Directory.CreateDirectory(Path.Combine(place.Folder, "checkpoint-1.old"));

        Assert.Equal(1, place.Restore().Step);

        Assert.Equal(["checkpoint-1"], place.Names());
    }

    [Fact]
    public void A_checkpoint_that_was_being_replaced_counts()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        place.Write(2);
        Directory.Move(Path.Combine(place.Folder, "checkpoint-2"), Path.Combine(place.Folder, "checkpoint-2.old"));

        Assert.Equal(2, place.Restore().Step);
    }

    [Fact]
    public void What_is_no_checkpoint_is_let_alone()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        string[] strangers = ["checkpoint-02", "checkpoint-2.bak", "checkpoint--2", "checkpoint-99999999999", "notes"];
        Array.ForEach(strangers, name => Directory.CreateDirectory(Path.Combine(place.Folder, name)));
        File.WriteAllText(Path.Combine(place.Folder, "checkpoint-7"), "a file");

        Assert.Equal(1, place.Restore().Step);
        place.Write(2);
        place.Write(3);

        Assert.Empty(place.Damages);
        Assert.Equal([.. strangers, "checkpoint-2", "checkpoint-3"], place.Names().OrderBy(name => Array.IndexOf([.. strangers, "checkpoint-2", "checkpoint-3"], name)));
    }

    [Fact]
    public void A_full_disk_is_told_and_leaves_the_earlier_checkpoint_and_no_half_of_the_next()
    {
        using var place = new TinyCheckpoints();
        using var disk = SmallDisk.Mount(place.Folder, kilobytes: 200);    // a checkpoint has 137
        place.Write(1);

        var fault = Assert.Throws<StepDistillException>(() => place.Write(2));

        Assert.StartsWith($"The checkpoint of step 2 could not be written to {place.Folder}/checkpoint-2: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Make room, then run the same command again", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["checkpoint-1"], place.Names());
        Assert.Equal(1, place.Restore().Step);
    }

    [Fact]
    public async Task A_disk_that_fills_beside_training_stops_it_with_the_message()
    {
        using var place = new TinyCheckpoints();
        using var disk = SmallDisk.Mount(place.Folder, kilobytes: 500);     // room for three
        using var process = ChildTraining.Start(place.Folder, steps: 30, ScalarType.Float32);

        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Contains("could not be written", said, StringComparison.Ordinal);
        Assert.Equal(1, process.ExitCode);
        Assert.True(place.Restore().Step > 2);
        Assert.Empty(place.Damages);
    }

    [Fact]
    public void Another_precision_is_refused_with_both_and_what_to_do()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);

        var fault = Assert.Throws<StepDistillException>(() => place.Restore(ScalarType.BFloat16));

        Assert.Contains("computes in float32, and this one would go on in bfloat16", fault.Message, StringComparison.Ordinal);
        Assert.Contains("--set training.precision=float32", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_does_not_say_its_precision_is_of_float32()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        var path = Path.Combine(place.Folder, "checkpoint-1", "state.json");
        var state = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        state.Remove("precision");
        state.Remove("state_sha256");
        File.WriteAllText(path, state.ToJsonString());

        Assert.Equal(1, place.Restore().Step);
        Assert.Throws<StepDistillException>(() => place.Restore(ScalarType.BFloat16));
    }

    [Fact]
    public void A_best_checkpoint_that_is_damaged_is_not_loaded()
    {
        using var place = new TinyCheckpoints();
        place.Write(1);
        var path = Path.Combine(place.Folder, "checkpoint-1", "model.safetensors");
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);

        var fault = Assert.Throws<StepDistillException>(() => new CheckpointFolder(place.Folder).LoadWeights(1, place.Network));

        Assert.Contains("The weights of step 1, the best of the run, are lost", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoints_at_multiples_are_kept_for_good_and_the_best_too()
    {
        using var place = new TinyCheckpoints { KeepEverySteps = 4 };
        for (var step = 1; step <= 10; step++)
        {
            place.Write(step, keep: 3);
        }

        Assert.Equal(["checkpoint-10", "checkpoint-3", "checkpoint-4", "checkpoint-8", "checkpoint-9"], place.Names());
    }

    [Fact]
    public void A_damaged_newer_checkpoint_takes_no_place_among_the_newest()
    {
        using var place = new TinyCheckpoints { Newest = 1 };
        place.Write(1);
        place.Write(9);
        place.Write(1);
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(place.Folder, "checkpoint-9")).FullName, "state.json"), "damaged");
        Assert.Equal(1, place.Restore().Step);

        place.Write(2);

        Assert.Equal(["checkpoint-2"], place.Names());
        Assert.Equal(2, place.Restore().Step);
    }

    /// <summary>Checkpoints of a tiny network, without a training.</summary>
    private sealed class TinyCheckpoints : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stepdistill-");
        private readonly AdamW _optimizer;

        public TinyCheckpoints() => _optimizer = new AdamW(Network.Memory, epsilonBeforeCorrection: true);

        public string Folder => _folder.FullName;

        public T5Network Network { get; } = T5Network.FromSeed(TinyTraining.Config, 7);

        public int Newest { get; init; } = 2;

        public int KeepEverySteps { get; init; }

        public List<string> Damages { get; } = [];

        public void Write(int step, int? keep = null) =>
            new CheckpointFolder(Folder) { Newest = Newest, KeepEverySteps = KeepEverySteps }.Write(
                CheckpointContent.Of(new TrainerState { Step = step, Seconds = step * 0.1, Looks = [new Look(step, 0.25)] }, Network, _optimizer), keep);

        public TrainerState Restore(ScalarType precision = ScalarType.Float32)
        {
            Damages.Clear();
            using var network = Network.In(precision);
            using var optimizer = new AdamW(network.Memory, epsilonBeforeCorrection: true);
            return new CheckpointFolder(Folder).Restore(network, optimizer, Damages.Add)!;
        }

        public IEnumerable<string> Names() => _folder.GetDirectories().Select(folder => folder.Name).Order(StringComparer.Ordinal);

        public void Dispose()
        {
            _optimizer.Dispose();
            Network.Dispose();
            _folder.Delete(recursive: true);
        }
    }

    /// <summary>A small file system in a folder, so that a disk can be full.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _folder;

        private SmallDisk(string folder) => _folder = folder;

        public static SmallDisk Mount(string folder, int kilobytes)
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux makes a file system in memory.");
            var said = Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", folder);
            Assert.SkipUnless(said is null, $"A small disk cannot be mounted here: {said}");
            return new SmallDisk(folder);
        }

        public void Dispose()
        {
            Array.ForEach(new DirectoryInfo(_folder).GetDirectories(), inside => inside.Delete(recursive: true));
            Run("umount", _folder);
        }

        /// <returns>What went wrong; null where nothing did.</returns>
        private static string? Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : said.Trim();
        }
    }
}
