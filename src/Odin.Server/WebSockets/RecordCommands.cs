using Odin.Server.Runs;

namespace Odin.Server.WebSockets;

/// <summary>PING: any text; answers <c>PONG text</c>.</summary>
internal sealed class PingCommand : ISocketCommand
{
    public string Name => "PING";

    public Task RunAsync(SocketCall call, CancellationToken cancellationToken) =>
        call.Channel.OkAsync($"PONG {call.Request.Text}", cancellationToken);
}

/// <summary>DATA: the record of a run or a task.</summary>
internal sealed class DataCommand(RunReader reader) : ISocketCommand
{
    public string Name => "DATA";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var id = call.Request.Member("resource");
        var record = await reader.FindRecordAsync(id, cancellationToken) ?? throw NoSuchJob(id);
        await call.Channel.OkAsync(
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("success", true);
                json.WritePropertyName("jobs");
                record.WriteTo(json);
                json.WriteEndObject();
            },
            cancellationToken);
    }

    // The inherited words, quotes and all.
    internal static SocketRequestException NoSuchJob(string id) => new($"'No job {id} found in jobs DB'");
}

/// <summary>EVENTS: the history of a task, or of all tasks of a run.</summary>
internal sealed class EventsCommand(RunReader reader) : ISocketCommand
{
    public string Name => "EVENTS";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var id = call.Request.Member("resource");
        var events = await reader.FindEventsAsync(id, cancellationToken) ?? throw DataCommand.NoSuchJob(id);
        await call.Channel.OkAsync(
            json =>
            {
                json.WriteStartArray();
                foreach (var (_, e) in events)
                {
                    json.WriteStartObject();
                    json.WriteString("type", e.Type);
                    json.WriteString("reason", e.Reason);
                    json.WriteString("source", e.Source);
                    json.WriteString("message", e.Message);
                    json.WriteString("timestamp", EventTime.Of(e.Timestamp));
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            },
            cancellationToken);
    }
}
