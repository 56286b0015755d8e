using CsCheck;
using StepDistill.Teachers.Redaction;

namespace StepDistill.Tests.Teachers.Redaction;

public sealed class RedactorTests
{
    [Theory]
    [InlineData("Write to jane.doe+x@mail.example.co.uk, please.", "Write to [EMAIL], please.")]
    [InlineData("Müller@bücher.example", "[EMAIL]")]
    [InlineData("Pay to DE89 3704 0044 0532 0130 00 today 12", "Pay to [IBAN] today 12")]
    [InlineData("GB82WEST12345698765432", "[IBAN]")]
    [InlineData("GB82WEST12345698765431", "GB82WEST12345698765431")]
    [InlineData("Card 4111 1111 1111 1111 123, valid", "Card [CREDIT-CARD] 123, valid")]
    [InlineData("5500-0055-5555-5559", "[CREDIT-CARD]")]
    [InlineData("378282246310005", "[CREDIT-CARD]")]
    [InlineData("from 192.168.0.254 to fe80::1ff:fe23:4567:890a.", "from [IP] to [IP].")]
    [InlineData("::ffff:1.2.3.4 and 2001:db8::", "[IP] and [IP]")]
    [InlineData("at 10:30:59 std::abs(x) 999.1.1.1", "at 10:30:59 std::abs(x) 999.1.1.1")]
    [InlineData("Call +49 (30) 901820-0 or (555) 123-4567 now", "Call [PHONE] or [PHONE] now")]
    [InlineData("12 apples, 1,250 pears and 123456 figs", "12 apples, 1,250 pears and 123456 figs")]
    public void The_built_in_kinds_find_what_has_their_form(string text, string redacted) =>
        Assert.Equal(redacted, Redactor.BuiltIn.Redact(text));

    [Fact]
    public void Only_the_kinds_that_are_named_are_looked_for()
    {
        var redactor = Redactor.From([new() { Kind = "email" }, new() { Pattern = @"\bEMP-\d+\b", Replacement = "[EMPLOYEE $0]" }]);

        Assert.Equal("[EMAIL] of [EMPLOYEE $0] at 10.0.0.1", redactor.Redact("a@b.de of EMP-77 at 10.0.0.1"));
    }

    [Fact]
    public void A_number_whose_check_digit_is_wrong_is_no_card_number()
    {
        var redactor = Redactor.From([new() { Kind = "credit-card" }]);

        Assert.Equal("[CREDIT-CARD]", redactor.Redact("4111111111111111"));
        Assert.Equal("4111111111111112", redactor.Redact("4111111111111112"));
    }

    [Theory]
    [InlineData("(?<=a)b", "It must be a regular expression of .NET without look-arounds")]
    [InlineData("(", "cannot be used")]
    [InlineData("x*", "matches the empty text")]
    [InlineData("RED", "also matches its replacement '[REDACTED]'")]
    public void A_pattern_that_cannot_be_used_is_refused_with_its_reason(string pattern, string reason)
    {
        var e = Assert.Throws<StepDistillException>(() => Redactor.From([new() { Pattern = pattern }]));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_kind_is_refused()
    {
        var e = Assert.Throws<StepDistillException>(() => Redactor.From([new() { Kind = "names" }]));

        Assert.Equal(
            "teacher.redact has 'names'; an item must be email, iban, credit-card, ip, phone, or an object with 'pattern' and 'replacement'.",
            e.Message);
    }

    [Fact]
    public void A_match_that_a_replacement_makes_is_redacted_too()
    {
        var redactor = Redactor.From([new() { Pattern = "ab", Replacement = "" }]);

        Assert.Equal("", redactor.Redact("aabb"));
    }

    [Fact]
    public void Patterns_that_feed_each_other_send_nothing()
    {
        var redactor = Redactor.From([new() { Pattern = "a", Replacement = "b" }, new() { Pattern = "b", Replacement = "a" }]);

        Assert.Contains("still match after 10 rounds", Assert.Throws<StepDistillException>(() => redactor.Redact("a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_that_a_built_in_kind_finds_is_left()
    {
        var rules = BuiltInRedaction.All.Select(one => one.Rule).ToList();
        Texts.Sample(text =>
        {
            var redacted = Redactor.BuiltIn.Redact(text);
            return rules.TrueForAll(rule => !rule.Matches(redacted)) && Redactor.BuiltIn.Redact(redacted) == redacted;
        }, iter: 2000);
    }

    [Fact]
    public void Text_around_what_is_found_stays()
    {
        Gen.Select(Gen.String[Gen.Char['g', 'z'], 0, 20], Gen.String[Gen.Char['g', 'z'], 0, 20]).Sample((before, after) =>
            Assert.Equal($"{before} [EMAIL] {after}", Redactor.BuiltIn.Redact($"{before} me@home.example {after}")), iter: 200);
    }

    /// <summary>Pieces that look like what is looked for, joined in every way.</summary>
    private static Gen<string> Texts { get; } =
        Gen.OneOf(
            Gen.OneOf(Array.ConvertAll<string, Gen<string>>([
                "a@b.cd", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "10.0.0.1", "fe80::1", "+49 30 123456", " ", "-", "@", ".", ":", "x", "0"], piece => Gen.Const(piece))),
            Gen.String[Gen.Char["0123456789abcdefXZ+-.:@() "], 0, 12])
        .Array[0, 8].Select(parts => string.Concat(parts));
}
