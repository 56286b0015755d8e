using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace StepDistill.Inference.Hosting;

/// <summary>A student is healthy when it is warm, where it has to be, and an answer comes now.</summary>
/// <param name="student">The student.</param>
internal sealed class StudentHealthCheck(HostedStudent student) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var who = StudentOptionsValidation.Who(student.Name);
        var failed = context.Registration.FailureStatus;
        try
        {
            if (student.WarmsUp && !student.IsWarm)
            {
                return Task.FromResult(new HealthCheckResult(failed, $"{who} has not answered the host yet: it warms up while the host starts."));
            }

            student.Try(cancellationToken);
            var what = student.Student.Description;
            var data = new Dictionary<string, object>
            {
                ["name"] = what.Name,
                ["version"] = what.Version,
                ["task"] = what.Task,
                ["precision"] = what.Precision,
            };
            return Task.FromResult(HealthCheckResult.Healthy($"{who} answers: {what.Name} {what.Version}.", data));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Task.FromResult(new HealthCheckResult(failed, $"{who} does not answer: {e.Message}", e));
        }
    }
}
