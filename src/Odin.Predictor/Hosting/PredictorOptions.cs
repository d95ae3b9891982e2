using System.Net;

namespace Odin.Predictor.Hosting;

/// <summary>How the model server was started: by its arguments and by the variables that the packaging set in the image.</summary>
internal sealed record PredictorOptions
{
    /// <summary>That it listens on, unless there is a <see cref="Socket"/>.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    public int Port { get; init; } = 5000;

    /// <summary>The path of a Unix socket to listen on instead.</summary>
    public string? Socket { get; init; }

    /// <summary>The directory of the model.</summary>
    public string Location { get; init; } = ".";

    /// <summary>The Python module in it.</summary>
    public string Entrypoint { get; init; } = "entrypoint";

    public string ModelName { get; init; } = "model";

    public string ModelVersion { get; init; } = "1.0";

    /// <summary>The Python of the model.</summary>
    public string Python { get; init; } = "python3";

    /// <summary>The directory <c>odin_runtime</c>.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>Processes that hold the model.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Calls that one of them runs at once.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>From the arrival of a request to its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Rows of several requests that are joined for one call of the model; 1: none.</summary>
    public int BatchRows { get; init; } = 64;

    /// <summary>How long a request waits for others to join; zero: only those that wait anyway are joined.</summary>
    public TimeSpan BatchDelay { get; init; }

    /// <summary>Requests that may wait for a worker.</summary>
    public int Queue { get; init; } = 256;

    /// <summary>Bytes of a request's body.</summary>
    public long MaxBody { get; init; } = 32 << 20;

    /// <summary>How long requests that run may go on when the server is told to end.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Resident bytes above which a worker is replaced; null: no limit.</summary>
    public long? WorkerMemory { get; init; }

    /// <summary>Whether names and types of columns are checked by the model's sample before the model is called.</summary>
    public bool IsChecked { get; init; } = true;
}
