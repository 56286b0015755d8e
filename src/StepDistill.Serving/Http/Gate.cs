using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using StepDistill.Serving.Batching;

namespace StepDistill.Serving.Http;

/// <summary>What stands before every endpoint: keys, headers, counting, and faults as answers.</summary>
internal sealed partial class Gate
{
    private readonly StudentService _service;
    private readonly ILogger _log;
    private readonly ApiKeys _keys;
    private readonly ApiKeys _adminKeys;

    /// <summary>Creates the gate of a service.</summary>
    public Gate(StudentService service, ILogger<Gate> log)
    {
        (_service, _log) = (service, log);
        _keys = new ApiKeys(service.Settings.Keys.Concat(service.Settings.AdminKeys));
        _adminKeys = new ApiKeys(service.Settings.AdminKeys);
    }

    /// <summary>Puts the gate before an endpoint.</summary>
    /// <param name="route">The route's pattern, for counting.</param>
    /// <param name="access">Who may pass.</param>
    /// <param name="form">The form of faults.</param>
    /// <param name="answer">The endpoint.</param>
    public Func<HttpContext, Task> Before(string route, Access access, FaultForm form, Func<HttpContext, Task> answer) => async http =>
    {
        var begun = _service.Clock.GetTimestamp();
        SecurityHeaders.AddTo(http.Response.Headers);
        try
        {
            Admit(http, access);
            await answer(http).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            if (!http.Response.HasStarted)
            {
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;     // for the count: nobody reads it
            }
        }
        catch (Exception e)
        {
            await Answers.WriteAsync(http, Fault(http, route, e), form).ConfigureAwait(false);
        }
        finally
        {
            _service.Meters.Answered(route, http.Response.StatusCode, _service.Clock.GetElapsedTime(begun));
        }
    };

    /// <summary>Stands before all endpoints of a server: gives a body to what the routes themselves refuse.</summary>
    public async Task AroundAsync(HttpContext http, RequestDelegate next)
    {
        SecurityHeaders.AddTo(http.Response.Headers);
        await next(http).ConfigureAwait(false);
        var status = http.Response.StatusCode;
        if (http.Response.HasStarted || http.Response.ContentLength is not null || status < 400)
        {
            return;
        }

        var said = status switch
        {
            404 => "There is no such endpoint. GET /openapi/v1.json lists all.",
            405 => "This endpoint has another method. GET /openapi/v1.json lists all.",
            415 => "The Content-Type must be application/json, in UTF-8.",
            _ => "The request is not understood.",
        };
        var form = http.Request.Path.StartsWithSegments("/v1/chat") ? FaultForm.OpenAi : FaultForm.Problem;
        await Answers.WriteAsync(http, new RequestFault(status, said), form).ConfigureAwait(false);
        _service.Meters.Answered("other", status, TimeSpan.Zero);
    }

    private void Admit(HttpContext http, Access access)
    {
        if (!_keys.Any && !_service.Settings.Open && !ServeSettings.IsLoopbackName(http.Request.Host.Host))
        {
            // A page from elsewhere whose name was made to mean this machine would otherwise ask in its visitor's name.
            throw new RequestFault(421, "This server has no keys and serves this machine only: call it localhost or 127.0.0.1.");
        }

        if (access == Access.AdminKey && !_adminKeys.Any)
        {
            throw new RequestFault(403, "There is no administrator's key, so nobody can do this by request. Set STEPDISTILL_SERVE_ADMIN_KEYS.");
        }

        var keys = access == Access.AdminKey ? _adminKeys : _keys;
        if (access != Access.Everyone && keys.Any && !keys.Knows(http.Request))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            throw new RequestFault(
                401, "The request shows no key that is known. Send Authorization: Bearer KEY, or X-Api-Key: KEY.", code: "invalid_api_key");
        }
    }

    private RequestFault Fault(HttpContext http, string route, Exception exception)
    {
        switch (exception)
        {
            case RequestFault fault:
                return fault;
            case RefusedException refused:
                return Answers.Of(http, refused);
            case BadHttpRequestException bad:
                return new RequestFault(bad.StatusCode, bad.StatusCode == 413 ? "The body is too large." : "The request is not whole.");
            case StepDistillException cannot:
                return new RequestFault(422, cannot.Message);
            case NotSupportedException:
                return new RequestFault(422, "The student was not trained to give reasons.", "rationale");
            default:
                LogFault(route, exception.GetType().Name);      // its message might quote what was asked
                LogTrace(exception);
                return new RequestFault(500, "The server failed at this. Its log names the fault.");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Route} failed with {Fault}.")]
    private partial void LogFault(string route, string fault);

    [LoggerMessage(Level = LogLevel.Trace, Message = "The fault, which may quote what was asked:")]
    private partial void LogTrace(Exception fault);
}
