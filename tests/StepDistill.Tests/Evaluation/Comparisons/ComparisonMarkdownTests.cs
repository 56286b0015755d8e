using CsCheck;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonMarkdownTests
{
    private const string Finetune = Arms.Finetune;
    private const string StepByStep = Arms.StepByStep;

    [Fact]
    public void The_whole_page_reads_like_this()
    {
        var page = Page(
            new([Finetune, StepByStep], [1], [0, 1]),
            [
                Outcomes.Done(Finetune, 1, 0, 0.60), Outcomes.Done(StepByStep, 1, 0, 0.70),
                Outcomes.Done(Finetune, 1, 1, 0.34), Outcomes.Failed(StepByStep, 1, 1, "The loss is not a number.\nLower the rate."),
            ],
            new(Outcomes.Report("rule book", 0.8), IsSimulated: true, "It is wrong in 20 % of its answers."));

        Assert.Equal(
            """
            # birds: arms compared on 1,000 test rows

            On 1,000 test rows of the task birds, with 1 seed and all 9,000 training rows, **step-by-step is ahead of finetune by 10.0 points** (95 % interval 7.6 to 12.4). The student does not reach the teacher: −10.0 points (−12.4 to −7.6).

            Keep in mind:

            - The teacher is **simulated** (rule book): a program that plays a language model. It is wrong in 20 % of its answers. These numbers show how the method behaves on this task, not what a real teacher would give.
            - **1 of 4 runs failed** and counts in no mean; the reasons are below.
            - **1 of 3 students is stuck**: not told from giving every row the same answer (33.4 %). A mean over stuck and other seeds describes neither; look at the single runs.
            - No control was trained: without students that learn from shuffled reasons (the arm shuffled-rows) nobody can say whether the reasons themselves matter.
            - Where only one seed is left: an interval speaks of these very students and leaves out how much another seed would change. Three seeds or more say something about the method.
            - Two seeds say next to nothing about how much seeds matter, so their intervals are very wide. Three narrow them by more than two thirds.

            ## Accuracy

            | training rows | arm                           | accuracy |  95 % interval |        seeds | lowest | highest |   sd |  stuck | macro-F1 |
            | ------------: | ----------------------------- | -------: | -------------: | -----------: | -----: | ------: | ---: | -----: | -------: |
            | 9,000 (100 %) | finetune                      |   47.0 % | 0.0 to 100.0 % |            2 | 34.0 % |  60.0 % | 18.4 | 1 of 2 |   47.0 % |
            | 9,000 (100 %) | step-by-step                  |   70.0 % | 67.2 to 72.8 % | 1 (1 failed) | 70.0 % |  70.0 % |    – |      – |   70.0 % |
            |             – | simulated teacher (rule book) |   80.0 % | 77.4 to 82.4 % |            – |      – |       – |    – |      – |        – |
            |             – | without reading the input     |   33.4 % |              – |            – |      – |       – |    – |      – |        – |

            ## Differences, in points

            | training rows | arm          | against  | difference |    95 % interval |       p | corrected p | told apart      | these students | McNemar p | seeds ahead | detectable |
            | ------------: | ------------ | -------- | ---------: | ---------------: | ------: | ----------: | --------------- | -------------: | --------: | ----------: | ---------: |
            |         100 % | step-by-step | finetune |      +10.0 |    +7.6 to +12.4 | < 0.001 |     < 0.001 | yes             |  +7.6 to +12.4 |   < 0.001 |      1 of 1 |        3.4 |
            |         100 % | finetune     | teacher  |      −33.0 | −100.0 to +100.0 |   0.238 |       0.238 | no, 0 is inside | −35.5 to −30.6 |   < 0.001 |      0 of 2 |       none |
            |         100 % | step-by-step | teacher  |      −10.0 |    −12.4 to −7.6 | < 0.001 |     < 0.001 | yes             |  −12.4 to −7.6 |   < 0.001 |      0 of 1 |        3.4 |

            ## May the student replace the teacher? Margin: 1.0 points

            | arm          | training rows | difference |    95 % interval |     p | not worse by more than the margin |
            | ------------ | ------------: | ---------: | ---------------: | ----: | --------------------------------- |
            | finetune     |         100 % |      −33.0 | −100.0 to +100.0 | 0.877 | not shown                         |
            | step-by-step |         100 % |      −10.0 |    −12.4 to −7.6 | 1.000 | no, it is worse                   |

            ## By label, with the largest share of the rows

            | arm          | label   | rows | precision | recall |     F1 | said sparrow | said crow | said owl | unreadable |
            | ------------ | ------- | ---: | --------: | -----: | -----: | -----------: | --------: | -------: | ---------: |
            | finetune     | sparrow |  668 |    46.4 % | 46.9 % | 46.6 % |          313 |       355 |        0 |          0 |
            | finetune     | crow    |  666 |    47.6 % | 48.3 % | 48.0 % |            0 |       322 |      344 |          0 |
            | finetune     | owl     |  666 |    47.0 % | 45.8 % | 46.4 % |          361 |         0 |      305 |          0 |
            | step-by-step | sparrow |  334 |    70.1 % | 72.2 % | 71.1 % |          241 |        93 |        0 |          0 |
            | step-by-step | crow    |  333 |    71.1 % | 68.8 % | 69.9 % |            0 |       229 |      104 |          0 |
            | step-by-step | owl     |  333 |    68.9 % | 69.1 % | 69.0 % |          103 |         0 |      230 |          0 |

            ## Every run

            | training rows | arm          | seed | right |    of | accuracy | macro-F1 | unreadable | best step | validation | run                  | identity     | trained by | remark |
            | ------------: | ------------ | ---: | ----: | ----: | -------: | -------: | ---------: | --------: | ---------: | -------------------- | ------------ | ---------- | ------ |
            |         100 % | finetune     |    0 |   600 | 1,000 |   60.0 % |   60.0 % |          0 |       750 |     50.0 % | finetune-1-seed0     | cccccccccccc | 0.1.0      |        |
            |         100 % | finetune     |    1 |   340 | 1,000 |   34.0 % |   34.0 % |          0 |       750 |     50.0 % | finetune-1-seed1     | cccccccccccc | 0.1.0      | STUCK  |
            |         100 % | step-by-step |    0 |   700 | 1,000 |   70.0 % |   70.0 % |          0 |       750 |     50.0 % | step-by-step-1-seed0 | cccccccccccc | 0.1.0      |        |
            |         100 % | step-by-step |    1 |     – |     – |        – |        – |          – |         – |          – | –                    | –            | –          | FAILED |

            - step-by-step, 100 % of the rows, seed 1 failed: The loss is not a number. Lower the rate.

            ## How to read this

            - **Accuracy** is the share of rows answered right. An answer that is no label of the task is unreadable and counts as wrong.
            - **An interval** holds the true value in about 95 of 100 repetitions with other rows of the same kind and, where there are several seeds, other seeds. Differences are paired: each row is compared with itself, each seed with the same seed.
            - **These students** is the narrower interval for the very students of these runs on other rows. Where it leaves out 0 and the other one does not, more seeds would help; where both hold 0, more rows would too.
            - **p** is how often chance in rows and seeds alone would show such a difference; **corrected p** is the same with the number of differences in this report taken into account (Holm). **McNemar p** speaks of these very students, like the interval beside it.
            - **Told apart: no** does not mean equal. It means that this many rows and seeds cannot say; **detectable** is the smallest difference that they would have shown four times in five.
            - **Without reading the input** is the commonest answer's share or, if higher, the chance of guessing among a row's choices: 33.4 %. **Stuck** is a student whose own interval reaches down to it.
            - **The teacher** is scored on the same rows; answers that could not be read count as wrong.

            ## What was compared

            | what        | value                                                                                           |
            | ----------- | ----------------------------------------------------------------------------------------------- |
            | recipe      | birds                                                                                           |
            | task        | birds                                                                                           |
            | rows        | 1,000 test rows, SHA-256 e1d99477d2aafda0…                                                      |
            | data: test  | SHA-256 bbbbbbbbbbbbbbbb…                                                                       |
            | data: train | SHA-256 aaaaaaaaaaaaaaaa…                                                                       |
            | dotnet      | .NET 10.0.1                                                                                     |
            | stepdistill | 0.1.0                                                                                           |
            | command     | `stepdistill compare birds.jsonc --arms finetune,step-by-step --seeds 0,1,2 --fractions 0.25,1` |

            """,
            page);
    }

    [Theory]
    [InlineData(0.60, 0.66, "**step-by-step is ahead of finetune by 6.0 points** (95 % interval ")]
    [InlineData(0.66, 0.60, "**step-by-step is behind finetune by 6.0 points** (95 % interval ")]
    [InlineData(0.60, 0.605, "**this comparison does not tell step-by-step and finetune apart**: the difference is +0.5 points")]
    [InlineData(0.60, 0.60, "**this comparison does not tell step-by-step and finetune apart**: the difference is 0.0 points")]
    public void The_first_paragraph_says_what_the_numbers_allow(double finetune, double stepByStep, string expected)
    {
        var page = Page(
            new([Finetune, StepByStep], [1], [0, 1, 2]),
            [
                .. Enumerable.Range(0, 3).Select(seed => Outcomes.Done(Finetune, 1, seed, finetune)),
                .. Enumerable.Range(0, 3).Select(seed => Outcomes.Done(StepByStep, 1, seed, stepByStep)),
            ]);

        Assert.Contains(expected, FirstParagraph(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_only_seeds_are_missing_it_says_so()
    {
        var page = Page(
            new([Finetune, StepByStep], [1], [0, 1, 2]),
            [
                .. new[] { 0.60, 0.60, 0.60 }.Select((one, seed) => Outcomes.Done(Finetune, 1, seed, one)),
                .. new[] { 0.62, 0.70, 0.61 }.Select((one, seed) => Outcomes.Done(StepByStep, 1, seed, one)),
            ]);

        Assert.EndsWith("what is missing is seeds.", FirstParagraph(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Smaller_fractions_follow_the_largest()
    {
        var plan = new ComparisonPlan([Finetune, StepByStep], [0.1, 0.5, 1], [0, 1, 2]);

        var page = Page(plan, [.. plan.Cells.Select(cell => Outcomes.Done(
            cell.Arm, cell.Fraction, cell.Seed, cell.Arm == Finetune ? 0.5 : 0.5 + (0.2 * cell.Fraction) - 0.1))]);

        Assert.Matches(
            "^On .* all 9,000 training rows, .* ahead .* With 50 % of the training rows \\(4,500\\) .* told apart.* "
            + "With 10 % of the training rows \\(900\\) step-by-step is behind by 8.0 points",
            FirstParagraph(page));
    }

    [Fact]
    public void One_arm_alone_is_told_with_its_interval() => Assert.StartsWith(
        "**distill answers 55.0 % of 1,000 test rows right** (95 % interval ",
        FirstParagraph(Page(new([Arms.Distill], [1], [0]), [Outcomes.Done(Arms.Distill, 1, 0, 0.55)])),
        StringComparison.Ordinal);

    [Fact]
    public void Without_the_papers_pair_the_last_arm_is_set_against_the_first() => Assert.Contains(
        "single-task is ahead of distill",
        FirstParagraph(Page(
            new([Arms.SingleTask, Arms.Distill], [1], [0]),
            [Outcomes.Done(Arms.Distill, 1, 0, 0.5), Outcomes.Done(Arms.SingleTask, 1, 0, 0.6)])),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(1, "test", "One seed: ")]
    [InlineData(2, "test", "Two seeds say next to nothing")]
    [InlineData(3, "validation", "These are validation rows, which also chose the weights to keep")]
    public void What_weakens_the_result_is_said(int seeds, string split, string expected) => Assert.Contains(
        expected,
        Page(
            new([Finetune], [1], [.. Enumerable.Range(0, seeds)]),
            [.. Enumerable.Range(0, seeds).Select(seed => Outcomes.Done(Finetune, 1, seed, 0.6, split: split))]),
        StringComparison.Ordinal);

    [Fact]
    public void A_sound_comparison_has_nothing_to_keep_in_mind() => Assert.DoesNotContain(
        "Keep in mind",
        Page(
            new([Finetune], [1], [0, 1, 2]),
            [.. Enumerable.Range(0, 3).Select(seed => Outcomes.Done(Finetune, 1, seed, 0.6))]),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(0.60, 0.70, "so the reasons themselves help. ")]
    [InlineData(0.65, 0.70, "so the reasons themselves help, though not alone: those students are 5.0 points ahead of finetune (")]
    [InlineData(0.70, 0.70, "**nothing here shows that the reasons themselves matter**")]
    [InlineData(0.75, 0.70, "so it was not the reasons that helped.")]
    public void The_control_decides_whether_it_was_the_reasons(double control, double stepByStep, string expected)
    {
        var plan = new ComparisonPlan([Finetune, "shuffled-rows", StepByStep], [1], [0, 1, 2]);

        var page = Page(
            plan,
            [.. plan.Cells.Select(cell => Outcomes.Done(
                cell.Arm, 1, cell.Seed, cell.Arm switch { Finetune => 0.60, StepByStep => stepByStep, _ => control }))]);

        Assert.Contains(expected, FirstParagraph(page) + " ", StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_correction_does_not_uphold_is_no_finding()
    {
        // Twenty shares without a difference, and one with a small one.
        var plan = new ComparisonPlan([Finetune, "shuffled-rows", StepByStep], [.. Enumerable.Range(1, 20).Select(share => share / 20.0)], [0]);

        var page = Page(plan, [.. plan.Cells.Select(cell => Outcomes.Done(
            cell.Arm, cell.Fraction, cell.Seed, cell is { Arm: StepByStep, Fraction: 1 } ? 0.63 : 0.60))]);

        Assert.Contains("**step-by-step is ahead of finetune by 3.0 points**", FirstParagraph(page), StringComparison.Ordinal);
        Assert.Contains("Taken as one of many, that is not upheld by the correction for 60 comparisons (p 0.0", FirstParagraph(page), StringComparison.Ordinal);
        Assert.Contains("**little here shows whether the reasons themselves matter**", FirstParagraph(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Smaller_shares_are_corrected_too()
    {
        var plan = new ComparisonPlan([Finetune, StepByStep], [.. Enumerable.Range(1, 40).Select(share => share / 40.0)], [0]);

        var page = Page(plan, [.. plan.Cells.Select(cell => Outcomes.Done(
            cell.Arm, cell.Fraction, cell.Seed, cell is { Arm: StepByStep, Fraction: 0.5 } ? 0.63 : 0.60))]);

        Assert.Contains("With 50 % of the training rows (4,500) step-by-step is ahead by 3.0 points (", FirstParagraph(page), StringComparison.Ordinal);
        Assert.Contains("; that is not upheld by the correction for 40 comparisons", FirstParagraph(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_that_are_no_labels_are_pointed_out()
    {
        var mute = Outcomes.Done(Arms.SingleTask, 1, 0, 0.0);
        var report = mute.Result!.Report;
        var page = Page(
            new([Finetune, Arms.SingleTask], [1], [0]),
            [Outcomes.Done(Finetune, 1, 0, 0.6), mute with { Result = mute.Result with { Report = report with { Unreadable = report.Rows } } }]);

        Assert.Contains("**Most answers of single-task are no label of the task**", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Most answers of finetune", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_curve_through_none_of_its_points_is_pointed_out()
    {
        var plan = new ComparisonPlan([StepByStep], [0.1, 0.3, 1], [0, 1, 2]);
        string Of(params double[] accuracies) => Page(plan, [.. plan.Cells.Select(cell => Outcomes.Done(
            StepByStep, cell.Fraction, cell.Seed, accuracies[plan.Fractions.ToList().IndexOf(cell.Fraction)]))]);

        Assert.Contains("The points of step-by-step lie on no power law", Of(0.35, 0.36, 0.95), StringComparison.Ordinal);
        Assert.DoesNotContain("lie on no power law", Of(0.60, 0.70, 0.75), StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_that_is_no_program_is_not_called_simulated()
    {
        var page = Page(
            new([Finetune], [1], [0]), [Outcomes.Done(Finetune, 1, 0, 0.6)], new(Outcomes.Report("PaLM", 0.7)));

        Assert.Contains("The teacher, PaLM, answers 70.0 % of the same 1,000 rows right.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("imulated", page, StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_from_outside_breaks_a_table() => Gen.String[Gen.Char["|\r\n <a`"], 0, 12].Sample(text =>
    {
        var page = Page(
            new([Finetune, StepByStep], [1], [0]),
            [Outcomes.Done(Finetune, 1, 0, 0.6, rows: 30), Outcomes.Failed(StepByStep, 1, 0, text)],
            new(Outcomes.Report(text, 0.7, rows: 30)));

        foreach (var table in page.Split("\n\n").Where(block => block.StartsWith('|')))
        {
            var lines = table.TrimEnd('\n').Split('\n');
            Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
            Assert.All(lines, line => Assert.Equal(Bars(lines[0]), Bars(line)));
        }
    });

    private static int Bars(string line) => line.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|');

    private static string FirstParagraph(string page) => page.Split("\n\n")[1];

    private static string Page(ComparisonPlan plan, CellOutcome[] outcomes, TeacherResult? teacher = null) =>
        ComparisonReport.Make(plan, outcomes, teacher, Outcomes.Origin).ToMarkdown();
}
