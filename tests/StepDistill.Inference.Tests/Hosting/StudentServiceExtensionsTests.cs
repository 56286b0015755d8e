using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StepDistill.Inference.Hosting;
using StepDistill.Inference.Telemetry;
using StepDistill.Inference.Typed;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests.Hosting;

public sealed class StudentServiceExtensionsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private enum Mood
    {
        Good,
        Bad,
    }

    private enum Weather
    {
        Good,
        Foul,
    }

    [Fact]
    public async Task A_student_is_opened_warm_and_observed_when_the_host_has_started_and_disposed_once_with_it()
    {
        using var student = new FakeStudent();
        var opened = 0;
        using (var host = Host(services => services.AddStudent(options => options.Open = _ =>
        {
            opened++;
            return student;
        })))
        {
            Assert.Equal(0, opened);
            await host.StartAsync(Stop);
            Assert.Equal(1, opened);
            Assert.False(Assert.Single(student.Asked).WithRationales);

            var resolved = host.Services.GetRequiredService<IStudentClassifier>();
            Assert.IsType<ObservedStudent>(resolved);
            Assert.Same(resolved, host.Services.GetRequiredService<IStudentClassifier>());
            Assert.Equal("good", resolved.Classify([new("The sun shines.")], cancellation: Stop)[0].Label);
            Assert.Equal((1, 0), (opened, student.Disposals));
            await host.StopAsync(Stop);
        }

        Assert.Equal(1, student.Disposals);
    }

    [Fact]
    public async Task The_student_is_warm_before_any_other_service_starts()
    {
        using var student = new FakeStudent();
        var asked = -1;
        using var host = Host(services =>
        {
            services.AddHostedService(_ => new OnStart(() => asked = student.Asked.Count));
            services.AddStudent(options => options.Open = _ => student);
        });

        await host.StartAsync(Stop);

        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Without_warm_up_the_student_is_opened_when_first_needed()
    {
        using var student = new FakeStudent();
        using var host = Host(services => services.AddStudent(options => (options.WarmUp, options.Open) = (false, _ => student)));

        await host.StartAsync(Stop);
        Assert.Empty(student.Asked);

        host.Services.GetRequiredService<IStudentClassifier>().Classify([new("Rain.")], cancellation: Stop);
        Assert.Equal("Rain.", Assert.Single(student.Asked).Question.Input);
    }

    [Fact]
    public async Task A_student_of_choices_warms_up_with_choices()
    {
        using var student = new FakeStudent { Description = new("cqa", "1", "cqa", AnswerKind.Choice, [], 16, false, "float32") };
        using var host = Host(services => services.AddStudent(options => options.Open = _ => student));

        await host.StartAsync(Stop);

        Assert.Equal(2, Assert.Single(student.Asked).Question.Choices!.Count);
    }

    [Fact]
    public async Task Options_that_cannot_be_used_stop_the_host_at_its_start_and_all_of_them_are_told()
    {
        using var host = Host(services => services.AddStudent("tickets", options => (options.Folder, options.Precision) = ("nowhere", "fp16")));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Stop));

        Assert.Equal(2, error.Failures.Count());
        Assert.Contains("The student 'tickets': Precision is 'fp16'", error.Message, StringComparison.Ordinal);
        // A relative folder is looked for where the application's content is.
        Assert.Contains(Path.Combine(Path.GetTempPath(), "nowhere"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_are_checked_at_the_start_also_when_the_student_is_not_opened_then()
    {
        using var host = Host(services => services.AddStudent(options => (options.WarmUp, options.MaxBatch, options.Open) = (false, 0, _ => new FakeStudent())));

        Assert.Equal("The student: MaxBatch is 0; it must be at least 1.", (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Stop))).Message);
    }

    [Fact]
    public async Task Wrong_options_of_several_students_are_told_together()
    {
        using var host = Host(services => services.AddStudent("a", options => options.MaxBatch = 0).AddStudent("b", options => options.Threads = 0));

        var error = await Assert.ThrowsAsync<AggregateException>(() => host.StartAsync(Stop));

        Assert.Contains("The student 'a': MaxBatch", error.Message, StringComparison.Ordinal);
        Assert.Contains("The student 'b': Threads", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_student_that_only_warmed_up_is_disposed_too_and_not_opened_again()
    {
        using var student = new FakeStudent();
        HostedStudent hosted;
        using (var host = Host(services => services.AddStudent(options => options.Open = _ => student)))
        {
            await host.StartAsync(Stop);
            hosted = host.Services.GetRequiredKeyedService<HostedStudent>("");
        }

        Assert.Equal(1, student.Disposals);
        Assert.Throws<ObjectDisposedException>(() => hosted.Student);
    }

    [Fact]
    public async Task A_section_of_the_configuration_says_which_student_and_code_may_add_to_it()
    {
        StudentOptions? seen = null;
        var section = Configuration(("Students:Mood:Folder", "/students/mood"), ("Students:Mood:Threads", "2")).GetSection("Students:Mood");
        using var host = Host(services => services
            .AddStudent("mood", section)
            .Configure<StudentOptions>("mood", options => options.Open = chosen =>
            {
                seen = chosen;
                return new FakeStudent();
            }));

        await host.StartAsync(Stop);

        Assert.Equal(("/students/mood", 2), (seen!.Folder, seen.Threads));
    }

    [Fact]
    public async Task A_wrong_section_stops_the_host_at_its_start()
    {
        var section = Configuration(("Student:Folder", Path.GetTempPath()), ("Student:Treads", "2")).GetSection("Student");
        using var host = Host(services => services.AddStudent(section));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Stop));

        Assert.Equal("Student:Treads is no setting of a student; those are Folder, Precision, Threads, MaxBatch, WarmUp.", error.Message);
    }

    [Fact]
    public async Task A_student_that_cannot_be_opened_stops_the_host_with_its_own_words()
    {
        using var host = Host(services => services.AddStudent(options => options.Open = _ => throw new StepDistillException("No graph in the folder.")));

        Assert.Equal("No graph in the folder.", (await Assert.ThrowsAsync<StepDistillException>(() => host.StartAsync(Stop))).Message);
    }

    [Fact]
    public async Task A_folder_without_a_student_stops_the_host_and_is_named()
    {
        using var host = Host(services => services.AddStudent(options => options.Folder = AppContext.BaseDirectory));

        var error = await Assert.ThrowsAsync<StepDistillException>(() => host.StartAsync(Stop));

        Assert.Contains(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_opened_is_tried_again_when_asked_for_again()
    {
        using var student = new FakeStudent();
        var tries = 0;
        using var host = Host(services => services.AddStudent(options =>
            options.Open = _ => tries++ == 0 ? throw new StepDistillException("The folder is being copied.") : student));

        Assert.Throws<StepDistillException>(host.Services.GetRequiredService<IStudentClassifier>);
        Assert.Equal("mood", host.Services.GetRequiredService<IStudentClassifier>().Description.Name);
    }

    [Fact]
    public void A_container_without_a_host_will_do()
    {
        using var student = new FakeStudent();
        using (var services = new ServiceCollection().AddStudent<Mood>(options => options.Open = _ => student).BuildServiceProvider())
        {
            Assert.Equal(Mood.Bad, services.GetRequiredService<IStudentClassifier<Mood>>().Classify("Rain.", cancellation: Stop).Label);
        }

        Assert.Equal(1, student.Disposals);
    }

    [Fact]
    public void Two_students_need_two_names()
    {
        var services = new ServiceCollection();
        services.AddStudent(_ => { }).AddStudent("a", _ => { }).AddStudent("b", _ => { });

        Assert.Contains("give this one a name", Assert.Throws<StepDistillException>(() => services.AddStudent<Mood>(_ => { })).Message, StringComparison.Ordinal);
        Assert.Contains("named 'a'", Assert.Throws<StepDistillException>(() => services.AddStudent("a", _ => { })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => services.AddStudent(" ", _ => { }));
    }

    [Fact]
    public async Task Keyed_students_are_opened_once_and_answer_many_threads_each_for_itself()
    {
        const int Students = 4;
        var opened = new int[Students];
        using var host = Host(services =>
        {
            foreach (var number in Enumerable.Range(0, Students))
            {
                services.AddStudent($"student{number}", options => (options.WarmUp, options.Open) = (false, _ =>
                {
                    Interlocked.Increment(ref opened[number]);
                    Thread.Sleep(20);       // long enough for the other threads to come in at the door
                    return new FakeStudent { Label = question => $"{number}: {question.Input}" };
                }));
            }
        });
        using var start = new Barrier(16);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(thread => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(Stop);
                return Enumerable.Range(0, 100).Select(turn =>
                {
                    var number = (thread + turn) % Students;
                    var student = host.Services.GetRequiredKeyedService<IStudentClassifier>($"student{number}");
                    return student.Classify([new($"{thread}.{turn}")], cancellation: Stop)[0].Label == $"{number}: {thread}.{turn}";
                }).ToList();
            },
            Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.All(answers.SelectMany(list => list), Assert.True);
        Assert.All(opened, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Labels_of_a_typed_student_are_members_of_the_enum()
    {
        using var host = Host(services => services
            .AddStudent<Mood>(options => options.Open = _ => new FakeStudent())
            .AddStudent<Mood>("cloudy", options => options.Open = _ => new FakeStudent { Label = _ => "bad" }));
        await host.StartAsync(Stop);

        Assert.Equal(Mood.Good, host.Services.GetRequiredService<IStudentClassifier<Mood>>().Classify("The sun.", cancellation: Stop).Label);
        Assert.Equal(Mood.Bad, host.Services.GetRequiredKeyedService<IStudentClassifier<Mood>>("cloudy").Classify("The sun.", cancellation: Stop).Label);
        Assert.Same(
            host.Services.GetRequiredService<IStudentClassifier>(), host.Services.GetRequiredService<IStudentClassifier<Mood>>().Untyped);
    }

    [Fact]
    public async Task An_enum_that_does_not_fit_the_labels_stops_the_host_at_its_start()
    {
        var section = Configuration(("Student:Folder", "/students/mood")).GetSection("Student");
        using var host = Host(services => services
            .AddStudent<Weather>("w", section)
            .Configure<StudentOptions>("w", options => options.Open = _ => new FakeStudent()));

        Assert.Contains("Foul", (await Assert.ThrowsAsync<StepDistillException>(() => host.StartAsync(Stop))).Message, StringComparison.Ordinal);
    }

    private static IHost Host(Action<IServiceCollection> add)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = Path.GetTempPath() });
        add(builder.Services);
        return builder.Build();
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();

    private sealed class OnStart(Action start) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
