using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using StepDistill.Serving.Batching;

namespace StepDistill.Serving.Http;

/// <summary>Writes whole answers: JSON with its length, and faults in the form that the endpoint's clients expect.</summary>
internal static class Answers
{
    /// <summary>Writes an object.</summary>
    public static Task WriteAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type) =>
        WriteAsync(http, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json; charset=utf-8");

    /// <summary>Writes bytes.</summary>
    public static Task WriteAsync(HttpContext http, ReadOnlyMemory<byte> content, string contentType)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = content.Length;
        return http.Response.Body.WriteAsync(content, http.RequestAborted).AsTask();
    }

    /// <summary>Writes a fault; nothing where the answer has begun, which is then broken off.</summary>
    public static Task WriteAsync(HttpContext http, RequestFault fault, FaultForm form)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        http.Response.StatusCode = fault.Status;
        return form == FaultForm.OpenAi
            ? WriteAsync(http, JsonSerializer.SerializeToUtf8Bytes(new(new(fault.Message, OpenAiType(fault.Status), fault.Field, fault.Code)), WireJson.Default.OpenAiFault), "application/json; charset=utf-8")
            : WriteAsync(
                http,
                JsonSerializer.SerializeToUtf8Bytes(new Problem(Title(fault.Status), fault.Status, fault.Message, fault.Field), WireJson.Default.Problem),
                "application/problem+json");
    }

    /// <summary>What a refusal is to a client, and when to ask again.</summary>
    public static RequestFault Of(HttpContext http, RefusedException refused)
    {
        var seconds = Math.Clamp(Math.Ceiling(refused.RetryAfter.TotalSeconds), 1, 3600);
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (refused.Reason is Refusal.Stopping or Refusal.NotReady)
        {
            return new RequestFault(503, refused.Message, code: "not_ready");
        }

        // Clients of OpenAI's protocol understand this one too, and wait no longer than they must.
        http.Response.Headers["retry-after-ms"] = Math.Clamp(Math.Ceiling(refused.RetryAfter.TotalMilliseconds), 10, 3_600_000).ToString(CultureInfo.InvariantCulture);
        return new RequestFault(429, refused.Message, code: "rate_limit_exceeded");
    }

    private static string OpenAiType(int status) => status switch
    {
        401 or 403 => "authentication_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    private static string Title(int status) => status switch
    {
        400 => "The request is not understood.",
        401 => "A key is needed.",
        403 => "This is not allowed.",
        404 => "There is nothing here.",
        405 => "This method is not known here.",
        413 => "The request is too large.",
        415 => "The request has another type.",
        421 => "This server has another name.",
        422 => "The student cannot answer this.",
        429 => "Too much is asked.",
        503 => "Not now.",
        _ => "The request failed.",
    };
}
