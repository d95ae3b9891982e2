using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Sockets;

/// <summary>The WebSocket protocol: a connection for each request, one text frame there, one or more back.</summary>
internal static class OdinSocket
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    /// <summary>Sends a command and yields every frame until the server closes.</summary>
    /// <param name="invoker">What to connect through.</param>
    /// <param name="token">Sent as a header, for ports that demand one; null: none.</param>
    public static async IAsyncEnumerable<SocketFrame> ExchangeAsync(
        Connection connection, HttpMessageInvoker invoker, string? token, JsonObject request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        if (token is not null)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        try
        {
            await socket.ConnectAsync(connection.Url, invoker, cancellationToken);
        }
        catch (WebSocketException e)
        {
            throw ServerTransport.ObjectionIn(e) ?? new CliException(
                ExitCode.Unavailable,
                $"cannot reach {connection.Display} (from {connection.Source}): {e.InnerException?.Message ?? e.Message}",
                "Check --host and --port: the WebSocket port is 30000 unless the server was told otherwise.");
        }
        var text = Encoding.UTF8.GetBytes(Printer.Line(request));
        await socket.SendAsync(text, WebSocketMessageType.Text, true, cancellationToken);
        try
        {
            while (await ReceiveAsync(socket, connection, cancellationToken) is { } answer)
            {
                var frame = SocketFrame.Parse(answer);
                yield return frame;
                if (frame.IsEnd || frame.IsError)
                    break;
            }
        }
        finally
        {
            await CloseAsync(socket);
        }
    }

    /// <summary>A run of the protocol in the shape of the REST interface.</summary>
    public static PipelineRecord ToRun(JsonNode? node)
    {
        var status = node?["pipeline_status"];
        return new PipelineRecord
        {
            Id = Text(status, "label"),
            Job = Text(status, "job"),
            Version = Text(status, "version"),
            Status = Text(status, "status"),
            SubmitTime = Text(status, "submitted"),
            CompletionTime = Text(status, "completed"),
            Tasks = [.. (node?["task_statuses"] as JsonArray ?? []).Select(ToTask)],
        };
    }

    private static TaskRecord ToTask(JsonNode? node) => new()
    {
        Task = Text(node, "task"),
        Status = Text(node, "status"),
        Command = Text(node, "command"),
        Name = Text(node, "name"),
        Image = Text(node, "image"),
        ResourceType = Text(node, "resource_type"),
        ResourceId = Text(node, "resource_id"),
        SubmitTime = Text(node, "submitted"),
        CompletionTime = Text(node, "completed"),
    };

    private static string? Text(JsonNode? node, string member) => node?[member] switch
    {
        null => null,
        JsonArray words => string.Join(' ', words.Select(w => w?.ToString())),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        var other => other.ToJsonString(),
    };

    // Takes leave, so that the server sees no broken connection; what it has still to say is not waited for long.
    private static async Task CloseAsync(ClientWebSocket socket)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        using var limit = new CancellationTokenSource(CloseLimit);
        try
        {
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The answer is here; how the connection ends no longer matters.
        }
    }

    private static async Task<string?> ReceiveAsync(ClientWebSocket socket, Connection connection, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            }
            catch (WebSocketException e)
            {
                throw new CliException(ExitCode.Unavailable, $"{connection.Display} broke the connection: {e.Message}", "Try again in a moment.");
            }
            if (part.MessageType == WebSocketMessageType.Close)
                return null;
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length);
        }
    }
}
