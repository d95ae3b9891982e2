using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Odin.Predictor;

/// <summary>How the model server was started.</summary>
/// <param name="Address">That it listens on. Default: all of them.</param>
/// <param name="Port">Default 5000.</param>
internal sealed record PredictorOptions(IPAddress Address, int Port)
{
    private const string Usage = "usage: odin-predictor [--host ADDRESS] [--port PORT]";
    private const int DefaultPort = 5000;

    /// <summary>Reads the arguments of the program.</summary>
    /// <param name="error">What is wrong, and how it is used.</param>
    public static bool TryRead(IReadOnlyList<string> arguments, [NotNullWhen(true)] out PredictorOptions? options, [NotNullWhen(false)] out string? error)
    {
        (options, error) = (new PredictorOptions(IPAddress.Any, DefaultPort), null);
        for (var i = 0; i < arguments.Count && error is null; i += 2)
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
                default:
                    error = $"odin-predictor: '{arguments[i]}{(value is null ? "" : $" {value}")}' is not understood.\n{Usage}";
                    options = null;
                    return false;
            }
        }
        return true;
    }
}
