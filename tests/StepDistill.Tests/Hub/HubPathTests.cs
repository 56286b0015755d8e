using CsCheck;
using StepDistill.Hub;

namespace StepDistill.Tests.Hub;

public sealed class HubPathTests
{
    [Theory]
    [InlineData("config.json", true, true)]
    [InlineData("onnx/decoder model.onnx", true, true)]
    [InlineData("ärger/模型.bin", true, true)]
    [InlineData(".gitattributes", true, false)]
    [InlineData("a/b/c/d/e/f/g/h/i", true, false)]
    [InlineData("what?.md", true, false)]
    [InlineData("ab:c", true, false)]
    [InlineData("a:b", false, false)]
    [InlineData("nul.json", true, false)]
    [InlineData("onnx/COM1", true, false)]
    [InlineData("name.", true, false)]
    [InlineData("name ", true, false)]
    [InlineData("-rf", true, false)]
    [InlineData("cod\u202egpj.exe", true, false)]
    [InlineData("a\u200bb", true, false)]
    [InlineData("", false, false)]
    [InlineData("/", false, false)]
    [InlineData("/etc/passwd", false, false)]
    [InlineData("..", false, false)]
    [InlineData("a/../b", false, false)]
    [InlineData("a/./b", false, false)]
    [InlineData("a//b", false, false)]
    [InlineData("a/", false, false)]
    [InlineData("a\\b", false, false)]
    [InlineData("c:", false, false)]
    [InlineData("C:/x", false, false)]
    [InlineData("a\0b", false, false)]
    [InlineData("a\nb", false, false)]
    public void A_path_is_judged_before_it_is_used(string path, bool isInside, bool isPlain) =>
        Assert.Equal((isInside, isPlain), (HubPath.IsInside(path), HubPath.IsPlain(path)));

    [Fact]
    public void What_is_inside_stays_inside_whatever_it_is_called() => Gen.String[Gen.OneOf('.', '/', '\\', 'a', ':', '\0', ' ', '~'), 0, 12].Sample(path =>
    {
        const string Root = "/a/b";
        return !HubPath.IsInside(path) || Path.GetFullPath(Path.Combine(Root, path)).StartsWith(Root + "/", StringComparison.Ordinal);
    }, iter: 50_000);
}
