using Microsoft.Playwright;

namespace StepDistill.Reports.Tests;

/// <summary>A browser that is on this machine already; none is ever downloaded.</summary>
internal static class Chromium
{
    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private static readonly string[] Places =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", @"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];

    /// <summary>Starts it; the test is skipped where there is none.</summary>
    public static async Task<IBrowser> StartAsync(IPlaywright playwright)
    {
        var path = Places.FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"There is no Chromium on this machine; looked for {string.Join(", ", Places)}. Install one, such as "
            + "Debian's package chromium.");
        return await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Flags });
    }
}
