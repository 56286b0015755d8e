using System.CommandLine;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations …</c>: looks at what a teacher would be asked and has said, and carries it from machine to machine.</summary>
internal sealed class AnnotationsVerb : Command
{
    /// <summary>Creates the verb.</summary>
    public AnnotationsVerb(StageSet stages)
        : base("annotations", "Counts, shows, exports and imports a teacher's stored answers; shows what it would be asked.")
    {
        Subcommands.Add(new AnnotationsStatsVerb(stages));
        Subcommands.Add(new AnnotationsListVerb(stages));
        Subcommands.Add(new AnnotationsShowVerb(stages));
        Subcommands.Add(new AnnotationsPromptVerb(stages));
        Subcommands.Add(new AnnotationsExportVerb());
        Subcommands.Add(new AnnotationsImportVerb());
        Subcommands.Add(new AnnotationsImportReleaseVerb());
    }
}
