using StepDistill.Batches;
using StepDistill.Tests.Tokenizers;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Batches;

public sealed class DecoderMarkTests
{
    [Fact]
    public void A_rationale_starts_from_the_first_sentinel_which_is_the_last_id() =>
        Assert.Equal(TinyVocabulary.Pieces + 99, DecoderMark.RationaleStart(TinyVocabulary.Tokenizer()));

    [Fact]
    public void A_tokenizer_without_sentinels_is_refused_with_what_to_do()
    {
        var bare = new Tokenizer(TinyVocabulary.Model(), new SpecialNames { Sentinels = 0 });
        var fault = Assert.Throws<StepDistillException>(() => DecoderMark.RationaleStart(bare));
        Assert.Equal(
            "training.task_mark is decoder, and the student's tokenizer (12 ids) has no piece <extra_id_0>, from which a rationale "
            + "would start. Use a tokenizer with sentinels, as published T5 students have, or training.task_mark encoder.",
            fault.Message);
    }
}
