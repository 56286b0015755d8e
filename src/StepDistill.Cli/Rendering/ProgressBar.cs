using Spectre.Console;

namespace StepDistill.Cli.Rendering;

/// <summary>Shows progress as a bar that is drawn anew, with the time left.</summary>
internal sealed class ProgressBar(string title, ProgressContext context) : IProgress<Progress>
{
    private readonly ProgressTask _bar = context.AddTask(Markup.Escape(title));

    /// <inheritdoc/>
    public void Report(Progress value)
    {
        _bar.IsIndeterminate = value.Total <= 0;
        _bar.MaxValue = Math.Max(1, value.Total);
        _bar.Value = value.Done;
        _bar.Description = Markup.Escape(value.Detail.Length == 0 ? title : $"{title}: {value.Detail}");
    }
}
