using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary>What a run would do, for people.</summary>
internal static class PlanText
{
    public static void Write(Printer printer, ApiAnswer answer)
    {
        var plan = answer.Read("plan", CliJson.Default.PlanRecord);
        var tasks = plan.Tasks ?? [];
        foreach (var warning in plan.Warnings ?? [])
            printer.Note(warning.ToString());
        if (printer.Data(answer.Body, tasks.Select(t => t.Name)))
            return;
        printer.Say($"{plan.Job}{(plan.Commit is { } commit ? $" at commit {commit}" : "")}: nothing was started. It would do:");
        foreach (var task in tasks)
        {
            printer.Say("");
            printer.Say($"{task.Name}  [{task.Decision}] {task.Because}".TrimEnd());
            if (task.DependsOn is { Count: > 0 })
                printer.Say($"    after    {string.Join(", ", task.DependsOn)}");
            printer.Say($"    command  {string.Join(' ', (task.Command ?? []).Concat(task.Args ?? []).Select(Quote))}");
        }
    }

    // As a shell would need it, so that the line can be tried by hand.
    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or ',' or '@' or '+' or '%')
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
