using System.Buffers;
using System.Net.WebSockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.WebSockets;

/// <summary>Frames of the inherited protocol over one WebSocket; one caller may send while another reads.</summary>
internal sealed class SocketChannel(WebSocket socket)
{
    /// <summary>The largest message that we take, and that the inherited client takes.</summary>
    public const int MaxMessage = 1024 * 1024;

    /// <summary>How text is written in frames.</summary>
    public static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Sent back in each frame.</summary>
    public JsonObject Extra { get; set; } = [];

    /// <summary>The first message; null: the client has left.</summary>
    /// <exception cref="SocketRequestException">It is binary.</exception>
    public async Task<byte[]?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.GetMemory(4096), cancellationToken);
            if (result.MessageType == WebSocketMessageType.Close)
                return null;
            if (result.MessageType == WebSocketMessageType.Binary)
                throw new SocketRequestException("A request must be a text frame.");
            buffer.Advance(result.Count);
            if (buffer.WrittenCount > MaxMessage)
                throw new MessageTooBigException();
            if (result.EndOfMessage)
                return buffer.WrittenSpan.ToArray();
        }
    }

    /// <summary>Returns when the client closes or vanishes; what it still sends is thrown away.</summary>
    public async Task WaitForCloseAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // Gone without a word.
        }
    }

    public Task OkAsync(Action<Utf8JsonWriter> response, CancellationToken cancellationToken) => SendAsync("OK", response, Extra, cancellationToken);

    public Task OkAsync(string text, CancellationToken cancellationToken) => OkAsync(json => json.WriteStringValue(text), cancellationToken);

    public Task EndAsync(string text, CancellationToken cancellationToken) =>
        SendAsync("END", json => json.WriteStringValue(text), Extra, cancellationToken);

    /// <summary>An error that the protocol knows; the extra members go with it.</summary>
    public Task RefuseAsync(string text, CancellationToken cancellationToken) =>
        SendAsync("ERROR", json => json.WriteStringValue(text), Extra, cancellationToken);

    /// <summary>An error that stands for an exception of the inherited server; the extra members stay away.</summary>
    public Task ErrorAsync(string text, CancellationToken cancellationToken) =>
        SendAsync("ERROR", json => json.WriteStringValue(text), [], cancellationToken);

    public async Task CloseAsync(WebSocketCloseStatus status, string? reason, CancellationToken cancellationToken)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync(status, reason, cancellationToken);
    }

    private async Task SendAsync(string status, Action<Utf8JsonWriter> response, JsonObject extra, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("status", status);
            json.WritePropertyName("response");
            response(json);
            foreach (var (name, value) in extra)
            {
                // A client that calls its own member "status" loses that member, not ours.
                if (name is "status" or "response")
                    continue;
                json.WritePropertyName(name);
                if (value is null)
                    json.WriteNullValue();
                else
                    value.WriteTo(json);
            }
            json.WriteEndObject();
        }
        await socket.SendAsync(buffer.WrittenMemory, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
    }
}

/// <summary>The client sends more than anybody needs; the connection is closed with 1009.</summary>
internal sealed class MessageTooBigException() : Exception("The message is too big.");
