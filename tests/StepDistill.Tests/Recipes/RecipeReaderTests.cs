using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Recipes;

namespace StepDistill.Tests.Recipes;

public sealed class RecipeReaderTests
{
    private const string Sound = """
        {
          // the smallest recipe there is
          "$schema": "./recipe.schema.json",
          "name": "birds",
          "task": { "name": "nli", "train": "data/train.jsonl", "validation_rows": "split.json#rows.valid", },
        }
        """;

    [Fact]
    public void A_small_recipe_takes_every_default()
    {
        var recipe = Read(Sound);

        Assert.Equal("birds", recipe.Name);
        Assert.Equal(0.1, recipe.Task.ValidationShare);
        Assert.Equal(new TrainingSection(), recipe.Training);
        Assert.Equal("data/train.jsonl", recipe.Task.Train);
    }

    [Fact]
    public void All_faults_are_told_at_once() => AssertFaults(
        """
        {
          "name": ".hidden",
          "task": { "nam": "nli", "train": 7, "labels": [1], "answer": "label" },
          "trainig": {},
          "training": { "max_steps": 0, "learning_rate": "fast", "maxSteps": 5, "arm": "magic", "seed": 1.5, "alpha": 2, "alpha": 1, "freeze": ["head"] },
          "batches": [],
          "learning_rate": 1,
          "evaluation": { "patience": null, "beams": 65 },
          "student": { "from": "google/t5", "config": "t5-v1_1-mini", "dropout_rate": 1 },
          "export": { "int8": true }
        }
        """,
        "name is '.hidden'; it must be 1 to 80 letters, digits, '-', '_' or '.', not beginning with '.', for it names folders.",
        "task.nam is not a key of a recipe; did you mean task.name?",
        "task.train is 7; it must be a path.",
        "task.labels is the list [1]; it must be a list of texts.",
        "trainig is not a key of a recipe; did you mean training?",
        "training.max_steps is 0; it must be a whole number of at least 1.",
        "training.learning_rate is 'fast'; it must be a number above 0 and at most 1.",
        "training.maxSteps is not a key of a recipe; did you mean training.max_steps?",
        "training.arm is 'magic'; it must be finetune, distill, single-task or step-by-step.",
        "training.seed is 1.5; it must be a whole number.",
        "training.alpha is 2; it must be a number from 0 to 1.",
        "training.alpha is given more than once; a key may stand only once.",
        "training.freeze is the list [\"head\"]; it must be a list of embeddings, encoder and decoder, or of some of them.",
        "batches is the list []; it must be a section in braces.",
        "learning_rate is not a key of a recipe; did you mean training.learning_rate?",
        "evaluation.patience is null; it must be a whole number of at least 0.",
        "evaluation.beams is 65; it must be a whole number from 1 to 64.",
        "student.dropout_rate is 1; it must be a number of at least 0 and below 1.",
        "export is not a key of a recipe.",
        "task.name is missing; it must be text.",
        "student.from is 'google/t5' and student.config is 't5-v1_1-mini'; give one of the two.");

    [Fact]
    public void A_price_is_read_exactly_and_checked()
    {
        const string Start = """{ "name": "x", "task": { "name": "nli" }, "teacher": { "price": """;
        Assert.Equal(
            new PriceSection { Input = 0.15m, Output = 0.6m, CachedInput = 0.075m },
            Read(Start + """{ "input": 0.15, "output": 0.60, "cached_input": 0.075 } } }""").Teacher.Price);
        Assert.Equal(
            0.12345678m, Read(Start + "null } }", "teacher.price.input=0.12345678", "teacher.price.output=0").Teacher.Price!.Input);
        Assert.Null(Read(Start + "null } }").Teacher.Price);
        AssertFaults(
            Start + """{ "input": -1, "batch_share": 0.12345, "cached_input": 0.123456789 } } }""",
            "teacher.price.input is -1; it must be a number from 0 to 1000000.",
            "teacher.price.output is missing; it must be a number from 0 to 1000000.",
            "teacher.price.cached_input is 0.123456789; it must have at most 8 decimals, for costs are kept exactly.",
            "teacher.price.batch_share is 0.12345; it must have at most 4 decimals, for costs are kept exactly.");
    }

    [Fact]
    public void One_filter_and_a_list_of_filters_are_the_same_key()
    {
        var one = Read("""{ "name": "x", "task": { "name": "nli" }, "teacher": { "keep": "correct" } }""");
        var several = Read("""{ "name": "x", "task": { "name": "nli" }, "teacher": { "keep": ["length", "distinct"], "rationale_words": { "max": 40 } } }""");

        Assert.Equal(["correct"], one.Teacher.Keep);
        Assert.Equal(["length", "distinct"], several.Teacher.Keep);
        Assert.Equal(new RationaleLengthSection { Min = 3, Max = 40 }, several.Teacher.RationaleWords);
        Assert.Equal("correct", (string)JsonNode.Parse(one.ToJson())!["teacher"]!["keep"]!);        // as older runs have it: they stay the same run
        Assert.Equal(several.Teacher.Keep, Read(several.ToJson()).Teacher.Keep);
        Assert.Equal(["correct", "length"], RecipeReader.Read(Sound, "r", ["teacher.keep=correct,length"]).Teacher.Keep);
    }

    [Fact]
    public void Redaction_is_named_or_written_out()
    {
        var recipe = Read("""{ "name": "x", "task": { "name": "nli" }, "teacher": { "redact": ["email", { "pattern": "EMP-\\d+", "replacement": "[ID]" }, { "pattern": "z+" }] } }""");

        RedactionSetting[] expected =
            [new() { Kind = "email" }, new() { Pattern = "EMP-\\d+", Replacement = "[ID]" }, new() { Pattern = "z+", Replacement = "[REDACTED]" }];
        Assert.Equal(expected, recipe.Teacher.Redact);
        Assert.Equal(expected, Read(recipe.ToJson()).Teacher.Redact);
        Assert.Equal([new() { Kind = "email" }, new() { Kind = "ip" }], RecipeReader.Read(Sound, "r", ["teacher.redact=email,ip"]).Teacher.Redact!);
    }

    [Fact]
    public void Faults_of_filters_and_redaction_are_told() => AssertFaults(
        """
        { "name": "x", "task": { "name": "nli" }, "teacher": {
            "name": "chat", "model": "m", "provider": "azure", "keep": ["short"], "rationale_words": { "min": 9, "max": 2 }, "redact": ["names", { "pattern": "(" }] } }
        """,
        "teacher.keep is the list [\"short\"]; it must be one of readable, correct, rationale, no-copy, length, language and distinct, or a list of some of them.",
        "teacher.redact has 'names'; an item must be email, iban, credit-card, ip, phone, or an object with 'pattern' and 'replacement'.",
        "teacher.redact has the pattern '(', which cannot be used: Invalid pattern '(' at offset 1. Not enough )'s. It must be a regular expression of .NET without look-arounds, back references and atomic groups.",
        "teacher.rationale_words.min is 9 and teacher.rationale_words.max is 2; the first must not be above the second.",
        "teacher.rationale_words is given, and teacher.keep has no 'length' that would heed it; add it.",
        "teacher.endpoint is missing; with teacher.provider 'azure' it must be the resource's address, such as https://NAME.openai.azure.com.");

    [Fact]
    public void An_item_of_redaction_that_is_neither_name_nor_pattern_is_refused() => AssertFaults(
        """{ "name": "x", "task": { "name": "nli" }, "teacher": { "name": "chat", "model": "m", "provider": "anthropic", "temperature": 0.5, "redact": [{ "replacement": "a" }] } }""",
        "teacher.redact is the list [{ \"replacement\": \"a\" }]; it must be a list of built-in names and of objects with 'pattern' and 'replacement'.",
        "teacher.temperature is 0.5; Anthropic's models take none: leave it out.");

    [Fact]
    public void Faults_across_keys_are_told_too() => AssertFaults(
        """
        {
          "name": "x", "task": { "name": "own", "answer": "label" },
          "teacher": { "name": "chat", "endpoint": "localhost:8000", "samples": 3 },
          "student": { "from": "a/b", "tokenizer": { "train": { "vocabulary": 500 } } }
        }
        """,
        "task.labels is missing; with task.answer 'label' it must list at least two labels.",
        "teacher.model is missing; with teacher.name 'chat' it must name the model to ask.",
        "teacher.samples is 3 and teacher.temperature is 0, at which a model answers the same every time; set a temperature above 0, such as 0.7.",
        "teacher.endpoint is 'localhost:8000'; it must be an address that starts with http:// or https://.",
        "student.tokenizer is given beside student.from; published weights bring their own tokenizer.");

    [Fact]
    public void Faults_of_a_prompt_are_told_where_one_is_written()
    {
        const string Prompt = """
            "demonstration_choice": "nearest", "form": "completion", "output": "auto"
            """;
        AssertFaults(
            $$"""{ "name": "x", "task": { "name": "nli" }, "teacher": { "name": "chat", "model": "m", {{Prompt}} } }""",
            "teacher.demonstrations is missing; with teacher.demonstration_choice 'nearest' it must name the file to choose from.",
            "teacher.demonstrations_shown is missing; with teacher.demonstration_choice 'nearest' it must say how many are shown, such as 6.",
            "teacher.output is 'auto' and teacher.form is 'completion'; a server that only continues text takes no schema, so with that form it must be text.");
        AssertFaults(
            """{ "name": "x", "task": { "name": "nli" }, "teacher": { "name": "chat", "model": "m", "demonstrations_shown": 4, "rationale": "gold" } }""",
            "teacher.rationale is 'gold'; it must be before, after or for-gold.",
            "teacher.demonstrations_shown is 4 and teacher.demonstration_choice is 'fixed', which shows all; choose random or nearest, or leave demonstrations_shown out.");
        Assert.Equal("nearest", Read($$"""{ "name": "x", "task": { "name": "nli" }, "teacher": { {{Prompt}} } }""").Teacher.DemonstrationChoice);
    }

    [Fact]
    public void Required_keys_are_asked_for() => AssertFaults(
        "{}",
        "name is missing; it must be 1 to 80 letters, digits, '-', '_' or '.', not beginning with '.', for it names folders.",
        "task is missing; it must be a section in braces.",
        "task.name is missing; it must be text.");

    [Theory]
    [InlineData("{\n  \"näme\": oops }", "It is not JSON: 'o' is an invalid start of a value. (line 2, column 11)")]
    [InlineData("[1]", "It is the list [1]; it must be an object in braces.")]
    [InlineData("null", "It is null; it must be an object in braces.")]
    public void Other_texts_are_no_recipes(string text, string fault) =>
        Assert.Equal(fault, Assert.Throws<RecipeException>(() => Read(text)).Faults[0]);

    [Fact]
    public void Overrides_win_and_the_last_one_holds()
    {
        var recipe = Read(
            Sound,
            "training.seed=1", "training.seed=7", "training.learning_rate=1e-4", "teacher.name=chat", "teacher.model=4",
            "task.labels=yes, no", "training.lambda=null", "training.label_prefix=\"say: \"");

        Assert.Equal(7, recipe.Training.Seed);
        Assert.Equal(1e-4, recipe.Training.LearningRate);
        Assert.Equal("4", recipe.Teacher.Model);
        Assert.Equal(["yes", "no"], recipe.Task.Labels!);
        Assert.Equal("say: ", recipe.Training.LabelPrefix);
        Assert.Null(recipe.Training.Lambda);
    }

    [Fact]
    public void Overrides_are_checked_like_keys()
    {
        var faults = Assert.Throws<RecipeException>(() => Read(
            Sound, "training.learningrate=1", "training=1", "seed", "training.max_steps=many", "batches.batch_size=0"))
            .Faults;

        Assert.Equal(
            [
                "--set training.learningrate=1: there is no key 'training.learningrate'; did you mean training.learning_rate?",
                "--set training=1: 'training' is a section; set one of its keys, such as training.preset.",
                "--set seed has no '='; it must have the form section.key=value.",
                "training.max_steps is 'many' (by --set); it must be a whole number of at least 1.",
                "batches.batch_size is 0 (by --set); it must be a whole number from 1 to 65,536.",
            ],
            faults);
    }

    [Theory]
    [InlineData("float16")]
    [InlineData("FP16")]
    [InlineData("half")]
    public void Half_precision_is_refused_with_the_reason(string precision) => AssertFaults(
        $$"""{ "name": "x", "task": { "name": "nli" }, "training": { "precision": "{{precision}}" } }""",
        $"training.precision is '{precision}'; it must be auto, float32 or bfloat16. T5's numbers outgrow float16 and turn into infinities; bfloat16 is as fast and has float32's range.");

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    [InlineData("cuda:7")]
    public void A_device_is_named_as_libtorch_names_it(string device) =>
        Assert.Equal(device, Read(Sound, $"training.device={device}").Training.Device);

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:first")]
    [InlineData("cpu:0")]
    public void Other_devices_are_refused(string device) => AssertFaults(
        $$"""{ "name": "x", "task": { "name": "nli" }, "training": { "device": "{{device}}" } }""",
        $"training.device is '{device}'; it must be auto, cpu, cuda, or cuda:N with a GPU's number, such as cuda:1.");

    [Fact]
    public void An_override_mends_a_faulty_value() =>
        Assert.Equal(3, Read("""{ "name": "x", "task": { "name": "nli" }, "training": { "seed": "a" } }""", "training.seed=3")
            .Training.Seed);

    [Fact]
    public void Paths_start_at_the_recipe_and_those_of_overrides_at_the_current_folder()
    {
        var folder = Directory.CreateTempSubdirectory("recipe").FullName;
        var path = Path.Combine(folder, "own.jsonc");
        File.WriteAllText(path, Sound);
        try
        {
            var recipe = RecipeReader.ReadFile(path, ["task.test=here/test.jsonl", "student.from=google/t5-v1_1-small"]);

            Assert.Equal(Path.Combine(folder, "data", "train.jsonl"), recipe.Task.Train);
            Assert.Equal(Path.Combine(folder, "split.json") + "#rows.valid", recipe.Task.ValidationRows);
            Assert.Equal(Path.GetFullPath("here/test.jsonl"), recipe.Task.Test);
            Assert.Equal("google/t5-v1_1-small", recipe.Student.From);

            Directory.CreateDirectory(Path.Combine(folder, "my", "student"));
            File.WriteAllText(path, """{ "name": "x", "task": { "name": "nli" }, "student": { "from": "my/student" } }""");
            Assert.Equal(Path.Combine(folder, "my", "student"), RecipeReader.ReadFile(path).Student.From);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void One_path_may_stand_where_a_list_of_paths_may()
    {
        Assert.Equal([Full("a.jsonl")], Answers("\"a.jsonl\""));
        Assert.Equal([Full("a.jsonl"), "/b.jsonl"], Answers("[\"a.jsonl\", \"/b.jsonl\"]"));
        Assert.Equal(
            [Path.GetFullPath("a.jsonl"), Path.GetFullPath("b.jsonl")], Read(Sound, "teacher.answers=a.jsonl, b.jsonl").Teacher.Answers!);
        Assert.Null(Answers("null"));
        AssertFaults(
            """{ "name": "x", "task": { "name": "nli" }, "teacher": { "answers": ["a", ""] } }""",
            "teacher.answers is the list [\"a\", \"\"]; it must be a path or a list of paths.");

        static string Full(string file) => Path.Combine("/recipes", file);

        static IReadOnlyList<string>? Answers(string json) => RecipeReader.Read(
            $$"""{ "name": "x", "task": { "name": "nli" }, "teacher": { "answers": {{json}} } }""", "x.jsonc", folder: "/recipes").Teacher.Answers;
    }

    [Fact]
    public void The_preset_scratch_fills_only_what_is_not_set()
    {
        var filled = Read(Sound, "training.preset=scratch", "training.max_steps=2000").Training;
        Assert.Equal((1e-3, 100), (filled.LearningRate, filled.WarmupSteps));

        var set = Read(Sound, "training.preset=scratch", "training.learning_rate=0.5", "training.warmup_steps=3").Training;
        Assert.Equal((0.5, 3), (set.LearningRate, set.WarmupSteps));
    }

    [Fact]
    public void A_resolved_recipe_reads_back_the_same()
    {
        var recipe = Read(Sound, "training.preset=scratch", "training.lambda=0.25", "task.labels=a,b");

        Assert.Equal(recipe.ToJson(), Read(recipe.ToJson()).ToJson());
        Assert.Equal(recipe.Training, Read(recipe.ToJson()).Training);
    }

    [Fact]
    public void Files_that_are_no_recipes_are_named()
    {
        var folder = Directory.CreateTempSubdirectory("recipe").FullName;
        try
        {
            var large = Path.Combine(folder, "large.jsonc");
            File.WriteAllText(large, new string(' ', 1_100_000));
            var binary = Path.Combine(folder, "binary.jsonc");
            File.WriteAllBytes(binary, [0x7b, 0xff, 0xfe, 0x7d]);

            Assert.Equal(["There is no such file."], FaultsOf(Path.Combine(folder, "none.jsonc")));
            Assert.Equal(["There is no such file."], FaultsOf(""));
            Assert.Equal(["It is a folder; expected a recipe's file."], FaultsOf(folder));
            Assert.Equal(["It is larger than 1,048,576 bytes; expected a recipe."], FaultsOf(large));
            Assert.Equal(["It is not text in UTF-8."], FaultsOf(binary));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static IReadOnlyList<string> FaultsOf(string path) =>
            Assert.Throws<RecipeException>(() => RecipeReader.ReadFile(path)).Faults;
    }

    [Fact]
    public void Whatever_stands_in_a_recipe_the_answer_is_a_recipe_or_its_faults()
    {
        // Each key in turn gets each odd value; then random damage to the text.
        var odd = new[]
        {
            "null", "-1", "1e400", "99999999999999999999", "\"\"", "\"\\u0000\"", "[]", "[null]", "{}", "{\"a\":{}}", "true",
            "\"\ud800\"", "\"\\ud800\"", "{\"\\ud800\":1}",
        };
        foreach (var key in RecipeKey.Root.Leaves)
        {
            foreach (var value in odd)
            {
                var text = key.Path.Split('.').Reverse().Aggregate(value, (inner, name) => $"{{\"{name}\":{inner}}}");
                TryRead(text);
                TryRead(Sound, $"{key.Path}={value}");
            }
        }

        Gen.Select(Gen.Int[0, Sound.Length - 1], Gen.Char, Gen.Int[0, 3]).Sample((at, letter, how) => TryRead(how switch
        {
            0 => Sound[..at],
            1 => Sound.Remove(at, 1),
            2 => Sound.Insert(at, letter.ToString()),
            _ => new StringBuilder(Sound) { [at] = letter }.ToString(),
        }));

        static void TryRead(string text, params string[] overrides)
        {
            try
            {
                RecipeReader.Read(text, "text", overrides, "/folder");
            }
            catch (RecipeException)
            {
            }
        }
    }

    private static Recipe Read(string json, params string[] overrides) => RecipeReader.Read(json, "birds.jsonc", overrides);

    private static void AssertFaults(string json, params string[] expected) =>
        Assert.Equal(expected, Assert.Throws<RecipeException>(() => Read(json)).Faults);
}
