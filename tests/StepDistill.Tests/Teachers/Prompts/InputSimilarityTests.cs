using CsCheck;
using StepDistill.Teachers.Prompts;

namespace StepDistill.Tests.Teachers.Prompts;

public sealed class InputSimilarityTests
{
    [Fact]
    public void A_text_of_the_same_words_is_the_likest()
    {
        var scores = new InputSimilarity(["The dog barks.", "A cat sleeps.", "A dog and a cat play."]).ScoresFor("CAT sleeps!");
        Assert.Equal([1, 2, 0], Enumerable.Range(0, 3).OrderByDescending(text => scores[text]));
    }

    [Fact]
    public void Scores_are_those_of_the_formula()
    {
        // By hand, "a b" and "a c c": lengths 2 and 3, mean 2.5. "c" is in one text of two: ln(1 + (2 - 1 + 0.5) / (1 + 0.5)) =
        // 0.693147; twice in a text of 3: 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2.5)) = 1.301775.
        Assert.Equal([0, 0.902322], new InputSimilarity(["a b", "a c c"]).ScoresFor("c"));
    }

    [Fact]
    public void A_rare_word_counts_more_than_a_common_one()
    {
        var scores = new InputSimilarity(["the x", "the y", "the z", "rare z"]).ScoresFor("the rare");
        Assert.Equal(3, Array.IndexOf(scores, scores.Max()));
    }

    [Theory]
    [InlineData("Don't stop", "don|t|stop")]
    [InlineData("Größe 12kg", "größe|12kg")]
    [InlineData("天气很好 today", "天|气|很|好|today")]
    [InlineData("カナ", "カ|ナ")]
    [InlineData("a\ud800b", "a|b")]
    [InlineData(" \n!", "")]
    public void Words_are_letters_and_digits_and_ideographs_alone(string text, string words) =>
        Assert.Equal(words, string.Join('|', InputSimilarity.Words(text)));

    [Fact]
    public void Any_texts_have_finite_scores_of_at_least_nothing() =>
        Gen.Select(Gen.String.Array[0, 6], Gen.String).Sample((texts, input) =>
        {
            var scores = new InputSimilarity(texts).ScoresFor(input);
            Assert.Equal(texts.Length, scores.Length);
            Assert.All(scores, score => Assert.True(double.IsFinite(score) && score >= 0));
        });

    [Fact]
    public void No_text_is_liker_than_one_of_nothing_but_the_inputs_words_and_as_long()
    {
        var word = Gen.Int[0, 5].Select(n => $"w{n}");
        Gen.Select(word.Array[3], word.Array[3].Array[1, 5]).Sample((input, others) =>
        {
            var distinct = input.Distinct().Count() == 3 ? input : ["w0", "w1", "w2"];
            var texts = others.Select(text => string.Join(' ', text.Distinct().Concat(["x", "y"]).Take(3))).Append(string.Join(' ', distinct)).ToList();
            var scores = new InputSimilarity(texts).ScoresFor(string.Join(' ', distinct));
            Assert.Equal(scores.Max(), scores[^1]);
        });
    }
}
