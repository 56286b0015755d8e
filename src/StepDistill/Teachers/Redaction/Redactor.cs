using StepDistill.Recipes;

namespace StepDistill.Teachers.Redaction;

/// <summary>Takes personal data out of texts, before they leave the machine or are written down.</summary>
/// <remarks>
/// What comes out holds nothing that any of the rules finds: rules are applied again until none of them does. Immutable, so
/// safe for use by several threads at once.
/// </remarks>
public sealed class Redactor
{
    /// <summary>Rounds after which replacements that make new matches are given up on.</summary>
    private const int Rounds = 10;

    private readonly RedactionRule[] _rules;

    private Redactor(IEnumerable<RedactionRule> rules) => _rules = [.. rules];

    /// <summary>The built-in kinds, in the order in which they are applied: <c>email</c>, <c>iban</c>, <c>credit-card</c>, <c>ip</c>, <c>phone</c>.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. BuiltInRedaction.All.Select(one => one.Kind)];

    /// <summary>All built-in kinds.</summary>
    public static Redactor BuiltIn { get; } = new(BuiltInRedaction.All.Select(one => one.Rule));

    /// <summary>Makes the redactor of a recipe: its built-in kinds in their own order, then its patterns in the recipe's.</summary>
    /// <param name="settings">The items of <c>teacher.redact</c>.</param>
    /// <exception cref="StepDistillException">An item cannot be used.</exception>
    public static Redactor From(IReadOnlyList<RedactionSetting> settings)
    {
        if (settings.Select(Fault).FirstOrDefault(fault => fault is not null) is { } first)
        {
            throw new StepDistillException(first);
        }

        var own = settings.Where(setting => setting.Pattern is not null)
            .Select(setting => new RedactionRule(BuiltInRedaction.Compiled(setting.Pattern!), setting.Replacement));
        return new(BuiltInRedaction.All.Where(one => settings.Any(setting => setting.Kind == one.Kind)).Select(one => one.Rule).Concat(own));
    }

    /// <summary>A text with placeholders, such as <c>[EMAIL]</c>, for what the rules find.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="StepDistillException">
    /// Replacements keep making new matches, so that no text without matches comes out: nothing must be sent then.
    /// </exception>
    public string Redact(string text)
    {
        for (var round = 0; round < Rounds && Array.Exists(_rules, rule => rule.Matches(text)); round++)
        {
            text = _rules.Aggregate(text, (redacted, rule) => rule.Apply(redacted));
        }

        return !Array.Exists(_rules, rule => rule.Matches(text)) ? text : throw new StepDistillException(
            $"The patterns of teacher.redact still match after {Rounds} rounds: what one of them puts in is found by another. Nothing "
            + "was sent. Choose replacements that no pattern matches.");
    }

    /// <summary>Why an item of <c>teacher.redact</c> cannot be used; null where it can.</summary>
    internal static string? Fault(RedactionSetting setting)
    {
        if (setting.Pattern is not { } pattern)
        {
            return Kinds.Contains(setting.Kind) ? null
                : $"teacher.redact has '{setting.Kind}'; an item must be {string.Join(", ", Kinds)}, or an object with 'pattern' and 'replacement'.";
        }

        try
        {
            var compiled = BuiltInRedaction.Compiled(pattern);
            return compiled.IsMatch("") ? $"teacher.redact has the pattern '{pattern}', which matches the empty text; it must match something."
                : compiled.IsMatch(setting.Replacement) ? $"teacher.redact has the pattern '{pattern}', which also matches its replacement '{setting.Replacement}'; choose another."
                : null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return $"teacher.redact has the pattern '{pattern}', which cannot be used: {e.Message.TrimEnd('.')}. It must be a regular "
                + "expression of .NET without look-arounds, back references and atomic groups.";
        }
    }
}
