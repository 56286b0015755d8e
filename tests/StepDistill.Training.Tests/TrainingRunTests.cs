namespace StepDistill.Training.Tests;

public sealed partial class TrainingRunTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
