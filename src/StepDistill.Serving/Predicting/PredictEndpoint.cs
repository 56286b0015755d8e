using Microsoft.AspNetCore.Http;
using StepDistill.Inference;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Predicting;

/// <summary><c>POST /v1/predict</c>.</summary>
/// <param name="service">The student and its queues.</param>
internal sealed class PredictEndpoint(StudentService service)
{
    private const int MaxDepth = 8;

    /// <summary>Answers a request.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        var limits = service.Settings;
        var asked = await JsonBody.ReadAsync(http, limits.MaxBodyBytes, MaxDepth, body => PredictReading.Of(body, limits)).ConfigureAwait(false);
        using var lease = service.Rent();
        var student = lease.Student;
        RequireShort(student, asked);
        var answers = await service.AskAsync(
            lease, asked.Questions, asked.Rationale && student.Description.GivesRationales, Patience.Of(http.Request), http.RequestAborted)
            .ConfigureAwait(false);
        var who = new AnsweringStudent(student.Description.Name, student.Description.Version);
        var response = asked.IsMany
            ? new PredictResponse(null, [.. answers.Select(PredictAnswer.Of)], who)
            : new PredictResponse(PredictAnswer.Of(answers[0]), null, who);
        await Answers.WriteAsync(http, response, WireJson.Default.PredictResponse).ConfigureAwait(false);
    }

    private void RequireShort(IStudentClassifier student, PredictReading asked)
    {
        for (var i = 0; i < asked.Questions.Count; i++)
        {
            TokenLimit.Require(student, asked.Questions[i].Input, service.Settings, asked.IsMany ? $"inputs[{i}]" : "input");
        }
    }
}
