using StepDistill.Students;

namespace StepDistill.Tests.Students;

public sealed class StudentCardTests
{
    [Fact]
    public void The_card_says_what_the_student_does_and_how_it_was_made()
    {
        var card = StudentCard.Write(SampleStudent.Manifest, SampleStudent.Config);

        Assert.StartsWith("---\nlibrary_name: transformers\npipeline_tag: text2text-generation\ntags:\n", card, StringComparison.Ordinal);
        Assert.All(
            (string[])["# nli-tiny", "`yes`, `no`", "`{premise}</s>{hypothesis}`", "`predict: `", "`explain: `", "128 tokens", "random weights",
                "1,990 ok, 10 unreadable", "width 96, 3 + 3 blocks", "| validation.accuracy | 0.8125 |"],
            part => Assert.Contains(part, card, StringComparison.Ordinal));
        Assert.DoesNotContain("base_model", card, StringComparison.Ordinal);
        Assert.DoesNotContain("onnx", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Graphs_are_told_in_the_head() => Assert.Contains(
        "\n- distillation\n- onnx\n- transformers.js\n---\n",
        StudentCard.Write(SampleStudent.Manifest, SampleStudent.Config, hasGraphs: true),
        StringComparison.Ordinal);

    [Fact]
    public void The_head_is_of_keys_that_hubs_know()
    {
        var manifest = SampleStudent.Manifest with { Lineage = SampleStudent.Manifest.Lineage with { From = "google/t5-v1_1-base@main" } };
        var head = StudentCard.Write(manifest, SampleStudent.Config, hasGraphs: true).Split("---\n")[1];

        Assert.All(head.TrimEnd().Split('\n'), line => Assert.Matches(
            @"^(library_name: transformers|pipeline_tag: text2text-generation|tags:|- [a-z0-9.]+|base_model: ""google/t5-v1_1-base"")$", line));
    }

    [Theory]
    [InlineData("/home/me/weights")]
    [InlineData("./weights")]
    [InlineData("../a/b")]
    [InlineData("C:\\weights")]
    public void A_folder_is_no_base_model_on_a_hub(string from)
    {
        var card = StudentCard.Write(
            SampleStudent.Manifest with { Lineage = SampleStudent.Manifest.Lineage with { From = from } }, SampleStudent.Config);

        Assert.DoesNotContain("base_model", card, StringComparison.Ordinal);
        Assert.Contains($"- **From**: `{from}`", card, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rationale_that_the_decoder_s_first_id_asks_for_is_described_by_it()
    {
        var card = StudentCard.Write(
            SampleStudent.Manifest with { LabelPrefix = "", RationalePrefix = "", RationaleStart = 32099 }, SampleStudent.Config);

        Assert.Contains("- **Before an input, for a label**: nothing\n", card, StringComparison.Ordinal);
        Assert.Contains(
            "- **For a rationale**: the decoder starts from the id 32099 (`decoder_start_token_id`)\n", card, StringComparison.Ordinal);
        Assert.DoesNotContain("``", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Published_weights_are_named_in_the_head() => Assert.Contains(
        "base_model: \"google/t5-v1_1-base\"\n---",
        StudentCard.Write(
            SampleStudent.Manifest with { Lineage = SampleStudent.Manifest.Lineage with { From = "google/t5-v1_1-base" } }, SampleStudent.Config),
        StringComparison.Ordinal);

    [Fact]
    public void Text_of_others_cannot_break_out_of_its_line()
    {
        var card = StudentCard.Write(
            SampleStudent.Manifest with
            {
                Name = "a\n---\n<script>",
                Task = SampleStudent.Manifest.Task with { Labels = ["x`y`\n# z"] },
                Lineage = SampleStudent.Manifest.Lineage with { From = "a\"\nlicense: mit" },
            },
            SampleStudent.Config);

        Assert.DoesNotContain("\n<script>", card, StringComparison.Ordinal);
        Assert.DoesNotContain("\n# z", card, StringComparison.Ordinal);
        Assert.DoesNotContain("\nlicense", card, StringComparison.Ordinal);
        Assert.Equal(2, card.Split("\n---\n").Length);
    }
}
