using Microsoft.AspNetCore.Http;
using StepDistill.Inference;
using StepDistill.Serving.Hosting;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Chat;

/// <summary><c>POST /v1/chat/completions</c>: a student behind OpenAI's protocol, so that clients for it work unchanged.</summary>
/// <param name="service">The student and its queues.</param>
internal sealed class ChatEndpoint(StudentService service)
{
    private const int MaxDepth = 64;        // clients may describe tools at length; they are ignored

    /// <summary>Answers a request.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        var limits = service.Settings;
        var asked = await JsonBody.ReadAsync(http, limits.MaxBodyBytes, MaxDepth, body => ChatReading.Of(body, limits)).ConfigureAwait(false);
        using var lease = service.Rent();
        var student = lease.Student;
        RequireModel(student.Description, asked.Model);
        TokenLimit.Require(student, asked.Input, limits, "messages");
        var reply = new ChatReply(http.TraceIdentifier, service.Clock.GetUtcNow().ToUnixTimeSeconds(), student.Description);
        if (asked.Stream)
        {
            await StreamAsync(http, asked, lease, reply).ConfigureAwait(false);
            return;
        }

        var reasons = (asked.Reasons || asked.Form.HoldsRationale) && student.Description.GivesRationales;
        var answer = await AskAsync(http, asked, lease, reasons).ConfigureAwait(false);
        await Answers.WriteAsync(http, reply.Whole(student, answer, asked), WireJson.Default.ChatCompletion).ConfigureAwait(false);
    }

    /// <summary>The label comes first, though it is sent last: once it is there, nothing more can be refused.</summary>
    private async Task StreamAsync(HttpContext http, ChatReading asked, StudentLease lease, ChatReply reply)
    {
        var student = lease.Student;
        var gives = student.Description.GivesRationales;
        var streamed = asked.Reasons && !asked.Form.HoldsRationale && gives;
        if (streamed)
        {
            service.BeginStream();
        }

        try
        {
            var answer = await AskAsync(http, asked, lease, asked.Form.HoldsRationale && gives).ConfigureAwait(false);
            var stream = new ChatStream(http);
            await stream.SendAsync(reply.Piece(new("assistant", "", null))).ConfigureAwait(false);
            var reasons = streamed ? await SendReasonsAsync(http, asked, student, reply, stream).ConfigureAwait(false) : null;
            await stream.SendAsync(reply.Piece(
                new(null, ChatContent.Of(answer, asked.Form), null), ChatContent.Logprobs(answer, asked.TopLogprobs))).ConfigureAwait(false);
            await stream.SendAsync(reply.Piece(new(null, null, null), finish: "stop")).ConfigureAwait(false);
            if (asked.StreamUsage)
            {
                await stream.SendAsync(reply.Last(ChatContent.Usage(student, answer, reasons ?? answer.Rationale))).ConfigureAwait(false);
            }

            await stream.EndAsync().ConfigureAwait(false);
        }
        finally
        {
            if (streamed)
            {
                service.EndStream();
            }
        }
    }

    private static async Task<string> SendReasonsAsync(
        HttpContext http, ChatReading asked, IStudentClassifier student, ChatReply reply, ChatStream stream)
    {
        var all = new System.Text.StringBuilder();
        await foreach (var piece in student.ExplainAsync(new StudentQuestion(asked.Input), http.RequestAborted).ConfigureAwait(false))
        {
            all.Append(piece);
            await stream.SendAsync(reply.Piece(new(null, null, piece))).ConfigureAwait(false);
        }

        return all.ToString();
    }

    private async Task<StudentAnswer> AskAsync(HttpContext http, ChatReading asked, StudentLease lease, bool reasons)
    {
        var answers = await service
            .AskAsync(lease, [new StudentQuestion(asked.Input)], reasons, Patience.Of(http.Request), http.RequestAborted)
            .ConfigureAwait(false);
        return answers[0];
    }

    private static void RequireModel(StudentDescription student, string model)
    {
        if (!ModelList.Means(model, student))
        {
            throw new RequestFault(
                404, $"There is no model {JsonFields.Shown(model)} here; there is {student.Name} ({student.ModelId}, or simply {ModelList.Alias}).",
                "model", "model_not_found");
        }
    }
}
