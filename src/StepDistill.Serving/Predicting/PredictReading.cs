using System.Text.Json;
using StepDistill.Inference;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Predicting;

/// <summary>What a body of <c>POST /v1/predict</c> asks.</summary>
/// <param name="Questions">The questions.</param>
/// <param name="IsMany">Whether they came as <c>inputs</c>.</param>
/// <param name="Rationale">Whether reasons are wanted.</param>
internal sealed record PredictReading(IReadOnlyList<StudentQuestion> Questions, bool IsMany, bool Rationale)
{
    /// <summary>Reads a body strictly: a field that is unknown is a fault, since a misspelt one would be a silent loss.</summary>
    /// <exception cref="RequestFault">The body asks nothing that can be answered; the message names the field.</exception>
    public static PredictReading Of(JsonElement body, ServeSettings limits)
    {
        StudentQuestion? one = null;
        List<StudentQuestion>? many = null;
        IReadOnlyList<string>? choices = null;
        var rationale = false;
        foreach (var field in body.EnumerateObject())
        {
            switch (field.Name)
            {
                case "input":
                    one = new StudentQuestion(JsonFields.Text(field.Value, "input", limits.MaxCharacters));
                    break;
                case "inputs":
                    many = [.. JsonFields.Array(field.Value, "inputs", limits.MaxInputs)
                        .Select((value, index) => Input(value, $"inputs[{index}]", limits))];
                    break;
                case "choices":
                    choices = JsonFields.Choices(field.Value, "choices", limits);
                    break;
                case "rationale":
                    rationale = JsonFields.Switch(field.Value, "rationale");
                    break;
                default:
                    throw Unknown(field.Name, "input, inputs, choices, rationale");
            }
        }

        return (one, many) switch
        {
            (null, null) => throw new RequestFault(400, "The body has neither input nor inputs.", "input"),
            (not null, not null) => throw new RequestFault(400, "The body has both input and inputs; give one of them.", "inputs"),
            (null, not null) when choices is not null => throw RequestFault.At(
                "choices", "belong to one input; write each of inputs as {\"input\": …, \"choices\": […]}."),
            (null, _) => new(many, true, rationale),
            _ => new([one with { Choices = choices }], false, rationale),
        };
    }

    private static StudentQuestion Input(JsonElement value, string field, ServeSettings limits)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return new StudentQuestion(JsonFields.Text(value, field, limits.MaxCharacters));
        }

        string? input = null;
        IReadOnlyList<string>? choices = null;
        foreach (var part in value.EnumerateObject())
        {
            switch (part.Name)
            {
                case "input":
                    input = JsonFields.Text(part.Value, $"{field}.input", limits.MaxCharacters);
                    break;
                case "choices":
                    choices = JsonFields.Choices(part.Value, $"{field}.choices", limits);
                    break;
                default:
                    throw Unknown($"{field}.{part.Name}", "input, choices");
            }
        }

        return new StudentQuestion(input ?? throw RequestFault.At(field, "has no input.")) { Choices = choices };
    }

    private static RequestFault Unknown(string field, string known)
    {
        var shown = JsonFields.Shown(field);
        return new RequestFault(400, $"There is no field {shown} here; there are {known}.", shown);
    }
}
