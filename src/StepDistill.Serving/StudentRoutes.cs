using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StepDistill.Inference;
using StepDistill.Serving.Chat;
using StepDistill.Serving.Http;
using StepDistill.Serving.Metrics;
using StepDistill.Serving.Page;
using StepDistill.Serving.Predicting;

namespace StepDistill.Serving;

/// <summary>Puts a student into an application of one's own: <see cref="AddStudent"/>, then <see cref="MapStudent"/>.</summary>
public static class StudentRoutes
{
    /// <summary>Adds a student, which is opened when the application starts and finishes what it was asked when that stops.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="settings">How to serve; where to listen is the application's own business.</param>
    /// <param name="open">Opens the student.</param>
    /// <param name="folder">The student's folder, whose manifest is watched; null where there is none to watch.</param>
    /// <exception cref="StepDistillException">The settings cannot be used.</exception>
    public static IServiceCollection AddStudent(
        this IServiceCollection services, ServeSettings settings, Func<IStudentClassifier> open, string? folder = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        services.AddSingleton(provider =>
        {
            var service = new StudentService(
                settings, open, folder, provider.GetRequiredService<ILogger<StudentService>>(), provider.GetService<TimeProvider>());
            provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(service.BeginStop);
            return service;
        });
        services.AddSingleton<Gate>();
        services.AddHostedService(provider => provider.GetRequiredService<StudentService>());
        return services;
    }

    /// <summary>Maps the endpoints, the page included.</summary>
    /// <param name="routes">Where; a group with a prefix serves too, but the page asks at the root.</param>
    /// <exception cref="InvalidOperationException"><see cref="AddStudent"/> was not called.</exception>
    public static IEndpointConventionBuilder MapStudent(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var service = routes.ServiceProvider.GetRequiredService<StudentService>();
        var gate = routes.ServiceProvider.GetRequiredService<Gate>();
        var group = routes.MapGroup("");
        MapQuestions(group, service, gate);
        MapFacts(group, service, gate);
        MapOperations(group, service, gate);
        return group;
    }

    private static void MapQuestions(RouteGroupBuilder group, StudentService service, Gate gate)
    {
        group.MapPost("/v1/predict", (Delegate)gate.Before("/v1/predict", Access.Key, FaultForm.Problem, new PredictEndpoint(service).AnswerAsync))
            .WithName("predict").WithSummary("Labels one input or several, with probabilities and, if wanted, reasons.")
            .Accepts<PredictRequest>("application/json").Produces<PredictResponse>()
            .Faults<Problem>("application/problem+json", 400, 401, 413, 415, 422, 429, 503);
        group.MapPost(
            "/v1/chat/completions",
            (Delegate)gate.Before("/v1/chat/completions", Access.Key, FaultForm.OpenAi, new ChatEndpoint(service).AnswerAsync))
            .WithName("chat").WithSummary("The same behind OpenAI's chat protocol, whole or streamed.")
            .Accepts<ChatRequest>("application/json").Produces<ChatCompletion>()
            .Faults<OpenAiFault>("application/json", 400, 401, 404, 413, 415, 422, 429, 503);
    }

    private static void MapFacts(RouteGroupBuilder group, StudentService service, Gate gate)
    {
        group.MapGet("/v1/models", (Delegate)gate.Before("/v1/models", Access.Key, FaultForm.OpenAi, http =>
        {
            using var lease = service.Rent();
            return Answers.WriteAsync(http, ModelList.Of(lease.Student.Description), WireJson.Default.ModelList);
        })).WithName("models").WithSummary("The student as a list of models.").Produces<ModelList>().Faults<OpenAiFault>("application/json", 401, 503);
        group.MapGet("/v1/student", (Delegate)gate.Before("/v1/student", Access.Key, FaultForm.Problem, http =>
        {
            using var lease = service.Rent();
            return Answers.WriteAsync(http, StudentFacts.Of(lease.Student.Description), WireJson.Default.StudentFacts);
        })).WithName("student").WithSummary("What the student is.").Produces<StudentFacts>().Faults<Problem>("application/problem+json", 401, 503);
        group.MapGet("/", (Delegate)gate.Before("/", Access.Everyone, FaultForm.Problem, StudentPage.AnswerAsync)).ExcludeFromDescription();
    }

    private static void MapOperations(RouteGroupBuilder group, StudentService service, Gate gate)
    {
        group.MapPost("/v1/admin/reload", (Delegate)gate.Before("/v1/admin/reload", Access.AdminKey, FaultForm.Problem, async http =>
        {
            var changed = await service.ReloadAsync(http.RequestAborted).ConfigureAwait(false);
            using var lease = service.Rent();
            await Answers.WriteAsync(http, new Reloaded(changed, StudentFacts.Of(lease.Student.Description)), WireJson.Default.Reloaded).ConfigureAwait(false);
        })).WithName("reload").WithSummary("Opens the student's folder again, and changes to what it holds.")
            .Produces<Reloaded>().Faults<Problem>("application/problem+json", 401, 403, 422);
        group.MapGet("/healthz", (Delegate)gate.Before("/healthz", Access.Everyone, FaultForm.Problem, http => State(http, service.IsHealthy, "healthy", "broken")))
            .WithName("healthz").WithSummary("Whether the process works.").Produces<string>(200, "text/plain").Produces<string>(503, "text/plain");
        group.MapGet("/readyz", (Delegate)gate.Before("/readyz", Access.Everyone, FaultForm.Problem, http => State(http, service.IsReady, "ready", "not ready")))
            .WithName("readyz").WithSummary("Whether questions are answered.").Produces<string>(200, "text/plain").Produces<string>(503, "text/plain");
        group.MapGet("/metrics", (Delegate)gate.Before("/metrics", Access.Key, FaultForm.Problem, http =>
            Answers.WriteAsync(http, System.Text.Encoding.UTF8.GetBytes(service.Metrics.Write()), PrometheusText.ContentType)))
            .WithName("metrics").WithSummary("Counters and times in Prometheus' text form.").Produces<string>(200, "text/plain");
    }

    private static Task State(HttpContext http, bool good, string well, string otherwise)
    {
        http.Response.StatusCode = good ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return Answers.WriteAsync(http, System.Text.Encoding.UTF8.GetBytes(good ? well : otherwise), "text/plain; charset=utf-8");
    }

    private static RouteHandlerBuilder Faults<T>(this RouteHandlerBuilder route, string contentType, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<T>(status, contentType);
        }

        return route;
    }
}
