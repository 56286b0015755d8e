using System.ClientModel;
using System.ClientModel.Primitives;
using Anthropic;
using Anthropic.Exceptions;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OllamaSharp.Models.Exceptions;
using OpenAI;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prices;
using StepDistill.Teachers.Requests;

namespace StepDistill.Cli.Teachers;

/// <summary>Makes the teacher that a recipe names, and the client of its provider.</summary>
internal static class TeacherClients
{
    private const string AnthropicAddress = "https://api.anthropic.com";

    private const string OllamaAddress = "http://localhost:11434";

    /// <summary>Longer than the teacher's own limit for one question, so that the teacher is the one that decides.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromHours(2);

    /// <summary>Opens the teacher. No server is spoken to, and no key looked for, before the first question.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="task">What a label is.</param>
    /// <param name="maxCost">Dollars that its questions may cost in all; null for no such limit.</param>
    /// <param name="cancellation">Stops the reading of recorded answers and demonstrations.</param>
    /// <exception cref="WrongUsageException">There is a limit of dollars, and nobody knows what the model costs.</exception>
    public static async Task<ITeacher> OpenAsync(Recipe recipe, TaskSpec task, decimal? maxCost, CancellationToken cancellation)
    {
        if (recipe.Teacher.Name == "recorded")
        {
            return await RecordedTeacher.OpenAsync(task, recipe.Teacher, cancellation: cancellation);
        }

        var price = PriceTable.Of(recipe.Teacher);
        if (maxCost is not null && price is null)
        {
            throw new WrongUsageException(
                $"What {recipe.Teacher.Model} costs at {recipe.Teacher.Endpoint ?? recipe.Teacher.Provider} is not known, so --max-cost cannot be kept. "
                + "Give its price in dollars for a million tokens, such as --set teacher.price.input=0.15 --set teacher.price.output=0.60, "
                + "or a file of prices as teacher.prices.");
        }

        var gate = ChatTeacher.GateOf(recipe.Teacher, maxCost: maxCost);
        return await ChatTeacher.OpenAsync(
            task, recipe.Teacher, () => Connect(recipe.Teacher, Http(gate)), Explain, gate: gate, price: price, cancellation: cancellation);
    }

    /// <summary>Opens a chat model that is asked freely. No server is spoken to before the first question.</summary>
    /// <param name="section">Whom to ask.</param>
    public static IChatClient OpenJudge(TeacherSection section)
    {
        var gate = ChatTeacher.GateOf(section);
        return new PatientChatClient(section, () => Connect(section, Http(gate)), Explain, gate);
    }

    /// <summary>Makes what requests are sent with; its replies' headers are heard by a gate, and no reply can tell the key.</summary>
    internal static HttpClient Http(RequestGate gate) =>
        new(new CredentialFilter(new RateHeaders(gate, TimeProvider.System))) { Timeout = Timeout };

    /// <summary>Makes a client of the provider that the section names. It does not retry: the teacher does.</summary>
    /// <exception cref="StepDistillException">A key is needed and missing.</exception>
    internal static IChatClient Connect(TeacherSection section, HttpClient http) => section.Provider switch
    {
        "ollama" => Ollama(section, http),
        "anthropic" => new AnthropicClient(new Anthropic.Core.ClientOptions
        {
            ApiKey = TeacherKeys.Find(section),
            BaseUrl = section.Endpoint ?? AnthropicAddress,     // otherwise an environment variable could name another
            HttpClient = http,
            MaxRetries = 0,
            Timeout = Timeout,
        }).AsIChatClient(section.Model!),
        _ => OpenAi(section, http).GetChatClient(section.Model).AsIChatClient(),
    };

    /// <summary>Makes a client of OpenAI's server, of Azure's, or of one that speaks the same protocol.</summary>
    /// <exception cref="StepDistillException">A key is needed and missing.</exception>
    internal static OpenAIClient OpenAi(TeacherSection section, HttpClient http) =>
        new(new ApiKeyCredential(TeacherKeys.Find(section)), new OpenAIClientOptions
        {
            Endpoint = section is { Provider: "azure", Endpoint: { } resource } ? AzureAddress(resource)
                : section.Endpoint is { } address ? new Uri(address)
                : null,
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),     // the teacher itself retries
            NetworkTimeout = Timeout,
            Transport = new HttpClientPipelineTransport(http),
        });

    /// <summary>Reads what the providers' own exceptions say. Anthropic's tell no headers; what those ask for, the gate has heard.</summary>
    internal static RequestFailure? Explain(Exception e) => e switch
    {
        ClientResultException { Status: > 0 } failure => new(failure.Status, RetryAfter(failure)),
        ClientResultException => new(null),
        AnthropicApiException failure => new((int)failure.StatusCode),
        AnthropicException => new(null),
        ResponseError or OllamaException => new(null),
        _ => null,
    };

    private static OllamaApiClient Ollama(TeacherSection section, HttpClient http)
    {
        http.BaseAddress = new Uri(section.Endpoint ?? OllamaAddress);
        return new OllamaApiClient(http, section.Model!);
    }

    /// <summary>The address below a resource's at which Azure speaks OpenAI's own protocol.</summary>
    private static Uri AzureAddress(string endpoint)
    {
        var address = endpoint.TrimEnd('/');
        return new(address.EndsWith("/openai/v1", StringComparison.OrdinalIgnoreCase) ? address : address + "/openai/v1");
    }

    private static TimeSpan? RetryAfter(ClientResultException failure) =>
        failure.GetRawResponse()?.Headers is { } headers
            ? RateNotice.RetryAfter(name => headers.TryGetValue(name, out var text) ? text : null, TimeProvider.System.GetUtcNow())
            : null;
}
