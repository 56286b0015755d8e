using StepDistill.Hub;

namespace StepDistill.Tests.Hub;

public sealed class HubSettingsTests
{
    private static readonly string User = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    [Theory]
    [InlineData("", "~/.cache/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=/x", "/x/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=/x HF_HOME=/h", "/h/hub")]
    [InlineData("HF_HOME=~/h", "~/h/hub")]
    [InlineData("HF_HOME=/h HF_HUB_CACHE=/c", "/c")]
    public void The_cache_is_where_the_hub_s_own_tools_have_it(string variables, string folder) =>
        Assert.Equal(folder.Replace("~", User, StringComparison.Ordinal), From(variables).CacheFolder);

    [Theory]
    [InlineData("", false)]
    [InlineData("HF_HUB_OFFLINE=1", true)]
    [InlineData("HF_HUB_OFFLINE=true", true)]
    [InlineData("HF_HUB_OFFLINE=0", false)]
    public void Offline_is_what_the_variable_says(string variables, bool offline) => Assert.Equal(offline, From(variables).Offline);

    [Fact]
    public void Endpoint_and_token_are_taken_and_the_token_is_not_shown()
    {
        var settings = From("HF_ENDPOINT=https://mirror.example/hub/ HF_TOKEN=hf_secret");

        Assert.Equal("https://mirror.example/hub/", settings.Endpoint.AbsoluteUri);
        Assert.Equal("hf_secret", settings.Token);
        Assert.DoesNotContain("secret", settings.ToString(), StringComparison.Ordinal);
        Assert.Equal("https://huggingface.co/", From("").Endpoint.AbsoluteUri);
        Assert.Null(From("").Token);
    }

    [Theory]
    [InlineData("mirror")]
    [InlineData("file:///etc")]
    public void An_endpoint_that_is_no_web_address_is_told(string endpoint) => Assert.Contains(
        endpoint, Assert.Throws<StepDistillException>(() => From($"HF_ENDPOINT={endpoint}")).Message, StringComparison.Ordinal);

    private static HubSettings From(string variables)
    {
        var values = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return HubSettings.FromEnvironment(values.GetValueOrDefault);
    }
}
