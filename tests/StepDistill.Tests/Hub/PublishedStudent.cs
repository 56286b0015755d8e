using StepDistill.Hub;
using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Tests.Runs;
using StepDistill.Tests.Students;

namespace StepDistill.Tests.Hub;

/// <summary>A student in a folder, a hub to push it to, and a client between them.</summary>
internal sealed class PublishedStudent : IDisposable
{
    public static HubName Name { get; } = new("owner/name");

    public TemporaryFolder Folder { get; } = new();

    public RepositoryHub Hub { get; } = new();

    public Waits Progress { get; } = new();

    public string Student => Folder["student"];

    public HubSettings Settings => new() { Endpoint = Hub.Address, CacheFolder = Folder["cache"], Token = RepositoryHub.Token };

    /// <summary>Everything in a folder, by path.</summary>
    public static IReadOnlyDictionary<string, byte[]> Content(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllBytes);

    /// <summary>Makes a student with random weights, and files of its own besides.</summary>
    public PublishedStudent Make(int seed, params (string Path, int Bytes)[] files)
    {
        Directory.CreateDirectory(Student);
        SampleStudent.Write(Student);
        var random = new Random(seed);
        var weights = new byte[20_000];
        random.NextBytes(weights);
        SafetensorsFile.Write(
            Path.Combine(Student, StudentFolder.WeightsName), [new WeightTensor("shared.weight", WeightType.F32, [5000])], (_, stream) => stream.Write(weights));
        foreach (var (path, bytes) in files)
        {
            var content = new byte[bytes];
            random.NextBytes(content);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Student, path))!);
            File.WriteAllBytes(Path.Combine(Student, path), content);
        }

        StudentFolder.Seal(Student, SampleStudent.Manifest);
        return this;
    }

    public async Task<HubPushed> PushAsync(HubPushSettings? settings = null, HubSettings? hub = null, CancellationToken? stop = null, IProgress<HubProgress>? progress = null)
    {
        using var client = new HubClient(hub ?? Settings, new HurriedClock());
        return await client.PushAsync(Student, Name, settings, progress ?? Progress, stop ?? TestContext.Current.CancellationToken);
    }

    public async Task<HubPulled> PullAsync(string folder = "pulled", HubName? name = null, CancellationToken? stop = null)
    {
        using var client = new HubClient(Settings, new HurriedClock());
        return await client.PullAsync(name ?? Name, Folder[folder], Progress, stop ?? TestContext.Current.CancellationToken);
    }

    public async Task<string> PushFailsAsync(HubPushSettings? settings = null, HubSettings? hub = null) =>
        (await Assert.ThrowsAnyAsync<StepDistillException>(() => PushAsync(settings, hub))).ToString();

    public async Task<string> PullFailsAsync(string folder = "pulled") =>
        (await Assert.ThrowsAnyAsync<StepDistillException>(() => PullAsync(folder))).Message;

    public void Dispose()
    {
        Hub.Dispose();
        Folder.Dispose();
    }
}
