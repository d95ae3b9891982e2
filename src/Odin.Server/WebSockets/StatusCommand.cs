using System.Buffers;
using System.Text.Json;
using Odin.Runs;
using Odin.Server.Runs;
using Odin.Storage;

namespace Odin.Server.WebSockets;

/// <summary>
/// STATUS: part of an id; answers a list of runs with their tasks, newest first. The client crashes on any other key.
/// </summary>
/// <remarks>
/// The client also refuses frames over 1 MiB: older runs that do not fit are left out rather than all of them lost, and
/// of a newest run that is too large alone only as many tasks are shown as fit. No more is read than is shown, but for
/// a page.
/// </remarks>
internal sealed class StatusCommand(RunReader reader) : ISocketCommand
{
    // Room is left for what the client wants to have back.
    private const int MostBytes = 900 * 1024, MostRuns = ResourceQuery.DefaultLimit, RunsInAPage = 10;

    // {"pipeline_status":…,"task_statuses":[…]},
    private const int Frame = 48;

    public string Name => "STATUS";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var (rows, room) = (new List<byte[]>(), MostBytes);
        await foreach (var run in NewestAsync(call.Request.Text, cancellationToken))
        {
            if (await RowAsync(run, room, mayCut: rows.Count == 0, cancellationToken) is not { } row)
                break;
            rows.Add(row);
            room -= row.Length + 1;
        }
        await call.Channel.OkAsync(json => WriteArray(json, rows), cancellationToken);
    }

    private async IAsyncEnumerable<Run> NewestAsync(
        string text, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = new RunFilter { Text = text, Limit = RunsInAPage };
        for (var read = 0; read < MostRuns;)
        {
            var page = await reader.ListAsync(filter, cancellationToken);
            foreach (var run in page.Items)
                yield return run;
            if (page.Continue is null)
                break;
            (filter, read) = (filter with { Continue = page.Continue }, read + page.Items.Count);
        }
    }

    // Null: it does not fit. Written at once, so that no more than the text is kept of what was read.
    private async Task<byte[]?> RowAsync(Run run, int room, bool mayCut, CancellationToken cancellationToken)
    {
        var head = Write(json => WriteRun(json, run));
        var tasks = new List<(int Rank, int Index, byte[] Json)>();
        room -= head.Length + Frame;
        await foreach (var task in reader.EnumerateTasksAsync(run.Id, cancellationToken))
        {
            var status = InheritedStatus.Of(run, task);
            var text = Write(json => WriteTask(json, task, status));
            room -= text.Length + 1;
            if (room < 0)
                break;
            tasks.Add((TaskOrder.Rank(status), task.Spec.Index, text));
        }
        return room < 0 && !mayCut
            ? null
            : Write(json =>
            {
                json.WriteStartObject();
                json.WritePropertyName("pipeline_status");
                json.WriteRawValue(head, skipInputValidation: true);
                json.WritePropertyName("task_statuses");
                WriteArray(json, tasks.OrderBy(t => t.Rank).ThenBy(t => t.Index).Select(t => t.Json));
                json.WriteEndObject();
            });
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, SocketChannel.Json))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteArray(Utf8JsonWriter json, IEnumerable<byte[]> items)
    {
        json.WriteStartArray();
        foreach (var item in items)
            json.WriteRawValue(item, skipInputValidation: true);
        json.WriteEndArray();
    }

    private static void WriteRun(Utf8JsonWriter json, Run run)
    {
        json.WriteStartObject();
        json.WriteString("label", run.Id);
        json.WriteString("job", run.Spec.Job);
        json.WriteString("version", run.Spec.Commit);
        json.WriteString("status", InheritedStatus.Of(run.Status.Phase));
        json.WriteString("submitted", InheritedStatus.Time(run.Metadata.Created));
        json.WriteString("completed", WireTime.Of(run.Status.Finished));
        json.WriteEndObject();
    }

    private static void WriteTask(Utf8JsonWriter json, TaskRun task, string status)
    {
        json.WriteStartObject();
        json.WriteString("task", task.Id);
        json.WriteString("status", status);
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
