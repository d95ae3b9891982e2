using System.Text.Json;
using Odin.Runs;
using Odin.Server.Runs;

namespace Odin.Server.WebSockets;

/// <summary>PING: any text; answers <c>PONG text</c>.</summary>
internal sealed class PingCommand : ISocketCommand
{
    public string Name => "PING";

    public Task RunAsync(SocketCall call, CancellationToken cancellationToken) =>
        call.Channel.OkAsync($"PONG {call.Request.Text}", cancellationToken);
}

/// <summary>STATUS: part of an id; answers a list of runs with their tasks, newest first. The client crashes on any other key.</summary>
internal sealed class StatusCommand(RunReader reader) : ISocketCommand
{
    // The client refuses frames over 1 MiB; older runs are left out rather than all of them lost.
    private const int MostBytes = 900 * 1024;

    public string Name => "STATUS";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var page = await reader.ListAsync(new RunFilter { Text = call.Request.Text }, cancellationToken);
        var views = new List<RunView>();
        foreach (var run in page.Items)
            views.Add(new RunView(run, await reader.TasksAsync(run.Id, cancellationToken)));
        await call.Channel.OkAsync(json => Write(json, views), cancellationToken);
    }

    private static void Write(Utf8JsonWriter json, List<RunView> views)
    {
        var start = json.BytesCommitted + json.BytesPending;
        json.WriteStartArray();
        foreach (var (run, tasks) in views)
        {
            json.WriteStartObject();
            WriteRun(json, run);
            json.WriteStartArray("task_statuses");
            foreach (var task in TaskOrder.Of(run, tasks))
                WriteTask(json, run, task);
            json.WriteEndArray();
            json.WriteEndObject();
            if (json.BytesCommitted + json.BytesPending - start > MostBytes)
                break;
        }
        json.WriteEndArray();
    }

    private static void WriteRun(Utf8JsonWriter json, Run run)
    {
        json.WriteStartObject("pipeline_status");
        json.WriteString("label", run.Id);
        json.WriteString("job", run.Spec.Job);
        json.WriteString("version", run.Spec.Commit);
        json.WriteString("status", InheritedStatus.Of(run.Status.Phase));
        json.WriteString("submitted", InheritedStatus.Time(run.Metadata.Created));
        json.WriteString("completed", WireTime.Of(run.Status.Finished));
        json.WriteEndObject();
    }

    private static void WriteTask(Utf8JsonWriter json, Run run, TaskRun task)
    {
        json.WriteStartObject();
        json.WriteString("task", task.Id);
        json.WriteString("status", InheritedStatus.Of(run, task));
        json.WriteString("command", TaskStatusWire.CommandText(task));
        json.WriteString("name", task.Spec.Task.Name);
        json.WriteString("image", task.Spec.Task.Image);
        json.WriteString("resource_type", task.Spec.Task.ResourceType);
        json.WriteString("resource_id", task.Status.ResourceId);
        json.WriteString("submitted", WireTime.Of(task.Status.Submitted));
        json.WriteString("completed", WireTime.Of(task.Status.Finished));
        json.WriteEndObject();
    }
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
