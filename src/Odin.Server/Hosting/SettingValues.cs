using System.Globalization;

namespace Odin.Server.Hosting;

/// <summary>
/// The settings of one start, from the weakest source to the strongest: defaults, <c>odin.yml</c>, inherited variables,
/// <c>ODIN_…</c> variables, flags. An empty variable counts as not set.
/// </summary>
internal sealed class SettingValues
{
    private readonly Dictionary<string, (string Value, string Source)> values = new(StringComparer.Ordinal);

    private readonly Func<string, string?> environment;

    private SettingValues(Func<string, string?> environment) => this.environment = environment;

    /// <summary>Absolute.</summary>
    public string DataDirectory => Path.GetFullPath(Text(Settings.Data) ?? OdinOptions.FindDataDirectory(environment));

    public static SettingValues Read(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var result = new SettingValues(environment);
        var flags = ReadFlags(arguments);
        result.ReadEnvironment();
        foreach (var (key, (value, flag)) in flags.Where(f => f.Key != "config"))
            result.values[key] = (value, flag);

        var explicitFile = flags.TryGetValue("config", out var config) ? config.Value : environment("ODIN_CONFIG");
        var file = string.IsNullOrEmpty(explicitFile) ? Path.Combine(result.DataDirectory, "odin.yml") : explicitFile;
        if (!File.Exists(file))
        {
            return string.IsNullOrEmpty(explicitFile)
                ? result
                : throw new StartupException(ExitCodes.Configuration, $"The configuration file '{explicitFile}' does not exist.");
        }
        foreach (var (key, value) in YamlSettings.Read(file))
            result.values.TryAdd(key, (value, $"'{key}' in {file}"));
        return result;
    }

    /// <summary>Null: not set; the default holds.</summary>
    public string? Text(Setting setting) => values.TryGetValue(setting.Key, out var found) && found.Value.Length > 0 ? found.Value : null;

    /// <summary>Whether the value comes from the command line.</summary>
    public bool IsFlag(Setting setting) => values.TryGetValue(setting.Key, out var found) && found.Source == setting.Flag;

    public IReadOnlyList<string> List(Setting setting) =>
        Text(setting)?.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    public long? Number(Setting setting, long least) => Text(setting) is not { } text
        ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw Wrong(setting, $"a whole number of at least {least}");

    public int? Number(Setting setting, int least, int most) => Number(setting, least) switch
    {
        { } number when number > most => throw Wrong(setting, $"at most {most}"),
        var number => (int?)number,
    };

    public bool? Flag(Setting setting) => Text(setting)?.ToUpperInvariant() switch
    {
        null => null,
        "TRUE" => true,
        "FALSE" => false,
        _ => throw Wrong(setting, "'true' or 'false'"),
    };

    public TEnum? Choice<TEnum>(Setting setting)
        where TEnum : struct, Enum => Text(setting) is not { } text
            ? null
            : Enum.TryParse<TEnum>(text, ignoreCase: true, out var choice) && Enum.IsDefined(choice) && !char.IsAsciiDigit(text[0])
                ? choice
                : throw Wrong(setting, "one of " + string.Join(", ", Enum.GetNames<TEnum>().Select(n => n.ToLowerInvariant())));

    /// <summary>Seconds, or a number with <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
    public TimeSpan? Duration(Setting setting)
    {
        if (Text(setting) is not { } text)
            return null;
        var unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        var digits = unit == 0 ? text : text[..^1];
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1e9
            ? TimeSpan.FromSeconds(number * Math.Max(1, unit))
            : throw Wrong(setting, "a time such as 43200 (seconds), 90s, 30m, 12h or 7d");
    }

    /// <param name="bounds">As the message says them, such as <c>at least one second</c>.</param>
    public TimeSpan? Duration(Setting setting, TimeSpan least, TimeSpan most, string bounds) => Duration(setting) switch
    {
        { } time when time < least || time > most => throw Wrong(setting, bounds),
        var time => time,
    };

    public StartupException Wrong(Setting setting, string expected)
    {
        var (value, source) = values[setting.Key];
        var shown = setting.IsSecret ? "its value" : $"'{value}'";
        return new StartupException(ExitCodes.Configuration, $"{source}: {shown} is not {expected}.");
    }

    private void ReadEnvironment()
    {
        foreach (var setting in Settings.All)
        {
            foreach (var variable in setting.Inherited.Prepend(setting.Variable))
            {
                if (environment(variable) is not { Length: > 0 } value)
                    continue;
                values[setting.Key] = (value, variable);
                break;
            }
        }
        if (!values.ContainsKey(Settings.Database.Key) && InheritedDatabase() is { } database)
            values[Settings.Database.Key] = (database, "SQL_HOST");
    }

    // Whoever brings the variables of the inherited system means its PostgreSQL.
    private string? InheritedDatabase()
    {
        if (environment("SQL_HOST") is not { Length: > 0 } host)
            return null;
        var builder = new System.Data.Common.DbConnectionStringBuilder { ["Host"] = host };
        foreach (var (variable, key) in new[] { ("DB_PORT", "Port"), ("DB_USER", "Username"), ("DB_PASS", "Password") })
        {
            if (environment(variable) is { Length: > 0 } value)
                builder[key] = value;
        }
        builder["Database"] = environment("DB_NAME") is { Length: > 0 } name ? name : "jobs_db";
        return builder.ConnectionString;
    }

    private static Dictionary<string, (string Value, string Flag)> ReadFlags(IReadOnlyList<string> arguments)
    {
        var flags = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            // As the command line of `odin server` lets people separate what is for the server.
            if (arguments[i] == "--")
                continue;
            var (flag, value) = arguments[i].Split('=', 2) is [var left, var right] ? (left, right) : (arguments[i], null);
            var key = flag == "--config" ? "config" : Settings.All.FirstOrDefault(s => s.Flag == flag)?.Key;
            if (key is null)
                throw new StartupException(ExitCodes.Usage, $"There is no flag '{flag}'. 'odin-server --help' lists them.");
            if (value is null && ++i == arguments.Count)
                throw new StartupException(ExitCodes.Usage, $"The flag '{flag}' needs a value.");
            if (!flags.TryAdd(key, (value ?? arguments[i], flag)))
                throw new StartupException(ExitCodes.Usage, $"The flag '{flag}' is there twice.");
        }
        return flags;
    }
}
