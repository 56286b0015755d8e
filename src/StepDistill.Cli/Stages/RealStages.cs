using StepDistill.Cli.Teachers;

namespace StepDistill.Cli.Stages;

/// <summary>The stages as the program uses them.</summary>
internal static class RealStages
{
    /// <summary>Joins the stages. Nothing native is loaded before a stage is used.</summary>
    public static StageSet Create() => new()
    {
        Teacher = TeacherClients.OpenAsync,
        Train = (_, _, _) => throw new NotSupportedException("Training is not joined yet."),
        Student = (_, _) => throw new NotSupportedException("Students are not joined yet."),
        Input = Console.In,
    };
}
