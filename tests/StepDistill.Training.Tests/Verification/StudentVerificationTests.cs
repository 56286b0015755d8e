using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Verification;

namespace StepDistill.Training.Tests.Verification;

public sealed partial class StudentVerificationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("verification-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("silu")]
    [InlineData("tied")]
    public void Every_check_passes_against_a_second_program(string name)
    {
        var result = Verify(Reference(name));

        Assert.All(result.Checks, check => Assert.True(check.Passed, check.ToString()));
        Assert.True(result.Passed);
        Assert.Equal(
            [
                "beam2_max_length_12", "beam3_max_length_12", "decoder_hidden_states", "decoder_input_ids",
                "encoder_hidden_states", "gradient_norm_total", "gradient_norms", "gradients", "greedy_max_length_12",
                "logits", "loss", "position_bias", "row_losses", "training.change_norms",
                "training.clip_inactive.final_norms", "training.clip_inactive.gradient_norms",
                "training.clip_inactive.learning_rates", "training.clip_inactive.losses", "training.final_norms",
                "training.grad_accumulation_2.final_norms", "training.grad_accumulation_2.gradient_norms",
                "training.grad_accumulation_2.learning_rates", "training.grad_accumulation_2.losses",
                "training.gradient_norms", "training.initial_norms", "training.learning_rates", "training.losses",
                "training.parameters", "training.parameters_largest",
            ],
            result.Checks.Select(check => check.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", "logits")]
    [InlineData("encoder.block.0.layer.1.DenseReluDense.wi_1.weight", "gradient_norms")]
    [InlineData("decoder.block.1.layer.1.EncDecAttention.k.weight", "training.losses")]
    [InlineData("lm_head.weight", "loss")]
    [InlineData("shared.weight", "weights")]
    public void A_weight_that_is_slightly_off_is_found(string weight, string check)
    {
        using var network = T5Weights.Load(Reference("silu"));
        using (TorchSharp.torch.no_grad())
        {
            T5Weights.Of(network).Single(w => w.Name == weight).Weight.mul_(1.01);
        }

        var result = Verify(Reference("silu"), Written(network));

        Assert.False(result.Passed);
        Assert.False(result.Checks.Single(c => c.Name == check).Passed);
    }

    [Theory]
    [InlineData("training.json", "per_step", "training.losses")]
    [InlineData("training.json", "grad_norm_before_clip", "training.gradient_norms")]
    [InlineData("training.json", "lr_after_step", "training.learning_rates")]
    [InlineData("training.json", "final_param_delta_norms", "training.change_norms")]
    [InlineData("expected.json", "beam3_max_length_12", "beam3_max_length_12")]
    [InlineData("expected.json", "greedy_max_length_12", "greedy_max_length_12")]
    [InlineData("expected.json", "per_row_loss_sum", "row_losses")]
    [InlineData("expected.json", "grad_norms", "gradient_norms")]
    [InlineData("expected.json", "loss", "loss")]
    public void A_number_of_the_reference_that_is_slightly_off_is_found(string file, string key, string check)
    {
        var reference = Copy("silu");
        Edit(reference, file, json => json[key] = Shifted(json[key]!));

        var result = Verify(reference);

        Assert.Equal(check, Assert.Single(result.Checks, c => !c.Passed).Name);
    }

    [Fact]
    public void A_text_that_differs_is_told_with_its_first_token()
    {
        var reference = Copy("silu");
        Edit(reference, "expected.json", json => json["greedy_max_length_12"]![1]![2] = 23);

        var check = Assert.Single(Verify(reference).Checks, c => !c.Passed);

        Assert.Equal(1, check.Difference);
        Assert.Matches(@"^row 1, token 2: \d+, expected 23$", check.Detail);
    }

    [Theory]
    [InlineData(WeightType.F16)]
    [InlineData(WeightType.BF16)]
    public void Weights_of_16_bits_are_compared_with_the_rounded_ones(WeightType type)
    {
        var student = Rounded("tied", type, off: 0);

        var result = Verify(Reference("tied"), student);

        var check = Assert.Single(result.Checks);
        Assert.Equal(("weights", true), (check.Name, check.Passed));
        Assert.Contains(result.NotChecked, reason => reason.Contains("rounded weights", StringComparison.Ordinal));
        Assert.False(Verify(Reference("tied"), Rounded("tied", type, off: 0.01f)).Passed);
    }

    [Fact]
    public void What_is_absent_is_listed_as_not_checked()
    {
        var reference = Copy("silu");
        foreach (var file in new[] { "expected.safetensors", "training.json", "model.safetensors" })
        {
            File.Delete(Path.Combine(reference, file));
        }

        var result = Verify(reference, Reference("silu"));

        Assert.True(result.Passed);
        Assert.Contains("loss", result.Checks.Select(c => c.Name));
        Assert.Equal(
            ["expected.safetensors", "model.safetensors", "training.json"],
            from file in new[] { "expected.safetensors", "model.safetensors", "training.json" }
            where result.NotChecked.Any(reason => reason.Contains(file, StringComparison.Ordinal))
            select file);
    }

    [Fact]
    public void A_reference_with_nothing_to_compare_is_an_error_and_no_pass()
    {
        var refusal = Assert.Throws<StepDistillException>(() => Verify(folder, Reference("silu")));

        Assert.StartsWith(
            $"The reference {folder} holds nothing to compare a student with. ",
            refusal.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_alone_are_nothing_to_compare_with()
    {
        File.Copy(Path.Combine(Reference("silu"), "inputs.json"), Path.Combine(folder, "inputs.json"));

        Assert.Throws<StepDistillException>(() => Verify(folder, Reference("silu")));
    }

    [Fact]
    public void A_training_that_cannot_be_repeated_is_not_checked()
    {
        var reference = Copy("silu");
        Edit(reference, "training.json", json => json["trainer"]!["optimizer"] = "transformers.optimization.Adafactor");

        var result = Verify(reference);

        Assert.True(result.Passed);
        Assert.Contains(
            "training: its optimizer is transformers.optimization.Adafactor; AdamW can be repeated.",
            result.NotChecked);
    }

    [Theory]
    [InlineData(
        "inputs.json",
        """{ "input_ids": [[5, 99]], "attention_mask": [[1, 1]], "labels": [[1]] }""",
        "has 99 in input_ids[0][1]; expected a whole number from 0 to 23")]
    [InlineData(
        "inputs.json",
        """{ "input_ids": [[5], [5, 6]], "attention_mask": [[1, 1]], "labels": [[1]] }""",
        "rows of different lengths, or none, in input_ids")]
    [InlineData(
        "inputs.json",
        """{ "input_ids": [[5, 6]], "attention_mask": [[1]], "labels": [[1]] }""",
        "attention_mask of [1, 1]")]
    [InlineData("inputs.json", """{ "input_ids": [[5, 6]] }""", "has no 'attention_mask' in the whole file")]
    [InlineData("expected.json", """{ "loss": "low" }""", "has String in loss; expected a number")]
    [InlineData("expected.json", "[", "is not JSON")]
    [InlineData("training.json", """{ "batch_size": 0, "steps": 1, "alpha": 0, "learning_rate": 1 }""", "a batch of 0")]
    [InlineData(
        "training.json",
        """{ "batch_size": 9, "steps": 9, "alpha": 0, "learning_rate": 1 }""",
        "takes 9 steps of 9 examples, and train_features.json has 12")]
    public void A_faulty_reference_is_told_with_file_and_place(string file, string text, string message)
    {
        var reference = Copy("silu");
        File.WriteAllText(Path.Combine(reference, file), text);

        var refusal = Assert.Throws<StepDistillException>(() => Verify(reference));

        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(file, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_reference_never_ends_in_anything_but_a_message() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 400], Gen.Char[' ', '~']).Sample(
            (inputs, place, character) =>
            {
                var file = inputs ? "inputs.json" : "expected.json";
                var reference = Copy("silu");
                File.Delete(Path.Combine(reference, "training.json"));
                var path = Path.Combine(reference, file);
                var text = File.ReadAllText(path).ToCharArray();
                text[Math.Min(place, text.Length - 1)] = character;
                File.WriteAllText(path, new string(text));
                try
                {
                    Verify(reference);
                }
                catch (StepDistillException)
                {
                    // The one way in which it may end, besides a result.
                }
            },
            iter: 30,
            threads: 1);

    private static StudentVerification Verify(string reference, string? student = null) =>
        StudentVerification.Run(student ?? reference, reference, TestContext.Current.CancellationToken);

    private static string Reference(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../reference/t5", name));

    private string Copy(string name)
    {
        var copy = Path.Combine(folder, "copy");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(Reference(name)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        return copy;
    }

    private string Written(T5Network network)
    {
        T5ConfigFile.Write(folder, network.Config);
        T5Weights.Write(network, Path.Combine(folder, "model.safetensors"));
        return folder;
    }

    private string Rounded(string name, WeightType type, float off)
    {
        using var network = T5Weights.Load(Reference(name));
        var weights = T5Weights.Of(network).ToDictionary(w => w.Name, w => w.Weight);
        T5ConfigFile.Write(folder, network.Config);
        SafetensorsFile.Write(
            Path.Combine(folder, "model.safetensors"),
            weights.Select(w => new WeightTensor(w.Key, type, w.Value.shape)),
            (tensor, stream) =>
            {
                var values = weights[tensor.Name].data<float>().Select(value => value + off).ToArray();
                var bytes = new byte[2 * values.Length];
                WeightNumbers.FromFloats(values, type, bytes);
                stream.Write(bytes);
            });
        return folder;
    }

    private static void Edit(string reference, string file, Action<JsonNode> edit)
    {
        var path = Path.Combine(reference, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        edit(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>The same value, with the first number in it a hundredth larger, or one larger if it is whole.</summary>
    private static JsonNode Shifted(JsonNode value)
    {
        var copy = value.DeepClone();
        var place = copy;
        while (place is JsonArray or JsonObject)
        {
            place = place is JsonArray list ? list[0]! : place.AsObject().First().Value!;
        }

        JsonNode shifted = place.GetValue<JsonElement>() is var number && number.TryGetInt32(out var whole)
            ? whole + 1
            : number.GetDouble() * 1.01;
        if (place == copy)
        {
            return shifted;
        }

        place.ReplaceWith(shifted);
        return copy;
    }
}
