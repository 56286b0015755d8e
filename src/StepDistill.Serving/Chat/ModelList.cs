using System.Text.Json.Serialization;
using StepDistill.Inference;

namespace StepDistill.Serving.Chat;

/// <summary>What <c>GET /v1/models</c> answers.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<Model> Data)
{
    /// <summary>A name that always means the student that answers, whatever its own is.</summary>
    public const string Alias = "student";

    /// <summary>The list of one student: by its name, and by its name and version.</summary>
    public static ModelList Of(StudentDescription student) => new(
        "list", [new(student.Name, "model", 0, "stepdistill"), new(student.ModelId, "model", 0, "stepdistill")]);

    /// <summary>Whether a name means this student.</summary>
    public static bool Means(string name, StudentDescription student) =>
        name == Alias || name == student.Name || name == student.ModelId;
}

/// <summary>One model.</summary>
internal sealed record Model(
    string Id,
    string Object,
    long Created,
    [property: JsonPropertyName("owned_by")] string OwnedBy);
