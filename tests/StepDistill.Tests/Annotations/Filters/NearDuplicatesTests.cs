using CsCheck;
using StepDistill.Annotations.Filters;

namespace StepDistill.Tests.Annotations.Filters;

public sealed class NearDuplicatesTests
{
    private static readonly Gen<List<string>> Words = Gen.Int[0, 5000].Select(number => $"w{number}").List[1, 60];

    [Fact]
    public void The_same_words_are_found_however_they_are_written() => Words.Sample(words =>
    {
        var seen = new NearDuplicates();
        return !seen.Add(string.Join(' ', words)) && seen.Add(string.Join(", ", words.Select(word => word.ToUpperInvariant())) + "!");
    });

    [Fact]
    public void Texts_without_a_common_run_are_not_alike() => Gen.Select(Words, Words).Sample((one, other) =>
    {
        var seen = new NearDuplicates();
        seen.Add(string.Join(' ', one.Select(word => "x" + word)));
        return !seen.Add(string.Join(' ', other));
    });

    [Fact]
    public void The_estimate_follows_the_share_of_common_runs()
    {
        // Of 100 words in a row the last ones are changed: of 98 runs 96, and 60, stay the same.
        var (alike, unlike) = (0, 0);
        for (var text = 0; text < 200; text++)
        {
            var words = Enumerable.Range(0, 100).Select(i => $"w{text}x{i}").ToList();
            var seen = new NearDuplicates();
            seen.Add(string.Join(' ', words));
            alike += seen.Add(string.Join(' ', words.Take(98).Concat(["a", "b"]))) ? 1 : 0;
            unlike += seen.Add(string.Join(' ', words.Take(62).Concat(Enumerable.Range(0, 38).Select(i => $"other{i}")))) ? 1 : 0;
        }

        Assert.True(alike >= 198, $"{alike} of 200 texts with 96 % common runs were found");
        Assert.True(unlike <= 2, $"{unlike} of 200 texts with 44 % common runs were taken for the same");
    }

    [Fact]
    public void Short_texts_that_share_a_phrase_are_told_apart()
    {
        // Three of five runs are the same, 1,000 times over: 0.6, which an estimate from few hashes takes for 0.8 now and then.
        var seen = new NearDuplicates();
        var found = Enumerable.Range(0, 1000).Count(text => seen.Add($"it is so because of x{text}"));
        Assert.InRange(found, 0, 2);
    }

    [Fact]
    public void Only_the_newest_texts_are_remembered()
    {
        var seen = new NearDuplicates(capacity: 100);
        for (var text = 0; text < 1000; text++)
        {
            Assert.False(seen.Add($"text number {text} is here"));
        }

        Assert.True(seen.Add("text number 999 is here"));
        Assert.True(seen.Add("text number 901 is here"));
        Assert.False(seen.Add("text number 899 is here"));
    }

    [Fact]
    public void Signs_alone_are_nobodys_copy()
    {
        var seen = new NearDuplicates();

        Assert.False(seen.Add("…"));
        Assert.False(seen.Add("…"));
    }
}
