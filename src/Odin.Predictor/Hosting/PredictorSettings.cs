using System.Globalization;
using System.Net;

namespace Odin.Predictor.Hosting;

/// <summary>Reads <see cref="PredictorOptions"/>, and collects everything that is wrong with what it reads.</summary>
/// <param name="variable">Looks a variable of the environment up.</param>
internal sealed class PredictorSettings(Func<string, string?> variable)
{
    public const string Usage = "usage: odin-predictor [--host ADDRESS] [--port PORT] [--socket PATH]";

    private readonly List<string> errors = [];

    /// <summary>In the words of a user, in the order of reading; empty when the options can be used.</summary>
    public IReadOnlyList<string> Errors => errors;

    public PredictorOptions Read(IReadOnlyList<string> arguments)
    {
        var options = ReadArguments(arguments) with
        {
            Location = Text("MODEL_LOCATION", "."),
            Entrypoint = Text("MODEL_ENTRYPOINT", "entrypoint"),
            ModelName = Text("ODAHU_MODEL_NAME", "model"),
            ModelVersion = Text("ODAHU_MODEL_VERSION", "1.0"),
            Python = Text("ODIN_PREDICT_PYTHON", "python3"),
            Workers = (int)Number("ODIN_PREDICT_WORKERS", 1, 1, 1024),
            Threads = (int)Number("ODIN_PREDICT_THREADS", 1, 1, 1024),
            Timeout = TimeSpan.FromSeconds(Number("ODIN_PREDICT_TIMEOUT", 60, 1, 86_400)),
            BatchRows = (int)Number("ODIN_PREDICT_BATCH_ROWS", 64, 1, 1_000_000),
            BatchDelay = TimeSpan.FromMilliseconds(Number("ODIN_PREDICT_BATCH_DELAY_MS", 0, 0, 10_000)),
            Queue = (int)Number("ODIN_PREDICT_QUEUE", 256, 1, 1_000_000),
            MaxBody = Bytes("ODIN_PREDICT_MAX_BODY", 1L << 30) ?? 32 << 20,
            Drain = TimeSpan.FromSeconds(Number("ODIN_PREDICT_DRAIN", 30, 0, 86_400)),
            WorkerMemory = Bytes("ODIN_PREDICT_WORKER_MEMORY", 1L << 44),
            IsChecked = OnOff("ODIN_PREDICT_CHECK"),
        };
        if (!Directory.Exists(options.Location))
            errors.Add($"MODEL_LOCATION is '{options.Location}', which is no directory; set it to the directory of the model.");
        return options with { Runtime = FindRuntime() };
    }

    private PredictorOptions ReadArguments(IReadOnlyList<string> arguments)
    {
        var options = new PredictorOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--host" when IPAddress.TryParse(value == "localhost" ? "127.0.0.1" : value, out var address):
                    options = options with { Address = address };
                    break;
                case "--port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536:
                    options = options with { Port = port };
                    break;
                // The system's own limit, with its end.
                case "--socket" when value is { Length: > 0 and < 108 }:
                    options = options with { Socket = value };
                    break;
                default:
                    errors.Add($"'{arguments[i]}{(value is null ? "" : $" {value}")}' is not understood.\n{Usage}");
                    break;
            }
        }
        return options;
    }

    private string Text(string name, string otherwise) => variable(name) is { Length: > 0 } text ? text : otherwise;

    private long Number(string name, long otherwise, long least, long most)
    {
        if (variable(name) is not { Length: > 0 } text)
            return otherwise;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        errors.Add($"{name} is '{text}'; it must be a whole number from {least} to {most}.");
        return otherwise;
    }

    private long? Bytes(string name, long most)
    {
        if (variable(name) is not { Length: > 0 } text)
            return null;
        var (digits, unit) = text switch
        {
            [.. var head, 'K', 'i'] => (head, 1L << 10),
            [.. var head, 'M', 'i'] => (head, 1L << 20),
            [.. var head, 'G', 'i'] => (head, 1L << 30),
            _ => (text, 1L),
        };
        if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most / unit)
            return number * unit;
        errors.Add($"{name} is '{text}'; it must be a number of bytes, such as 33554432 or 32Mi (Ki, Mi, Gi), at most {most}.");
        return null;
    }

    private bool OnOff(string name)
    {
        var text = Text(name, "on");
        if (text is not ("on" or "off"))
            errors.Add($"{name} is '{text}'; it must be on or off.");
        return text != "off";
    }

    // In an image beside us, in an installation beside the server, in a checkout above.
    private string FindRuntime()
    {
        if (variable("ODIN_PREDICT_RUNTIME") is { Length: > 0 } given)
        {
            if (!File.Exists(Path.Combine(given, "__main__.py")))
                errors.Add($"ODIN_PREDICT_RUNTIME is '{given}', where no odin_runtime lies.");
            return given;
        }
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            foreach (var place in new[] { "odin_runtime", Path.Combine("python", "odin_runtime") })
            {
                var path = Path.Combine(directory.FullName, place);
                if (File.Exists(Path.Combine(path, "__main__.py")))
                    return path;
            }
        }
        errors.Add("The Python part, odin_runtime, does not lie beside this program; name its directory by ODIN_PREDICT_RUNTIME.");
        return "";
    }
}
