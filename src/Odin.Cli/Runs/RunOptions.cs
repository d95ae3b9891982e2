using System.CommandLine;

namespace Odin.Cli.Runs;

/// <summary>Options that several commands on runs share.</summary>
internal static class RunOptions
{
    public static readonly Option<bool> Wait = new("--wait")
    {
        Description = "Wait for the end; the exit code is 0 only if the run succeeded.",
    };

    public static readonly Option<bool> Watch = new("--watch", "-w")
    {
        Description = "Show the tasks as they go on, and wait for the end.",
    };

    public static readonly Option<string?> From = new("--from")
    {
        Description = "Take over what succeeded before this task, and run it and all after it.",
        HelpName = "TASK",
    };

    /// <summary>Shown in the help only: these are taken out of the command line before it is parsed.</summary>
    public static readonly Option<string?> TemplateValue = new("--x:KEY")
    {
        Description = "A parameter or template value, any number of times. Dots in the key nest; a repeated key makes a list.",
        HelpName = "VALUE",
    };
}
