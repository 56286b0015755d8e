using StepDistill.Batches;
using StepDistill.Tests.Tokenizers;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Batches;

public sealed class PairEncoderTests
{
    private static readonly Tokenizer Tokenizer = TinyVocabulary.Tokenizer();

    [Fact]
    public void Texts_become_ids_with_an_end_mark_and_long_ones_lose_their_ends()
    {
        var encoder = new PairEncoder(Tokenizer, maxInputTokens: 3, maxTargetTokens: 2);
        var example = encoder.Encode(Row("1 1 1 1", "1 1 1 1", "a")).In(0, 0);

        Assert.Equal([.. Tokenizer.EncodeMarked("1 1 1 1")[..2], Tokenizer.EndId], example.Label.Source);
        Assert.Equal([Tokenizer.EncodeMarked("a")[0], Tokenizer.EndId], example.Rationale!.Target);
        Assert.Equal(1, encoder.CutTexts);
        Assert.Null(example.Label.Start ?? example.Rationale.Start);
    }

    [Fact]
    public void Where_the_decoder_marks_the_task_both_pairs_hold_one_and_the_same_source()
    {
        var start = DecoderMark.RationaleStart(Tokenizer);
        var row = new PairEncoder(Tokenizer, 10, 10, start).Encode(Row("ab", "ab", "a", "b", "a b"));

        Assert.Equal(3, row.Choices.Count);
        Assert.All(row.Choices, example =>
        {
            Assert.Same(example.Label.Source, example.Rationale!.Source);
            Assert.Same(row.Choices[0].Label, example.Label);
            Assert.Equal((null, start), (example.Label.Start, example.Rationale.Start));
            Assert.Equal(0.25, example.Weight);
        });
        Assert.Equal(3, row.Choices.Select(example => string.Join(' ', example.Rationale!.Target)).Distinct().Count());
    }

    [Fact]
    public void Prefixed_inputs_are_sources_of_their_own()
    {
        var example = new PairEncoder(Tokenizer, 10, 10).Encode(Row("a ab", "b ab", "a")).In(0, 0);
        Assert.NotEqual(example.Label.Source, example.Rationale!.Source);
    }

    private static TrainingRow Row(string source, string other, params string[] rationales) =>
        new([.. rationales.Select(rationale => new TrainingExample(
            "1", new TrainingPair(PairTask.Label, source, "a"), new TrainingPair(PairTask.Rationale, other, rationale), 0.25))]);
}
