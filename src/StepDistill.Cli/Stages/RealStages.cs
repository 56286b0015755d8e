using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Cli.Stages;

/// <summary>The stages as the program uses them.</summary>
internal static class RealStages
{
    /// <summary>Joins the stages. Nothing native is loaded before a stage is used.</summary>
    public static StageSet Create() => new()
    {
        Teacher = Teacher,
        Train = (_, _, _) => throw new NotSupportedException("Training is not joined yet."),
        Student = (_, _) => throw new NotSupportedException("Students are not joined yet."),
        Input = Console.In,
    };

    private static ITeacher Teacher(Recipe recipe, TaskSpec task)
    {
        var format = recipe.Teacher.Format ?? task.ReplyFormat;
        return recipe.Teacher.Name == "recorded"
            ? new RecordedTeacher(task, format)
            : throw new NotSupportedException("Chat teachers are not joined yet.");
    }
}
