using System.ComponentModel;
using System.Diagnostics;
using System.Xml;

namespace Odin.Nodes;

/// <summary>Asks the driver's program <c>nvidia-smi</c>, for where its library cannot be loaded.</summary>
internal sealed class NvidiaSmi(string program, TimeSpan limit, TimeProvider time)
{
    // A GPU takes some 40 KB, most of it on clocks that it could run at.
    private const int MaxCharacters = 16 << 20;

    /// <summary>Null: there is no such program.</summary>
    public async Task<GpuReport?> ReadAsync(CancellationToken cancellationToken)
    {
        using var process = Start();
        if (process is null)
            return null;
        using var late = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            process.StandardInput.Close();
            var errors = DrainAsync(process.StandardError, both.Token);
            var output = await ReadToEndAsync(process.StandardOutput, both.Token);
            // Not waited for: it is stuck with more to say.
            if (output is null)
                return Failed("writes too much");
            await errors;
            await process.WaitForExitAsync(both.Token);
            return process.ExitCode == 0 ? NvidiaSmiLog.Parse(new StringReader(output))
                : Failed($"ended with {process.ExitCode}: {FirstLine(output)}");
        }
        catch (XmlException e)
        {
            return Failed($"writes what cannot be understood: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed($"has not answered for {limit.TotalSeconds:0.#} s");
        }
        finally
        {
            Kill(process);
        }
    }

    private Process? Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, ["-q", "-x"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static async Task<string?> ReadToEndAsync(StreamReader from, CancellationToken cancellationToken)
    {
        var text = new System.Text.StringBuilder();
        var buffer = new char[32 << 10];
        while (await from.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            if (text.Append(buffer, 0, read).Length > MaxCharacters)
                return null;
        }
        return text.ToString();
    }

    // A full pipe would make the program wait for ever.
    private static Task DrainAsync(StreamReader from, CancellationToken cancellationToken) =>
        from.BaseStream.CopyToAsync(Stream.Null, cancellationToken);

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself.
        }
    }

    private static string FirstLine(string text) => text.Split('\n')[0].Trim() is { Length: > 0 } line ? line[..Math.Min(line.Length, 200)] : "it said nothing";

    private GpuReport Failed(string what) => new(GpuSource.None, [], [$"'{program}' {what}"]);
}
