using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Odin.Git;

/// <summary>Talks with a program over its standard input and output. Both are closed by the runner.</summary>
internal delegate Task ProgramDialogue(Stream input, Stream output, CancellationToken cancellationToken);

/// <summary>How a program ended. Errors: the last 16 KiB of its standard error.</summary>
internal readonly record struct ProgramEnd(int ExitCode, string Errors);

/// <summary>Runs short programs to their end: argument list, given environment only, bounded time and memory.</summary>
internal static class ProgramRunner
{
    private const int ErrorsKept = 16 * 1024;

    // A helper in the background may hold on to standard error after the program has ended.
    private static readonly TimeSpan ErrorsWait = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Starts the program and lets it talk. When time is up, the caller gives up or the dialogue fails, the program is killed
    /// with everything that it started.
    /// </summary>
    /// <exception cref="TimeoutException">The program did not end in time.</exception>
    /// <exception cref="Win32Exception">The program does not exist or cannot be started.</exception>
    public static async Task<ProgramEnd> RunAsync(
        ProcessStartInfo start, ProgramDialogue talk, TimeSpan timeout, CancellationToken cancellationToken)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;
        cancellationToken.ThrowIfCancellationRequested();
        using var process = new Process { StartInfo = start };
        process.Start();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        // A read that is blocked in a pipe does not see a token: the death of the other end wakes it.
        await using var killer = limit.Token.Register(() => Kill(process));
        var errors = ReadTailAsync(process.StandardError.BaseStream);
        try
        {
            await TalkAsync(process, talk, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            limit.Token.ThrowIfCancellationRequested();
            return new ProgramEnd(process.ExitCode, await LastWordsAsync(errors));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"'{Path.GetFileName(start.FileName)}' did not end within {timeout.TotalSeconds:0.#} s.");
        }
        finally
        {
            Kill(process);
        }
    }

    private static async Task TalkAsync(Process process, ProgramDialogue talk, CancellationToken cancellationToken)
    {
        var input = process.StandardInput.BaseStream;
        try
        {
            await talk(input, process.StandardOutput.BaseStream, cancellationToken);
            await input.DisposeAsync();
        }
        catch (IOException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested && ClosedByProgram(process))
        {
            // The program ended before it had read everything; its exit code and last words say why.
        }
    }

    private static bool ClosedByProgram(Process process) => process.WaitForExit(TimeSpan.FromSeconds(1)) && process.ExitCode != 0;

    private static async Task<string> LastWordsAsync(Task<string> errors)
    {
        try
        {
            return await errors.WaitAsync(ErrorsWait);
        }
        catch (TimeoutException)
        {
            return "";
        }
    }

    private static async Task<string> ReadTailAsync(Stream stream)
    {
        var kept = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
            {
                kept.Write(buffer, 0, count);
                if (kept.Length > 2 * ErrorsKept)
                {
                    var tail = kept.ToArray()[^ErrorsKept..];
                    kept.SetLength(0);
                    kept.Write(tail);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The program was killed; what was read so far is all there is.
        }
        return Encoding.UTF8.GetString(kept.ToArray()[^(int)Math.Min(kept.Length, ErrorsKept)..]);
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended between the question and the blow.
        }
    }
}
