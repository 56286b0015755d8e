using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsImportReleaseVerbTests
{
    [Fact]
    public async Task What_it_writes_a_recipe_can_train_on()
    {
        using var folder = new TemporaryFolder();
        Release(folder);

        var said = await Run.Words("annotations", "import-release", folder["release"], "esnli", "--out", folder["data"]);
        var told = await Run.Verb(new AnnotationsImportReleaseVerb(), folder["release"], "esnli", "--out", folder["data"], "--json");
        var recipe = folder.Write("own.jsonc", """
            {
              "name": "own",
              "task": {
                "name": "nli", "train": "data/esnli-train.jsonl",
                "validation": "data/esnli-validation.jsonl", "test": "data/esnli-test.jsonl"
              }
            }
            """);
        var rows = await Run.Verb(new TasksVerb(), recipe, "--json");

        Assert.Equal(ExitCode.Success, said.Code);
        Assert.Contains("train          2        2", said.Output, StringComparison.Ordinal);
        Assert.Equal(["train", "validation", "test"], told.Json["splits"]!.AsArray().Select(split => split!["split"]!.GetValue<string>()));
        Assert.Equal(2, rows.Json["splits"]!["train"]!["recorded"]!.GetValue<int>());
        Assert.Equal("A dog runs.</s>An animal moves.", rows.Json["sample"]!["input"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_set_that_is_not_there_is_wrong_usage()
    {
        var run = await Run.Words("annotations", "import-release", "release", "snli");

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains("svamp-asdiv", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_the_files_is_refused_without_a_trace()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Words("annotations", "import-release", folder.Root, "cqa", "--out", folder["data"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("cqa_train.json", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    private static void Release(TemporaryFolder folder)
    {
        folder.Write("release/esnli/esnli_train.json", """
            {"premise":"A dog runs.","hypothesis":"An animal moves.","label":0,"explanation_1":""}
            {"premise":"A dog runs.","hypothesis":"It sleeps.","label":2,"explanation_1":""}
            """);
        folder.Write("release/esnli/esnli_valid.json", """{"premise":"A cat.","hypothesis":"A pet.","label":1}""");
        folder.Write("release/esnli/esnli_test.json", """{"premise":"A cow.","hypothesis":"A pet.","label":1}""");
        folder.Write("release/esnli/llm/train_CoT_0.json", """["A dog is an animal.\nAnswer: entailment", "It cannot do both.\nAnswer: contradiction"]""");
    }
}
