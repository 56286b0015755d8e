// Dropout draws from the library's one generator for the whole process, so tests that rely on its state must not run
// beside others. The library uses all cores for each test anyway.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
