using System.Text;
using StepDistill.Cli;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var signals = new StopSignals();
return await CommandLine.RunAsync(args, Console.Out, Console.Error, signals.Token);
