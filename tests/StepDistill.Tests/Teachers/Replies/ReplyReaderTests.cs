using System.Diagnostics;
using CsCheck;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Tests.Teachers.Replies;

public sealed class ReplyReaderTests
{
    private static readonly string[] Places = ["pond", "bus stop", "oak tree", "Kansas City", "u.s."];

    [Theory]
    [InlineData("Fish need water. So the answer is (a) pond.\n\nQ: What is", "pond", "Fish need water.")]
    [InlineData("Buses halt there. So the answer is (b) bus stop.", "bus stop", "Buses halt there.")]
    [InlineData("So the answer is (b) bus stop.", "bus stop", null)]
    public void Cqa_cot_names_a_choice_by_its_letter(string reply, string label, string? rationale) =>
        Reads("cqa", "cqa-cot", reply, label, rationale);

    [Theory]
    [InlineData("It halves. 84 / 2 = 42. The answer is (84 / 2).\n\nQ: There", "(84 / 2)", "It halves. 84 / 2 = 42.")]
    [InlineData("Frank read all. The answer is (249).", "(249)", "Frank read all.")]
    [InlineData("It is 11,210 / 84. The answer is (95 * 118) + (11,210 / 84).", "(95 * 118) + (11,210 / 84)", "It is 11,210 / 84.")]
    [InlineData("The answer is 84 / 2 = 42.", "84 / 2", null)]
    [InlineData("The answer is 42 points.", "42", null)]
    public void Svamp_cot_gives_an_equation_with_a_value(string reply, string label, string? rationale) =>
        Reads("svamp", "svamp-cot", reply, label, rationale);

    [Theory]
    [InlineData("Both name a dog. So the answer is entailment.\n\nPremise: A cat", "entailment", "Both name a dog.")]
    [InlineData("The answer is 71. So the answer is neutral.", "neutral", "The answer is 71.")]
    [InlineData("The answer is neutral. No: the answer is contradiction.", "contradiction", "The answer is neutral. No:")]
    [InlineData("Both differ. The answer is contradiction because of the year.", "contradiction", "Both differ.")]
    public void Anli_cot_ends_in_a_label(string reply, string label, string rationale) =>
        Reads("nli", "anli-cot", reply, label, rationale);

    [Theory]
    [InlineData("Dogs are animals.\nAnswer: entailment\n\nPremise: A cat", "entailment", "Dogs are animals.")]
    [InlineData("\nAnswer: neutral\n\nPremise: x\nHypothesis: y\nReasonings:\nAnswer: entail", "neutral", null)]
    public void Esnli_cot_has_its_label_on_a_line(string reply, string label, string? rationale) =>
        Reads("nli", "esnli-cot", reply, label, rationale);

    // The classes in which the reader leaves the paper's own parser; the extra test over the published answers names the same.

    [Theory]
    [InlineData("So the answer is either (c) oak tree or (a) pond.", "oak tree")]
    [InlineData("So the answer is (b) bus stop, (c) oak tree, or (a) pond.", "bus stop")]
    [InlineData("So the answer is either (c) or (d).", "oak tree")]
    public void TwoChoicesNamed_the_first_named_is_taken(string reply, string label) => Reads("cqa", "cqa-cot", reply, label, null);

    [Theory]
    [InlineData("So the answer is (a) bus stop.", "pond")]
    [InlineData("So the answer is (c) oaktree.", "oak tree")]
    public void LetterWins_over_a_text_that_is_another_choice_or_none(string reply, string label) =>
        Reads("cqa", "cqa-cot", reply, label, null);

    [Fact]
    public void FinalPeriodKept_where_the_choice_has_one() => Reads("cqa", "cqa-cot", "So the answer is (e) u.s.", "u.s.", null);

    [Theory]
    [InlineData("So the answer is (d) kansas city.", "Kansas City")]
    [InlineData("So the answer is (a) Pond.", "pond")]
    [InlineData("So the answer is kansas CITY.", "Kansas City")]
    public void CaseOfChoice_is_the_choices_own(string reply, string label) => Reads("cqa", "cqa-cot", reply, label, null);

    [Theory]
    [InlineData("It was born in 1989, so the answer is entailment.", "entailment", "It was born in 1989")]
    [InlineData("Since May is no summer month, the answer is neutral.\n\nPremise: x", "neutral", "Since May is no summer month")]
    [InlineData("It won. The answer is contradiction.", "contradiction", "It won.")]
    [InlineData("It won. SO, THE ANSWER IS neutral", "neutral", "It won.")]
    public void LowercaseMarker_announces_an_answer_too(string reply, string label, string rationale) =>
        Reads("nli", "anli-cot", reply, label, rationale);

    [Theory]
    [InlineData("A man eats.\nAnswer: entail", "entailment")]
    [InlineData("A man eats.\nAnswer: contradict", "contradiction")]
    [InlineData("A man eats.\nAnswer: neu", "neutral")]
    [InlineData("A man eats.\nAnswer: ne", null)]
    [InlineData("A man eats.\nAnswer: entail\n\nPremise: A", null)]
    [InlineData("A man eats.\nAnswer: entail\nPremise: A", null)]
    public void CutLabelPrefix_is_read_at_the_replys_end_from_three_letters_on(string reply, string? label) =>
        Reads("nli", "esnli-cot", reply, label, "A man eats.");

    [Theory]
    [InlineData("Each gets 4. The answer is (16 * 17) * 4.", "(16 * 17) * 4")]
    [InlineData("Each gets 4. The answer is ((170 - 78) + 31) - 78.\n\nQ: A", "((170 - 78) + 31) - 78")]
    public void OperatorsAfterParenthesis_belong_to_the_equation(string reply, string label) =>
        Reads("svamp", "svamp-cot", reply, label, "Each gets 4.");

    [Theory]
    [InlineData("The answer is (2 * x).")]
    [InlineData("The answer is (some - 8).")]
    [InlineData("The answer is 23 + x.")]
    [InlineData("The answer is (7x = 14).")]
    [InlineData("The answer is (175, 5).")]
    [InlineData("The answer is (3 / 0).")]
    [InlineData("The answer is 3 + 4 = 8.")]
    public void NoValue_is_no_label(string reply) => Reads("svamp", "svamp-cot", reply, null, null);

    [Theory]
    [InlineData("The answer is ((28 - 13) and (28 - 15)).")]
    [InlineData("The answer is (53 + 17) and (14 - 10).")]
    [InlineData("The answer is 3 or 4.")]
    public void TwoEquations_are_no_label(string reply) => Reads("svamp", "svamp-cot", reply, null, null);

    [Theory]
    [InlineData("cqa", "cqa-cot", "All hold water. So the answer is one of these four.")]
    [InlineData("cqa", "cqa-cot", "All hold water. So the answer is not (a).")]
    [InlineData("cqa", "cqa-cot", "All hold water. So the answer is (k) pool.")]
    [InlineData("svamp", "svamp-cot", "So Jake has 16 - 7 = 9 peaches.")]
    [InlineData("nli", "anli-cot", "So the hypothesis is false.")]
    [InlineData("nli", "anli-cot", "So the answer is analogy.")]
    [InlineData("nli", "anli-cot", "So the answer is neither neutral nor entailment.")]
    [InlineData("nli", "esnli-cot", "N/A\nAnswer: N/A\n\nPremise: x")]
    [InlineData("nli", "esnli-cot", "\nAnswer:\n\nPremise: x")]
    [InlineData("nli", "esnli-cot", "")]
    [InlineData("nli", "plain", " \n")]
    public void NoAnswer_is_unreadable_and_never_a_blank_label(string task, string format, string reply)
    {
        var read = ReplyReader.Read(Spec(task), format, Example(), reply);
        Assert.Equal((AnnotationStatus.Unreadable, null), (read.Status, read.Label));
        Assert.StartsWith("No label can be read: ", read.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nli", "esnli-cot", "The man is at home.\nAnswer: neutral\n\nPre", "neutral")]
    [InlineData("nli", "esnli-cot", "The man is at home.\nAnswer: neutral\n\n", "neutral")]
    [InlineData("nli", "anli-cot", "The man is at home. So the answer is contradiction.\n\nPremis", "contradiction")]
    [InlineData("svamp", "svamp-cot", "The man is at home. The answer is (150 - 120).\n\nQ", "(150 - 120)")]
    public void StopMarkerCut_is_no_part_of_the_label(string task, string format, string reply, string label) =>
        Reads(task, format, reply, label, "The man is at home.");

    [Fact]
    public void EmptyRationale_is_none() => Reads("nli", "esnli-cot", "\nAnswer: entailment\n\nPremise: x", "entailment", null);

    [Theory]
    [InlineData("svamp", "svamp-cot", "He has 491 left. The answer is ((491 - 21")]
    [InlineData("svamp", "svamp-cot", "32 sacks were not harvested. 32 sacks were not harvested. 3")]
    [InlineData("nli", "anli-cot", "The hypothesis is a part of the premise. So the answer is")]
    [InlineData("nli", "esnli-cot", "The boy is not sleeping.\nAnswer:")]
    [InlineData("nli", "esnli-cot", "The boy is not sleeping.\nAns")]
    [InlineData("nli", "esnli-cot", "The boy is not slee")]
    public void A_reply_that_ends_amid_a_sentence_before_its_label_is_truncated(string task, string format, string reply)
    {
        var read = ReplyReader.Read(Spec(task), format, Example(), reply);
        Assert.Equal((AnnotationStatus.Truncated, null), (read.Status, read.Label));
        Assert.StartsWith("The reply ends before its label: ", read.Fault, StringComparison.Ordinal);
        Assert.DoesNotContain("Ans", read.Rationale, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("svamp", "Twice 21 is 42. The answer is 4")]
    [InlineData("svamp", "Twice 21 is 42.\nSo she has 4")]
    [InlineData("own", "It is far. Answer: the old bri")]
    [InlineData("nli", """{"rationale": "Both", "lab""")]
    [InlineData("nli", "<think>This is hard")]
    [InlineData("nli", "")]
    public void What_may_go_on_is_truncated_where_the_provider_says_so(string task, string reply) => Assert.Equal(
        AnnotationStatus.Truncated, ReplyReader.Read(Spec(task), "plain", Example(), reply, hitTokenLimit: true).Status);

    [Theory]
    [InlineData("nli", "Both differ.\n\n**Answer:** neutral", "neutral", "Both differ.")]
    [InlineData("nli", "Rationale: Both differ. Hence the answer is contradiction", "contradiction", "Both differ.")]
    [InlineData("nli", "**Reasoning**: Both differ.\n\n**Final answer**: *contradiction*.", "contradiction", "Both differ.")]
    [InlineData("nli", "Both differ. The answer is (b)", "neutral", "Both differ.")]
    [InlineData("nli", "Both differ. The answer is (a) contradiction", "contradiction", "Both differ.")]
    [InlineData("nli", "Both differ.\n\nNeutral.", "neutral", "Both differ.")]
    [InlineData("nli", "neutral\n\nBoth differ.", "neutral", "Both differ.")]
    [InlineData("nli", "(c) contradiction", "contradiction", null)]
    [InlineData("nli", "Answer: entailment\n\nExplanation: Both agree.", "entailment", "Both agree.")]
    [InlineData("nli", "The answer is neutral. Both differ.", "neutral", "Both differ.")]
    [InlineData("nli", "Both agree. Therefore, the two stand in entailment.", "entailment", "Both agree. Therefore, the two stand in entailment.")]
    [InlineData("nli", "<think>neutral? no</think>\nBoth agree.\nAnswer: entailment", "entailment", "Both agree.")]
    [InlineData("nli", """{"rationale": "Both agree.", "label": "Entailment"}""", "entailment", "Both agree.")]
    [InlineData("nli", "Here it is:\n```json\n{\"label\": \"neutral\", \"rationale\": \"So far.\"}\n```", "neutral", "So far.")]
    [InlineData("cqa", "Fish swim. So the answer is (d)", "Kansas City", "Fish swim.")]
    [InlineData("cqa", "Fish swim. The answer is d.", "Kansas City", "Fish swim.")]
    [InlineData("cqa", "Fish swim. Hence the answer is Answer: (a) pond", "pond", "Fish swim.")]
    [InlineData("cqa", "Pond. Fish swim there.", "pond", "Fish swim there.")]
    [InlineData("cqa", "Answer: B", "bus stop", null)]
    [InlineData("cqa", "The correct answer is **C) oak tree**.", "oak tree", null)]
    [InlineData("cqa", """{"answer": "d", "explanation": null}""", "Kansas City", null)]
    [InlineData("svamp", "Rationale: 6 rows of 7. Answer: 42", "42", "6 rows of 7.")]
    [InlineData("svamp", "6 rows of 7.\n\nTherefore, she has 42 pens.", "42", "6 rows of 7.\n\nTherefore, she has 42 pens.")]
    [InlineData("svamp", "6 rows of 7. So she has 6 * 7 = 42 pens in 6 rows of 7. So she has 6 * 7 = 42 pens.", "42", null)]
    [InlineData("svamp", "6 rows of 7.\nFinal Answer: She has -42 pens now.", "-42", null)]
    [InlineData("svamp", "6 * 7 = 42", "6 * 7", null)]
    [InlineData("svamp", "6 rows of 7. The answer is $42.50!", "$42.50", "6 rows of 7.")]
    [InlineData("svamp", """{"reasoning": "6 rows of 7.", "answer": 42}""", "42", "6 rows of 7.")]
    [InlineData("own", "It is far.\nAnswer: the old\nbridge", "the old bridge", "It is far.")]
    [InlineData("own", "It is far.\nthe old bridge", "the old bridge", "It is far.")]
    public void Plain_reads_what_chat_models_write(string task, string reply, string label, string? rationale)
    {
        var read = ReplyReader.Read(Spec(task), "plain", Example(), reply);
        Assert.Equal((AnnotationStatus.Ok, label, null), (read.Status, read.Label, read.Fault));
        if (rationale is not null || task != "svamp")
        {
            Assert.Equal(rationale, read.Rationale);
        }
    }

    [Theory]
    [InlineData("nli", "The claim is true.")]
    [InlineData("nli", "This is not a contradiction.")]
    [InlineData("nli", "It is either neutral, or a contradiction.")]
    [InlineData("nli", """{"label": "perhaps"}""")]
    [InlineData("cqa", "Jane kept her fish in a pond near the bus stop.")]
    [InlineData("svamp", "She placed 84 pens in 6 rows.")]
    [InlineData("svamp", "So 7 pens cost 3/4.")]
    [InlineData("svamp", "Nobody knows.")]
    public void Plain_does_not_guess(string task, string reply) =>
        Assert.Equal(AnnotationStatus.Unreadable, ReplyReader.Read(Spec(task), "plain", Example(), reply).Status);

    [Fact]
    public void The_gold_label_is_not_looked_at() =>
        Assert.Equal("pond", ReplyReader.Read(Spec("cqa"), "cqa-cot", Example() with { Label = "oak tree" }, "So the answer is (a) pond.").Label);

    [Fact]
    public void An_unknown_format_is_told() => Assert.Contains(
        "must be cqa-cot, svamp-cot, anli-cot, esnli-cot, plain",
        Assert.Throws<ArgumentException>(() => ReplyReader.Read(Spec("nli"), "cot", Example(), "x")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Any_reply_gives_a_label_that_the_task_allows_or_a_reason() =>
        Gen.Select(
            Gen.Int[0, 3].Select(n => new[] { "nli", "cqa", "svamp", "own" }[n]),
            Gen.Int[0, ReplyReader.Formats.Count - 1].Select(n => ReplyReader.Formats[n]),
            Gen.OneOf(
                Gen.String,
                Gen.Int[0, Pieces.Length - 1].Array[0, 12].Select(pieces => string.Concat(pieces.Select(n => Pieces[n])))),
            Gen.Bool).Sample((name, format, text, limit) =>
        {
            var (task, example) = (Spec(name), Example());
            var read = ReplyReader.Read(task, format, example, text, limit);
            Assert.Equal(read.Status == AnnotationStatus.Ok, read.Label is not null);
            Assert.Equal(read.Status == AnnotationStatus.Ok, read.Fault is null);
            Assert.True(read.Rationale is null || !string.IsNullOrWhiteSpace(read.Rationale));
            if (read.Label is { } label)
            {
                Assert.Equal(label, task.Canonical(example, label));
            }
        }, iter: 30_000);

    [Fact]
    public void Time_grows_with_the_length_alone()
    {
        const int Length = 1 << 17;
        var watch = Stopwatch.StartNew();
        foreach (var piece in Pieces)
        {
            var text = string.Concat(Enumerable.Repeat(piece, Length / piece.Length));
            foreach (var name in (string[])["nli", "cqa", "svamp", "own"])
            {
                foreach (var format in ReplyReader.Formats)
                {
                    ReplyReader.Read(Spec(name), format, Example(), text);
                }
            }
        }

        // 840 readings of 128 KB take 3 s on a quiet core; in quadratic time one of them would take as long.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    private static readonly string[] Pieces =
    [
        "answer", "answer is ", "Answer: ", "The answer is (", "so ", "the ", "either ", " is", "\n", "\n\nQ:", "\n\nPremise:", "\n\nPre", "Q:",
        "(a) ", "(b)", "pond", "neutral", "entail", "contradiction ", "not ", "42", "1,234 ", "(", ")", " * ", "/", "-", "= ", "x", ". ", "*",
        "{", "}", "{\"label\": \"neutral\"}", "```", "<think>", "</think>", " ", "\ud800", "\0", "Rationale: ", "\\boxed{", "$",
    ];

    private static void Reads(string task, string format, string reply, string? label, string? rationale)
    {
        var read = ReplyReader.Read(Spec(task), format, Example(), reply);
        Assert.Equal((label, rationale), (read.Label, read.Rationale));
        Assert.Equal(label is not null, read.Status == AnnotationStatus.Ok);
    }

    private static TaskSpec Spec(string name) =>
        TaskSpec.From(new TaskSection { Name = name, Answer = name == "own" ? "text" : null });

    private static Example Example() => new() { Id = "1", Input = "Where?", Choices = Places };
}
