using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Playwright;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Figures;
using StepDistill.Reports.Pages;

namespace StepDistill.Reports.Tests.Pages;

public sealed partial class ReportPageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Hostile_names_are_text()
    {
        var page = Page(RichReport.Make());

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(&#x27;teacher&#x27;)&lt;/script&gt; &amp; 通义千问 &quot;max&quot;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_is_well_formed_and_every_id_is_unique()
    {
        // HTML's empty elements are closed for the reader of XML.
        var xml = Regex.Replace(Page(RichReport.Make()).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), "<meta ([^>]*)>", "<meta $1/>");
        var ids = XDocument.Parse(xml).Descendants().Select(element => (string?)element.Attribute("id")).Where(id => id is not null).ToList();

        Assert.NotEmpty(ids);
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Nothing_outside_the_page_is_named()
    {
        var page = Page(RichReport.Make());

        Assert.DoesNotContain("src=", page.Replace("img src=x", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
        Assert.All(Url().Matches(page), url => Assert.StartsWith("url(#", url.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Failed_and_stuck_runs_are_told()
    {
        var page = Page(RichReport.Make());

        Assert.Contains(">FAILED</td>", page, StringComparison.Ordinal);
        Assert.Contains(">STUCK</td>", page, StringComparison.Ordinal);
        Assert.Contains("The loss is not a number at step 1,250.", page, StringComparison.Ordinal);
        Assert.Contains("1 failed</td>", page, StringComparison.Ordinal);
        Assert.Contains("A crossed circle is a stuck seed.", page, StringComparison.Ordinal);
        Assert.Contains("1 run failed and has no mark.", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_opens_it_without_an_error_and_without_asking_for_anything()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.StartAsync(playwright);
        var path = ReportFolder.Write(RichReport.Make(), _folder);
        var address = new Uri(path).AbsoluteUri;

        foreach (var (width, scheme) in new[] { (1280, ColorScheme.Light), (390, ColorScheme.Dark) })
        {
            await using var context = await browser.NewContextAsync(new()
            {
                ViewportSize = new() { Width = width, Height = 800 }, ColorScheme = scheme,
            });
            var page = await context.NewPageAsync();
            List<string> problems = [];
            page.Console += (_, message) => problems.Add($"console: {message.Text}");
            page.PageError += (_, error) => problems.Add($"error: {error}");
            page.Request += (_, request) =>
            {
                if (request.Url != address)
                {
                    problems.Add($"request: {request.Url}");
                }
            };
            await page.GotoAsync(address);
            foreach (var details in await page.Locator("summary").AllAsync())
            {
                await details.ClickAsync();
            }

            Assert.Empty(problems);
            Assert.Equal(5, await page.Locator("figure svg").CountAsync());
            Assert.True((await page.Locator("figure svg").First.BoundingBoxAsync())!.Height > 200);
            var (content, window) = (
                await page.EvaluateAsync<int>("document.documentElement.scrollWidth"),
                await page.EvaluateAsync<int>("document.documentElement.clientWidth"));
            Assert.True(content <= window, $"At {width} pixels the page is {content} wide and its window {window}.");
            // The policy let the page's own style in.
            Assert.NotEqual("0px", await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('main')).paddingLeft"));
        }
    }

    private static string Page(ComparisonReport report) => ReportPage.Write(report, new FigureSet(report));

    [GeneratedRegex(@"url\([^)]*\)")]
    private static partial Regex Url();
}
