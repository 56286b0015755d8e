using Microsoft.Extensions.Configuration;

namespace StepDistill.Serving.Tests;

public sealed class ServeSettingsTests
{
    [Fact]
    public void The_defaults_can_be_used() => new ServeSettings().Validate();

    [Theory]
    [InlineData("http://0.0.0.0:80", "no keys")]
    [InlineData("http://*:80", "no keys")]
    [InlineData("http://example.org:80", "no keys")]
    [InlineData("https://127.0.0.1:443", "no certificate")]
    [InlineData("ftp://127.0.0.1", "must be an address")]
    [InlineData("127.0.0.1:80", "must be an address")]
    [InlineData("http://127.0.0.1/path", "must be an address")]
    public void A_wrong_address_is_named(string url, string said) =>
        Assert.Contains(said, FaultOf(new() { Url = url }), StringComparison.Ordinal);

    [Fact]
    public void Others_are_served_with_keys_or_when_that_is_said()
    {
        new ServeSettings { Url = "http://0.0.0.0:80", Keys = ["0123456789abcdef"] }.Validate();
        new ServeSettings { Url = "http://0.0.0.0:80", Open = true }.Validate();
        new ServeSettings { Url = "http://[::1]:80" }.Validate();
        new ServeSettings { Url = "http://localhost:80" }.Validate();
    }

    [Fact]
    public void All_faults_are_told_at_once_and_no_key_is()
    {
        var fault = FaultOf(new() { Keys = ["hush"], MaxBatch = 0, MaxWait = TimeSpan.FromMinutes(1), MaxInputs = 5000 });

        Assert.Contains("keys holds a key of 4 characters", fault, StringComparison.Ordinal);
        Assert.Contains("max_batch is 0; it must be from 1 to 1024", fault, StringComparison.Ordinal);
        Assert.Contains("max_wait is 60000ms", fault, StringComparison.Ordinal);
        Assert.Contains("max_inputs is 5000, more than max_queue, 1024", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_read_from_configuration()
    {
        var settings = ServeSettings.Read(Configuration(
            ("URL", "http://127.0.0.1:9000"), ("MAX_WAIT", "2ms"), ("deadline", "1.5s"), ("open", "true"), ("max_tokens", "9"),
            ("keys:0", "one"), ("keys:1", "two"), ("admin_keys", "three, four")));

        Assert.Equal(("http://127.0.0.1:9000", 2.0, 1500.0, true, 9), (settings.Url, settings.MaxWait.TotalMilliseconds, settings.Deadline.TotalMilliseconds, settings.Open, settings.MaxTokens));
        Assert.Equal(["one", "two"], settings.Keys);
        Assert.Equal(["three", "four"], settings.AdminKeys);
    }

    [Theory]
    [InlineData("max_bach", "1", "max_bach")]
    [InlineData("max_batch", "many", "whole number")]
    [InlineData("max_wait", "5", "such as 5ms")]
    [InlineData("max_wait", "-5ms", "such as 5ms")]
    [InlineData("open", "perhaps", "true or false")]
    public void What_is_not_understood_is_named(string name, string value, string said) => Assert.Contains(
        said, Assert.Throws<StepDistillException>(() => ServeSettings.Read(Configuration((name, value)))).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_setting_has_a_name_in_configuration() => Assert.Equal(
        typeof(ServeSettings).GetProperties().Where(property => property.SetMethod is not null)
            .Select(property => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).Order(StringComparer.Ordinal),
        ServeSettings.Names.Order(StringComparer.Ordinal));

    [Fact]
    public void Its_text_holds_no_secret()
    {
        var text = new ServeSettings { Keys = ["hush"], AdminKeys = ["hush"], CertificatePassword = "hush" }.ToString();

        Assert.DoesNotContain("hush", text, StringComparison.Ordinal);
    }

    private static string FaultOf(ServeSettings settings) => Assert.Throws<StepDistillException>(settings.Validate).Message;

    private static IConfiguration Configuration(params (string Name, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))).Build();
}
