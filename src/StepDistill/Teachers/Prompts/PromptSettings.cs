using StepDistill.Recipes;

namespace StepDistill.Teachers.Prompts;

/// <summary>How a <see cref="PromptTemplate"/> asks, besides the format.</summary>
public sealed record PromptSettings
{
    /// <summary>Turns of a chat, or running text. Default: <see cref="PromptForm.Chat"/>.</summary>
    public PromptForm Form { get; init; } = PromptForm.Chat;

    /// <summary>Where the reasons stand. Default: <see cref="RationaleOrder.Before"/>.</summary>
    public RationaleOrder Rationale { get; init; } = RationaleOrder.Before;

    /// <summary>Text or JSON. Default: <see cref="ReplyOutput.Text"/>.</summary>
    public ReplyOutput Output { get; init; } = ReplyOutput.Text;

    /// <summary>Which demonstrations are shown. Default: <see cref="DemonstrationChoice.Fixed"/>.</summary>
    public DemonstrationChoice Choice { get; init; } = DemonstrationChoice.Fixed;

    /// <summary>How many demonstrations are shown; not looked at with <see cref="DemonstrationChoice.Fixed"/>, which shows all.</summary>
    public int Shown { get; init; }

    /// <summary>What <see cref="DemonstrationChoice.Random"/> draws by. Default: 0.</summary>
    public int Seed { get; init; }

    /// <summary>Reads what a recipe says.</summary>
    /// <param name="section">The section <c>teacher</c>, checked.</param>
    public static PromptSettings From(TeacherSection section) => new()
    {
        Form = Enum.Parse<PromptForm>(section.Form, ignoreCase: true),
        Rationale = section.Rationale switch
        {
            "before" => RationaleOrder.Before,
            "after" => RationaleOrder.After,
            "for-gold" => RationaleOrder.ForGold,
            var other => throw new ArgumentException($"teacher.rationale is '{other}'; it must be before, after or for-gold.", nameof(section)),
        },
        Output = Enum.Parse<ReplyOutput>(section.Output, ignoreCase: true),
        Choice = Enum.Parse<DemonstrationChoice>(section.DemonstrationChoice, ignoreCase: true),
        Shown = section.DemonstrationsShown ?? 0,
        Seed = section.DemonstrationSeed,
    };
}
