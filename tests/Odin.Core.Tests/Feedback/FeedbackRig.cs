using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Connections;
using Odin.Feedback;
using Odin.Storage;

namespace Odin.Tests.Feedback;

/// <summary>Capture, journal and reader of one server over a directory, by a clock that stands still.</summary>
internal sealed class FeedbackRig : IAsyncDisposable
{
    private readonly InMemoryResourceStore store = new();
    private readonly ConnectionCatalog connections;

    /// <param name="isQuiet">Nothing is written but when it is flushed, so that the clock may make great leaps.</param>
    public FeedbackRig(TemporaryDirectory directory, FeedbackOptions? options = null, bool isQuiet = false)
    {
        Directory = directory["storage"];
        var pause = isQuiet ? TimeSpan.FromDays(30) : TimeSpan.FromMilliseconds(200);
        Options = options ?? new FeedbackOptions();
        connections = new ConnectionCatalog(store, new SealedSecretStore(SecretKeyRing.Of([RandomNumberGenerator.GetBytes(32)])), Time);
        var place = new FeedbackStorage(Options, Directory, new StorageOpener(connections, LocalDirectories.All));
        JournalDirectory = directory["journal"];
        Journal = new FeedbackJournal(Options, JournalDirectory, Time);
        Capture = new PayloadCapture(Options);
        Writer = new CaptureWriter(Capture, place, Journal, Options, Time, NullLogger<CaptureWriter>.Instance) { Pause = pause };
        Delivery = new JournalDelivery(Journal, place, Options, Time, NullLogger<JournalDelivery>.Instance) { Pause = pause };
        Reader = new FeedbackReader(place, Writer, Delivery, Time);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public ManualTime Time { get; } = new(new DateTimeOffset(2026, 3, 4, 10, 6, 0, TimeSpan.Zero));

    public FeedbackOptions Options { get; }

    public string Directory { get; }

    public string JournalDirectory { get; }

    public PayloadCapture Capture { get; }

    public FeedbackJournal Journal { get; }

    public CaptureWriter Writer { get; }

    public JournalDelivery Delivery { get; }

    public FeedbackReader Reader { get; }

    public IEnumerable<string> Keys => System.IO.Directory.Exists(Directory)
        // What is being saved is no object yet.
        ? System.IO.Directory.EnumerateFiles(Directory, "*", SearchOption.AllDirectories).Where(f => !Path.GetFileName(f).StartsWith(".odin-save-", StringComparison.Ordinal)).Select(f => Path.GetRelativePath(Directory, f)).Order(StringComparer.Ordinal)
        : [];

    public async Task<FeedbackRig> StartAsync()
    {
        await Delivery.StartAsync(Token);
        await Writer.StartAsync(Token);
        return this;
    }

    public Task ConnectAsync(string id, ConnectionSpec spec, string keyId = "test", string keySecret = "test") =>
        connections.CreateAsync(id, spec, new ConnectionSecrets(KeyId: Encoding.UTF8.GetBytes(keyId), KeySecret: Encoding.UTF8.GetBytes(keySecret)), Token);

    public async Task FlushAsync()
    {
        await Writer.FlushAsync(Token);
        await Delivery.FlushAsync(Token);
    }

    public CapturedExchange Exchange(string id, string request = "{}", string response = "{}", string model = "wine", string version = "1.0") =>
        Exchange(id, Encoding.UTF8.GetBytes(request), Encoding.UTF8.GetBytes(response)) with { ModelName = model, ModelVersion = version };

    public CapturedExchange Exchange(string id, byte[] request, byte[] response) => new()
    {
        RequestId = id,
        ModelName = "wine",
        ModelVersion = "1.0",
        Time = Time.GetUtcNow(),
        Method = "POST",
        Uri = "/model/wine/api/model/invoke",
        Host = "odin.example.com",
        Status = 200,
        RequestHeaders = [new("Content-Type", "application/json"), new("Authorization", "Bearer secret"), new("X-JWT", "secret"), new("Cookie", "secret"), new("Accept", "a"), new("accept", "b")],
        ResponseHeaders = [new("Model-Name", "wine"), new("Request-Id", id), new("Set-Cookie", "secret")],
        Request = new CapturedBody(request, false),
        Response = new CapturedBody(response, false),
    };

    public Task SayAsync(string id, string json = "{\"truthful\":1}", string model = "wine", string version = "1.0") => Journal.AddAsync(
        new FeedbackRecord { RequestId = id, ModelName = model, ModelVersion = version, Time = Time.GetUtcNow(), Payload = Encoding.UTF8.GetBytes($"{{\"json\":{json}}}") }, Token);

    /// <summary>The records of all objects whose key begins so.</summary>
    public List<JsonObject> Records(string prefix) =>
        [.. Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).SelectMany(k => File.ReadAllLines(Path.Combine(Directory, k))).Select(l => JsonNode.Parse(l)!.AsObject())];

    public FeedbackQuery Query(string? version = "1.0") => new() { ModelName = "wine", ModelVersion = version, Since = Time.GetUtcNow().AddDays(-1) };

    /// <summary>Ends the server in order.</summary>
    public async Task StopAsync()
    {
        await Writer.StopAsync(Token);
        await Delivery.StopAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        await Delivery.StopAsync(CancellationToken.None);
        Writer.Dispose();
        Delivery.Dispose();
        Journal.Dispose();
    }
}
