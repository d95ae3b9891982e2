using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Odin.Execution.Processes;

/// <summary>
/// Starts programs on threads of its own: the system call blocks until the new program is loaded (about 0.3 ms), which
/// would hold up the thread pool.
/// </summary>
internal sealed class ProcessLauncher : IAsyncDisposable
{
    public const string Shell = "/bin/sh";

    /// <summary>Ten seconds for descriptors, memory or processes to become free.</summary>
    private const int Attempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly BlockingCollection<Execution> queue = [];
    private readonly ProcessSpawner spawner = new();
    private readonly Shim shim;
    private readonly LogStore logs;
    private readonly TaskEnvironment environment;
    private readonly Action<Execution, int> started;
    private readonly Action<Execution, ExecutionOutcome> failed;
    private readonly Action<Execution> abandoned;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim stopping = new();
    private int threadsLeft;

    /// <param name="started">Called on a launcher thread with the pid of the shim.</param>
    /// <param name="failed">Called when there is no process, and why.</param>
    /// <param name="abandoned">Called when there is no process because another server is in charge.</param>
    public ProcessLauncher(
        ProcessExecutorOptions options, LogStore logs, Action<Execution, int> started, Action<Execution, ExecutionOutcome> failed, Action<Execution> abandoned)
    {
        shim = new Shim(options.Directory);
        this.logs = logs;
        environment = new TaskEnvironment(Environment.GetEnvironmentVariables(), options.AllowedEnvironment, options.ProgramDirectories);
        this.started = started;
        this.failed = failed;
        this.abandoned = abandoned;
        threadsLeft = options.LauncherThreads;
        for (var i = 0; i < options.LauncherThreads; i++)
            new Thread(Run) { IsBackground = true, Name = $"odin launcher {i + 1}" }.Start();
    }

    public void Add(Execution execution)
    {
        try
        {
            queue.Add(execution);
        }
        catch (InvalidOperationException)
        {
            // We are closing; what has not been started stays accepted, on disk.
        }
    }

    public async ValueTask DisposeAsync()
    {
        stopping.Set();
        queue.CompleteAdding();
        await stopped.Task;
        queue.Dispose();
        spawner.Dispose();
        stopping.Dispose();
    }

    private void Run()
    {
        foreach (var execution in queue.GetConsumingEnumerable())
        {
            if (stopping.IsSet)
                break;
            if (!execution.IsOurs)
            {
                abandoned(execution);
                continue;
            }
            var problem = LaunchPatiently(execution, out var pid);
            if (problem is null)
                started(execution, pid);
            else if (!stopping.IsSet)
                failed(execution, problem.Value);
        }
        if (Interlocked.Decrement(ref threadsLeft) == 0)
            stopped.SetResult();
    }

    private ExecutionOutcome? LaunchPatiently(Execution execution, out int pid)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return Launch(execution, out pid);
            }
            catch (IOException e) when (Native.IsShortage(e))
            {
                pid = 0;
                if (attempt == Attempts || execution.Stop is not null || stopping.Wait(Pause))
                    return ExecutionOutcome.StartFailed($"cannot prepare the start of \"{execution.Spec!.Command[0]}\": {e.Message}");
            }
        }
    }

    /// <exception cref="IOException">Only for a shortage, which may pass.</exception>
    private ExecutionOutcome? Launch(Execution execution, out int pid)
    {
        pid = 0;
        var spec = execution.Spec!;
        try
        {
            var variables = environment.For(spec, execution.Directory);
            if (FindUnusable(spec, variables) is { } problem)
                return ExecutionOutcome.StartFailed(problem);
            MakeDirectory(spec.WorkingDirectory);
            MakeDirectory(Path.GetDirectoryName(logs.PathOf(spec.Key))!);
            var (program, missing) = CommandResolver.Resolve(spec.Command[0], spec.WorkingDirectory, variables["PATH"]);
            if (program is null)
                return missing;
            if (spec.Args.Count == 0 && CommandResolver.IsTheShellsOwn(spec.Command, program))
                program = spec.Command[0];
            string[] command =
                [Shell, shim.Install(), execution.Directory.Path, spec.WorkingDirectory, program, .. spec.Command.Skip(1), .. spec.Args];
            string[] entries = [.. variables.Select(v => $"{v.Key}={v.Value}")];
            var error = spawner.Spawn(command, entries, logs.PathOf(spec.Key), out pid);
            if (Native.IsShortage(error))
                throw new IOException(Describe(error, spec), error);
            return error == 0 ? null : ExecutionOutcome.StartFailed(Describe(error, spec));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !Native.IsShortage(e))
        {
            return ExecutionOutcome.StartFailed($"cannot prepare the start of \"{spec.Command[0]}\": {e.Message}");
        }
    }

    private static void MakeDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The system's own message names but the part of the path that it stumbled over.
            throw new IOException($"the directory \"{path}\" cannot be made ({e.Message})", e) { HResult = e.HResult };
        }
    }

    private static string? FindUnusable(ExecutionSpec spec, Dictionary<string, string> variables)
    {
        if (spec.Command.Concat(spec.Args).Any(c => c.Contains('\0')))
            return "an argument holds a NUL character, which no program can be given";
        foreach (var (name, value) in variables)
        {
            if (!TaskEnvironment.IsName(name))
                return $"\"{name}\" cannot be the name of an environment variable here: use letters, digits and underscores";
            if (value.Contains('\0'))
                return $"the environment variable \"{name}\" holds a NUL character, which no program can be given";
        }
        return null;
    }

    private static string Describe(int error, ExecutionSpec spec) => error == Native.ArgumentsTooLong
        ? $"the arguments of \"{spec.Command[0]}\" are too long for the system (an argument may have 128 KiB): put them into a file"
        : $"the system could not start \"{spec.Command[0]}\": {Marshal.GetPInvokeErrorMessage(error)}";
}
