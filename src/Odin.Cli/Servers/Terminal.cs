using System.Text;

namespace Odin.Cli.Servers;

/// <summary>Questions to the person at the terminal.</summary>
internal static class Terminal
{
    /// <summary>A line that may be read by others; empty: the default.</summary>
    public static string Ask(CliEnvironment environment, string prompt, string? defaultValue)
    {
        environment.Error.Write(defaultValue is null ? prompt : $"{prompt}[{defaultValue}] ");
        environment.Error.Flush();
        var answer = environment.In.ReadLine()?.Trim();
        return string.IsNullOrEmpty(answer) ? defaultValue ?? "" : answer;
    }

    /// <summary>A secret: each key shows as a star.</summary>
    public static string AskSecret(CliEnvironment environment, string prompt)
    {
        environment.Error.Write(prompt);
        environment.Error.Flush();
        var secret = new StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter)
                break;
            if (key.Key == ConsoleKey.Backspace && secret.Length > 0)
            {
                secret.Length--;
                environment.Error.Write("\b \b");
            }
            else if (!char.IsControl(key.KeyChar))
            {
                secret.Append(key.KeyChar);
                environment.Error.Write('*');
            }
            environment.Error.Flush();
        }
        environment.Error.WriteLine();
        return secret.ToString();
    }
}
