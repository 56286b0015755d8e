using System.Text;
using StepDistill.Cli;
using StepDistill.Cli.Stages;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var signals = new StopSignals();
return await CommandLine.RunAsync(args, RealStages.Create(), Console.Out, Console.Error, signals.Token);
