using System.Diagnostics;

namespace Odin.Testing;

/// <summary>Makes files that are none.</summary>
internal static class SpecialFile
{
    /// <summary>A named pipe: who opens it for reading waits until somebody opens it for writing.</summary>
    public static void MakePipe(string path)
    {
        using var program = Process.Start("mkfifo", [path]);
        program.WaitForExit();
        Assert.Equal(0, program.ExitCode);
    }
}
