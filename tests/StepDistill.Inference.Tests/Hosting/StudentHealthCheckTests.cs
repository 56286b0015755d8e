using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using StepDistill.Inference.Hosting;

namespace StepDistill.Inference.Tests.Hosting;

public sealed class StudentHealthCheckTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_student_that_answers_is_healthy_and_says_which_it_is()
    {
        using var host = Host(services =>
        {
            services.AddStudent("mood", options => options.Open = _ => new FakeStudent());
            services.AddHealthChecks().AddStudentCheck("mood", tags: ["ready"]);
        });

        var before = (await CheckAsync(host)).Entries["student:mood"];
        await host.StartAsync(Stop);
        var after = (await CheckAsync(host)).Entries["student:mood"];

        Assert.Equal(HealthStatus.Unhealthy, before.Status);
        Assert.Equal("The student 'mood' has not answered the host yet: it warms up while the host starts.", before.Description);
        Assert.Equal(HealthStatus.Healthy, after.Status);
        Assert.Equal("The student 'mood' answers: mood 0123456789ab.", after.Description);
        Assert.Equal(("mood", "0123456789ab", "mood", "float32"), (after.Data["name"], after.Data["version"], after.Data["task"], after.Data["precision"]));
        Assert.Equal(["ready"], after.Tags);
    }

    [Fact]
    public async Task A_student_that_fails_is_as_bad_as_the_application_says_and_well_again_when_it_answers()
    {
        var works = true;
        using var host = Host(services =>
        {
            services.AddStudent(options => options.Open = _ => new FakeStudent
            {
                Before = () =>
                {
                    if (!works)
                    {
                        throw new InvalidOperationException("Out of memory.");
                    }
                },
            });
            services.AddHealthChecks().AddStudentCheck(failureStatus: HealthStatus.Degraded);
        });
        await host.StartAsync(Stop);

        works = false;
        var ill = (await CheckAsync(host)).Entries["student"];
        works = true;
        var well = (await CheckAsync(host)).Entries["student"];

        Assert.Equal((HealthStatus.Degraded, "The student does not answer: Out of memory."), (ill.Status, ill.Description));
        Assert.IsType<InvalidOperationException>(ill.Exception);
        Assert.Equal(HealthStatus.Healthy, well.Status);
    }

    [Fact]
    public async Task A_student_that_need_not_warm_up_is_healthy_once_it_answers_the_check()
    {
        using var host = Host(services =>
        {
            services.AddStudent(options => (options.WarmUp, options.Open) = (false, _ => new FakeStudent()));
            services.AddHealthChecks().AddStudentCheck();
        });
        await host.StartAsync(Stop);

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
    }

    [Fact]
    public async Task A_check_for_a_student_that_was_never_added_says_so()
    {
        using var host = Host(services =>
        {
            services.AddStudent("mood", options => options.Open = _ => new FakeStudent());
            services.AddHealthChecks().AddStudentCheck("moods");
        });

        var error = await Assert.ThrowsAsync<StepDistillException>(() => CheckAsync(host));

        Assert.Equal(
            "The student 'moods' is to be checked and was never added; call services.AddStudent(\"moods\", …) or leave the check out.", error.Message);
    }

    private static Task<HealthReport> CheckAsync(IHost host) => host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop);

    private static IHost Host(Action<IServiceCollection> add)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        add(builder.Services);
        return builder.Build();
    }
}
