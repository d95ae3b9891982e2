using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Tests.Execution;

public sealed class ProcessExecutorTests : ExecutorConformance
{
    protected override IExecutor Create(string state, LogStore logs, int slots) => new ProcessExecutor(
        new ProcessExecutorOptions { Directory = state, MaxParallelTasks = slots, AllowedEnvironment = ["ODIN_TEST_ALLOWED"] },
        logs,
        TimeProvider.System,
        NullLogger<ProcessExecutor>.Instance);
}
