using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace StepDistill.Inference.Hosting;

/// <summary>Puts students among an application's health checks.</summary>
public static class StudentHealthExtensions
{
    /// <summary>
    /// Adds a check that asks a student a sentence: healthy when it has warmed up and answers. The result's data say its name,
    /// version, task and precision.
    /// </summary>
    /// <param name="builder">What <c>services.AddHealthChecks()</c> gives.</param>
    /// <param name="name">The name under which the student was added; null for the one without a name.</param>
    /// <param name="failureStatus">What a student that does not answer makes of the application. Default: unhealthy.</param>
    /// <param name="tags">Tags by which checks are chosen, such as <c>ready</c>.</param>
    /// <returns>The builder. The check is called <c>student</c>, or <c>student:NAME</c>.</returns>
    /// <remarks>The question is not counted by the student's meters. A check for a student that was not added throws when it runs.</remarks>
    public static IHealthChecksBuilder AddStudentCheck(
        this IHealthChecksBuilder builder, string? name = null, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null) =>
        builder.Add(new HealthCheckRegistration(
            string.IsNullOrEmpty(name) ? "student" : $"student:{name}",
            services => new StudentHealthCheck(services.GetKeyedService<HostedStudent>(name ?? "") ?? throw new StepDistillException(
                $"{StudentOptionsValidation.Who(name)} is to be checked and was never added; "
                + $"call services.AddStudent({(string.IsNullOrEmpty(name) ? "" : $"\"{name}\", ")}…) or leave the check out.")),
            failureStatus,
            tags));
}
