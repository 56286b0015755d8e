using Microsoft.Extensions.Configuration;
using StepDistill.Inference.Hosting;

namespace StepDistill.Inference.Tests.Hosting;

public sealed class StudentSectionTests
{
    [Fact]
    public void Every_setting_is_read_whatever_the_case_of_its_key()
    {
        var options = new StudentOptions();
        new StudentSection("a", Section(("folder", "students/a"), ("Precision", "q8"), ("Threads", "3"), ("maxBatch", "64"), ("WARMUP", "False"))).Read(options);

        Assert.Equal(("students/a", "q8", 3, 64, false), (options.Folder, options.Precision, options.Threads, options.MaxBatch, options.WarmUp));
    }

    [Fact]
    public void What_is_not_said_keeps_its_default()
    {
        var options = new StudentOptions();
        new StudentSection("a", Section(("Folder", "students/a"))).Read(options);

        Assert.Equal(("auto", null, 32, true), (options.Precision, options.Threads, options.MaxBatch, options.WarmUp));
    }

    [Fact]
    public void What_cannot_be_read_is_told_with_its_place_and_what_was_expected()
    {
        var section = new StudentSection("a", Section(("Precison", "q8"), ("Threads", "many"), ("MaxBatch", "1e3"), ("WarmUp", "yes"), ("Folder:Path", "x")));

        Assert.Equal(
            [
                "Students:A:Folder is not a single value; it must be a folder's path.",
                "Students:A:MaxBatch is '1e3'; it must be a whole number.",
                "Students:A:Precison is no setting of a student; those are Folder, Precision, Threads, MaxBatch, WarmUp.",
                "Students:A:Threads is 'many'; it must be a whole number.",
                "Students:A:WarmUp is 'yes'; it must be true or false.",
            ],
            section.Validate("a", new StudentOptions()).Failures);
    }

    [Fact]
    public void A_section_that_is_not_there_is_told() => Assert.Equal(
        ["The student 'a': the configuration has no section 'Students:A'; it must be there and hold at least Folder."],
        new StudentSection("a", Section()).Validate("a", new StudentOptions()).Failures);

    [Fact]
    public void Other_students_options_are_not_its_concern() =>
        Assert.True(new StudentSection("a", Section()).Validate("b", new StudentOptions()).Skipped);

    private static IConfigurationSection Section(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create($"Students:A:{pair.Key}", (string?)pair.Value)))
        .Build().GetSection("Students:A");
}
