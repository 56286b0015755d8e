using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StepDistill.Cli.Rendering;

/// <summary>Writes what a server logs as messages of the terminal.</summary>
/// <param name="terminal">The terminal.</param>
internal sealed class TerminalLog(Terminal terminal) : ILoggerProvider, ILogger
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            terminal.Note(logLevel >= LogLevel.Warning ? $"{logLevel}: {formatter(state, exception)}" : formatter(state, exception));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>Adds <see cref="TerminalLog"/>.</summary>
internal static class TerminalLogging
{
    /// <summary>Lets a server log to a terminal.</summary>
    public static void AddTerminal(this ILoggingBuilder logging, Terminal terminal) =>
        logging.Services.AddSingleton<ILoggerProvider>(new TerminalLog(terminal));
}
