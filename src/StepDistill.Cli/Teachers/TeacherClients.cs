using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OllamaSharp.Models.Exceptions;
using OpenAI;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Requests;

namespace StepDistill.Cli.Teachers;

/// <summary>Makes the teacher that a recipe names. Keys come from environment variables only, and go nowhere but to the server.</summary>
internal static class TeacherClients
{
    private const string OllamaAddress = "http://localhost:11434";

    /// <summary>Longer than the teacher's own limit for one question, so that the teacher is the one that decides.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>Opens the teacher. No server is spoken to, and no key looked for, before the first question.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="task">What a label is.</param>
    /// <param name="cancellation">Stops the reading of recorded answers and demonstrations.</param>
    public static async Task<ITeacher> OpenAsync(Recipe recipe, TaskSpec task, CancellationToken cancellation)
    {
        if (recipe.Teacher.Name == "recorded")
        {
            return await RecordedTeacher.OpenAsync(task, recipe.Teacher, cancellation: cancellation);
        }

        var gate = ChatTeacher.GateOf(recipe.Teacher);
        return await ChatTeacher.OpenAsync(
            task, recipe.Teacher, () => Connect(recipe.Teacher, Http(gate)), Explain, gate: gate, cancellation: cancellation);
    }

    /// <summary>Makes what requests are sent with; its replies' headers are heard by a gate.</summary>
    internal static HttpClient Http(RequestGate gate) => new(new RateHeaders(gate, TimeProvider.System)) { Timeout = Timeout };

    /// <summary>Makes a client of the provider that the section names.</summary>
    /// <exception cref="StepDistillException">A key is needed and missing.</exception>
    internal static IChatClient Connect(TeacherSection section, HttpClient http)
    {
        if (section.Provider == "ollama")
        {
            http.BaseAddress = new Uri(section.Endpoint ?? OllamaAddress);
            return new OllamaApiClient(http, section.Model!);
        }

        return OpenAi(section, http).GetChatClient(section.Model).AsIChatClient();
    }

    /// <summary>Makes a client of OpenAI's server, or of one that speaks its protocol.</summary>
    /// <exception cref="StepDistillException">A key is needed and missing.</exception>
    internal static OpenAIClient OpenAi(TeacherSection section, HttpClient http) => new(
        new ApiKeyCredential(KeyOf(section)),
        new OpenAIClientOptions
        {
            Endpoint = section.Endpoint is { } address ? new Uri(address) : null,
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),     // the teacher itself retries
            NetworkTimeout = Timeout,
            Transport = new HttpClientPipelineTransport(http),
        });

    /// <summary>Reads what the providers' own exceptions say.</summary>
    internal static RequestFailure? Explain(Exception e) => e switch
    {
        ClientResultException { Status: > 0 } failure => new(failure.Status, RetryAfter(failure)),
        ClientResultException => new(null),
        ResponseError or OllamaException => new(null),
        _ => null,
    };

    private static string KeyOf(TeacherSection section)
    {
        if (Environment.GetEnvironmentVariable(section.KeyVariable) is { Length: > 0 } key)
        {
            return key.Trim();
        }

        // Servers of one's own seldom ask for a key, and the client wants some text.
        return section.Endpoint is not null ? "none" : throw new StepDistillException(
            $"The environment variable {section.KeyVariable} is not set, and OpenAI's server answers nobody without a key. Set it "
            + "(teacher.key_variable can name another), or give the address of a server of your own as teacher.endpoint.");
    }

    private static TimeSpan? RetryAfter(ClientResultException failure) =>
        failure.GetRawResponse()?.Headers is { } headers
            ? RateNotice.RetryAfter(name => headers.TryGetValue(name, out var text) ? text : null, TimeProvider.System.GetUtcNow())
            : null;
}
