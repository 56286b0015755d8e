using Microsoft.Extensions.AI;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>A service that answers files of requests within a day, as OpenAI's batch interface does.</summary>
/// <remarks>
/// Calls are not tried again here; they throw what the client throws. Not safe for use by several threads at once.
/// </remarks>
public interface IBatchService : IDisposable
{
    /// <summary>Writes a request exactly as the online way would send it. Nothing is sent.</summary>
    /// <param name="messages">The prompt.</param>
    /// <param name="options">What goes with it.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>A JSON object in UTF-8, without line breaks.</returns>
    Task<ReadOnlyMemory<byte>> WriteAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellation = default);

    /// <summary>Reads a reply exactly as the online way would. Nothing is sent.</summary>
    /// <param name="messages">The prompt that is answered.</param>
    /// <param name="options">What went with it.</param>
    /// <param name="body">The reply's JSON.</param>
    /// <param name="cancellation">Stops.</param>
    Task<ChatResponse> ReadAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, string body, CancellationToken cancellation = default);

    /// <summary>Uploads a file of requests.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the service shall call it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The service's id of the file.</returns>
    Task<string> UploadAsync(string path, string name, CancellationToken cancellation = default);

    /// <summary>Makes a batch of an uploaded file.</summary>
    /// <param name="inputFile">The service's id of the file.</param>
    /// <param name="tag">Our own name for the batch; the service keeps it as metadata.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<BatchJob> CreateAsync(string inputFile, string tag, CancellationToken cancellation = default);

    /// <summary>Asks how far a batch is.</summary>
    /// <param name="id">The service's id of the batch.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<BatchJob> FindAsync(string id, CancellationToken cancellation = default);

    /// <summary>Lists the account's batches, newest first.</summary>
    /// <param name="cancellation">Gives up.</param>
    IAsyncEnumerable<BatchJob> ListAsync(CancellationToken cancellation = default);

    /// <summary>Opens a file of answers.</summary>
    /// <param name="file">The service's id of the file.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Stream> DownloadAsync(string file, CancellationToken cancellation = default);
}
