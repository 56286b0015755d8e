using StepDistill.Annotations.Filters;

namespace StepDistill.Tasks.Releases;

/// <summary>
/// Notices answers that stand beside the wrong rows: an answer shares more words with its own row than with the rows
/// before and after it.
/// </summary>
/// <remarks>
/// The release holds nothing but positions to match answers by, and equal counts do not show that both begin with the same
/// row. A single answer proves nothing; a mean over many does.
/// </remarks>
internal sealed class AnswerAlignment
{
    /// <summary>Rows below which a mean proves nothing.</summary>
    public const int MinRows = 50;

    /// <summary>Words of an answer that are looked at: what follows is made up by the teacher.</summary>
    private const int Words = 40;

    private HashSet<string>? _lastRow;
    private List<string>? _lastAnswer;
    private long _pairs;
    private double _own;
    private double _rowBefore;
    private double _rowAfter;

    /// <summary>Whether the answers are nearest to their own rows, as far as that can be told.</summary>
    public bool IsPlausible => _pairs < MinRows || (_own > _rowBefore && _own > _rowAfter);

    /// <summary>Adds the next row with its answer.</summary>
    public void Add(string row, string answer)
    {
        var text = PlainWords.Of(row).ToHashSet();
        var said = PlainWords.Of(answer.Length <= 1000 ? answer : answer[..1000]).Take(Words).Distinct().ToList();
        if (_lastRow is not null && _lastAnswer is not null)
        {
            _pairs++;
            _own += Share(said, text);
            _rowBefore += Share(said, _lastRow);
            _rowAfter += Share(_lastAnswer, text);
        }

        (_lastRow, _lastAnswer) = (text, said);
    }

    private static double Share(List<string> said, HashSet<string> row) =>
        said.Count == 0 ? 0 : (double)said.Count(row.Contains) / said.Count;
}
