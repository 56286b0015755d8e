using System.Globalization;
using StepDistill.Batches;
using StepDistill.Files;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Prompts;

/// <summary>Chooses the demonstrations for each row; always the same ones for the same row.</summary>
/// <remarks>
/// A demonstration whose input is the row's own, white space aside, is never chosen: it would give the answer away.
/// Immutable, so safe for use by several threads at once.
/// </remarks>
internal sealed class DemonstrationChooser
{
    private readonly PromptSettings _settings;
    private readonly int[] _all;
    private readonly ulong[] _lots;
    private readonly InputSimilarity? _similarity;
    private readonly ILookup<string, int> _inputs;

    /// <summary>Prepares the choice.</summary>
    /// <param name="demonstrations">All demonstrations.</param>
    /// <param name="settings">Which of them are shown, and how many.</param>
    /// <exception cref="StepDistillException">More are to be shown than there are.</exception>
    public DemonstrationChooser(IReadOnlyList<Demonstration> demonstrations, PromptSettings settings)
    {
        _settings = settings;
        var isChosen = settings.Choice != DemonstrationChoice.Fixed;
        if (isChosen && settings.Shown > demonstrations.Count)
        {
            throw new StepDistillException(
                $"teacher.demonstrations_shown is {settings.Shown}, but the file of demonstrations holds only {demonstrations.Count}. "
                + "Write more, or show fewer.");
        }

        _all = [.. Enumerable.Range(0, demonstrations.Count)];
        var inputs = demonstrations.Select(demonstration => demonstration.Example.Input!).ToList();
        _inputs = _all.ToLookup(index => WhiteSpace.Collapse(inputs[index]), StringComparer.Ordinal);
        _similarity = settings.Choice == DemonstrationChoice.Nearest ? new InputSimilarity(inputs) : null;
        _lots = settings.Choice == DemonstrationChoice.Random ? [.. inputs.Select(input => Number("demonstration", input))] : [];
    }

    /// <summary>The places of the demonstrations to show, in the order in which they are shown.</summary>
    /// <param name="input">The row's input.</param>
    public IReadOnlyList<int> For(string input)
    {
        var own = _inputs[WhiteSpace.Collapse(input)];
        IReadOnlyList<int> others = own.Any() ? [.. _all.Except(own)] : _all;
        return _settings.Choice switch
        {
            DemonstrationChoice.Random => Drawn(others, input),
            DemonstrationChoice.Nearest => Nearest(others, input),
            _ => others,
        };
    }

    /// <summary>
    /// Each demonstration draws a lot with the row, from nothing but their inputs and the seed. So a demonstration more in
    /// the file changes only the prompts that it gets into, and only those rows are asked about anew.
    /// </summary>
    private int[] Drawn(IReadOnlyList<int> among, string input)
    {
        var row = Number("row", _settings.Seed.ToString(CultureInfo.InvariantCulture), input);
        return [.. among.OrderBy(index => new SplitMix64(row ^ _lots[index]).Next()).ThenBy(index => index).Take(_settings.Shown)];
    }

    private int[] Nearest(IReadOnlyList<int> among, string input)
    {
        var scores = _similarity!.ScoresFor(input);
        return [.. among.OrderByDescending(index => scores[index]).ThenBy(index => index).Take(_settings.Shown).Reverse()];
    }

    private static ulong Number(params IEnumerable<string> parts) => Convert.ToUInt64(ContentHash.Of(parts)[..16], 16);
}
