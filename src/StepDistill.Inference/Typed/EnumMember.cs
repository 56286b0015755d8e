using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Serialization;
using System.Text.Json.Serialization;

namespace StepDistill.Inference.Typed;

/// <summary>A member of an enum that stands for a label.</summary>
/// <typeparam name="TLabel">The enum.</typeparam>
/// <param name="Name">Its name in the source.</param>
/// <param name="Written">How its attribute says that the label is written; null where it has none.</param>
/// <param name="Value">Its value.</param>
internal sealed record EnumMember<TLabel>(string Name, string? Written, TLabel Value) where TLabel : struct, Enum
{
    /// <summary>How messages call it.</summary>
    public string Told => Written is null ? Name : $"{Name} (written '{Written}')";

    /// <summary>Reads the members of an enum, in the order of the source.</summary>
    public static List<EnumMember<TMember>> Of<[DynamicallyAccessedMembers(EnumLabels.Needs)] TMember>() where TMember : struct, Enum =>
    [
        .. from field in typeof(TMember).GetFields(BindingFlags.Public | BindingFlags.Static)
           let written = field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
               ?? field.GetCustomAttribute<EnumMemberAttribute>()?.Value
           select new EnumMember<TMember>(field.Name, written, Enum.Parse<TMember>(field.Name)),
    ];
}
