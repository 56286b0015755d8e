using System.Text.RegularExpressions;
using Microsoft.Playwright;
using StepDistill.Tasks;

namespace StepDistill.Serving.Tests.Page;

public sealed partial class StudentPageTests
{
    private static readonly string[] Places =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", @"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];

    [Fact]
    public async Task Nothing_outside_the_server_is_named_and_every_id_is_unique()
    {
        await using var served = await Served.StartAsync();

        var page = await served.GetAsync("/");

        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);       // the policy would not let it
        Assert.DoesNotContain(" onclick=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", page, StringComparison.Ordinal);
        var ids = Id().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(Used().Matches(page), match => Assert.Contains(match.Groups[1].Value, ids));
    }

    [Fact]
    public async Task The_policy_allows_the_pages_own_script_and_style_and_no_other()
    {
        await using var served = await Served.StartAsync();
        using var response = await served.Client.GetAsync("/", TestContext.Current.CancellationToken);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));

        Assert.Matches("^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'", policy);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_asks_and_sees_the_answer()
    {
        using var playwright = await Playwright.CreateAsync();
        var path = Places.FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"There is no Chromium on this machine; looked for {string.Join(", ", Places)}. Install one, such as "
            + "Debian's package chromium.");
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = ["--headless", "--no-sandbox", "--disable-gpu"] });
        await using var served = await Served.StartAsync(() => new FakeStudent { Answer = AnswerKind.Choice });
        var page = await browser.NewPageAsync();
        List<string> said = [];
        page.Console += (_, message) => said.Add(message.Text);
        page.PageError += (_, error) => said.Add(error);
        await page.GotoAsync(served.Server.Address.ToString());

        await page.FillAsync("#input", "Where do birds sleep?");
        await page.FillAsync("#choices", "<b>a tree</b>\na desk");
        await page.ClickAsync("#ask-why");
        await page.WaitForSelectorAsync("#why:visible");

        Assert.Equal("<b>a tree</b>", await page.InnerTextAsync("#said"));
        Assert.Equal(2, await page.Locator(".bar").CountAsync());
        Assert.Equal("because of Where do birds sleep?", await page.InnerTextAsync("#why"));
        Assert.Empty(said);
    }

    [GeneratedRegex(" id=\"([^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("(?:at|show)\\(\"([^\"]+)\"")]
    private static partial Regex Used();
}
