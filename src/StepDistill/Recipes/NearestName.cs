namespace StepDistill.Recipes;

/// <summary>How far apart two names are, to suggest what a misspelt one may have meant.</summary>
internal static class NearestName
{
    /// <summary>Counts the letters to insert, delete or exchange to turn one name into the other (Levenshtein's distance).</summary>
    public static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var (diagonal, left) = (row[0], i + 1);
            row[0] = left;
            for (var j = 0; j < b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j + 1], left) + 1, diagonal + (a[i] == b[j] ? 0 : 1));
                (diagonal, row[j + 1], left) = (row[j + 1], cost, cost);
            }
        }

        return row[b.Length];
    }
}
