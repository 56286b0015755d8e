using CsCheck;
using StepDistill.Hub;

namespace StepDistill.Tests.Hub;

public sealed class HubNameTests
{
    [Theory]
    [InlineData("google/t5-v1_1-base", "google/t5-v1_1-base", "main")]
    [InlineData("t5-small", "t5-small", "main")]
    [InlineData("a/b.c@v1.0", "a/b.c", "v1.0")]
    [InlineData("a/b@refs/pr/3", "a/b", "refs/pr/3")]
    public void Names_are_read(string text, string repository, string revision) =>
        Assert.Equal(new HubName(repository, revision), HubName.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("/a/b")]
    [InlineData("./a")]
    [InlineData("a/b/c")]
    [InlineData("a/../b")]
    [InlineData("a/b@../../x")]
    [InlineData("a--b/c")]
    [InlineData("a b/c")]
    [InlineData("ä/c")]
    [InlineData("a\\b")]
    [InlineData("a/b\n")]
    [InlineData("https://huggingface.co/a/b")]
    public void Paths_and_addresses_are_no_names(string text) => Assert.Null(HubName.TryParse(text));

    [Fact]
    public void No_name_can_lead_anywhere_but_its_own_folder() => Gen.String[Gen.Char["ab./\\@-_~:%\0"], 0, 12].Sample(text =>
    {
        if (HubName.TryParse(text) is { } name)
        {
            Assert.DoesNotContain("..", name.Repository + "/" + name.Revision, StringComparison.Ordinal);
            Assert.All((name.Repository + "/" + name.Revision).Split('/'), part => Assert.True(char.IsAsciiLetterOrDigit(part[0]) || part[0] == '_'));
        }
    });
}
