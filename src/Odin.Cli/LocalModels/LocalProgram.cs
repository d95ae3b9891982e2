using System.ComponentModel;
using System.Diagnostics;
using Odin.Cli.Odahuflowctl;
using Odin.Toolchains;

namespace Odin.Cli.LocalModels;

/// <summary>Runs the program of a toolchain or of a packaging integration as a process of this machine, and prints what it writes.</summary>
/// <param name="errors">Where its standard error goes.</param>
internal sealed class LocalProgram(CliEnvironment environment, TextWriter errors)
{
    private readonly Lock writing = new();

    /// <summary>The programs of ours, which lie beside this one; null: they were left out of it.</summary>
    public static string? OwnDirectory => PythonRuntime.FindDirectory();

    /// <returns>Its exit code.</returns>
    public async Task<int> RunAsync(
        string program, IReadOnlyList<string> arguments, string directory, IReadOnlyDictionary<string, string> variables, Action<int> started, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Resolve(program), arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        if (OwnDirectory is { } own)
            start.Environment["PATH"] = $"{own}{Path.PathSeparator}{environment["PATH"] ?? Environment.GetEnvironmentVariable("PATH")}";
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Show(environment.Out, line.Data);
        process.ErrorDataReceived += (_, line) => Show(errors, line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw CtlSession.Failure($"{program}: {e.Message}");
        }
        process.StandardInput.Close();
        started(process.Id);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode;
    }

    // In an image a program may lie anywhere; here it is looked for by its name.
    private string Resolve(string program)
    {
        var name = Path.GetFileName(program);
        var path = environment["PATH"] ?? Environment.GetEnvironmentVariable("PATH") ?? "";
        string?[] places = [program, OwnDirectory is { } own ? Path.Combine(own, name) : null, .. path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(d => Path.Combine(d, name))];
        return places.OfType<string>().FirstOrDefault(p => Path.IsPathRooted(p) && File.Exists(p)) ?? throw CtlSession.Failure(CtlMessages.ProgramMissing(program));
    }

    private void Show(TextWriter writer, string? line)
    {
        if (line is null)
            return;
        lock (writing)
        {
            writer.WriteLine(line);
            writer.Flush();
        }
    }
}
