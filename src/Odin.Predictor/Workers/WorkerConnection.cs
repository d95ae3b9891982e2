using System.Buffers.Binary;
using System.Net.Sockets;

namespace Odin.Predictor.Workers;

/// <summary>One connection of a worker: frames of a length, a letter and a content, as in <c>odin_runtime/prediction_worker.py</c>.</summary>
internal sealed class WorkerConnection(Socket socket) : IDisposable
{
    public const byte Hello = (byte)'H', Ready = (byte)'R', Failed = (byte)'F', Prediction = (byte)'P', Error = (byte)'E', Call = (byte)'C';

    /// <summary>The connection on which nothing is said.</summary>
    public const int Watch = 65535;

    private const int HeadLength = 5, SmallBuffer = 1 << 16, KeptBuffer = 1 << 20;

    private byte[] output = [];

    /// <summary>Sends one frame.</summary>
    /// <param name="write">Writes the content into a span of the length that it asks for, and returns the length.</param>
    public async Task SendAsync(byte letter, Func<Func<int, Span<byte>>, int> write, CancellationToken cancellationToken)
    {
        var length = write(Take);
        BinaryPrimitives.WriteInt32LittleEndian(output, length + 1);
        output[4] = letter;
        var rest = output.AsMemory(0, HeadLength + length);
        while (!rest.IsEmpty)
            rest = rest[await socket.SendAsync(rest, cancellationToken)..];
        if (output.Length > KeptBuffer)
            output = [];
    }

    /// <summary>The letter and the content of the next frame. The content is the caller's.</summary>
    /// <param name="isAlone">False: another frame may come right behind it, as one may behind the first.</param>
    /// <exception cref="EndOfStreamException">The other side has closed.</exception>
    public async Task<(byte Letter, ReadOnlyMemory<byte> Content)> ReceiveAsync(bool isAlone, CancellationToken cancellationToken)
    {
        // One that is alone may be read in one go, whatever its length. It is handed on without a copy, hence a buffer for each.
        var buffer = new byte[isAlone ? 4096 : HeadLength];
        var count = 0;
        while (count < HeadLength)
            count += await ReadAsync(buffer.AsMemory(count), cancellationToken);
        var length = 4 + (long)BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        if (length is < HeadLength or > int.MaxValue)
            throw new InvalidDataException($"A frame of a worker has the length {length}.");
        if (length > buffer.Length)
        {
            // Grows with what comes: a length alone costs nothing.
            Array.Resize(ref buffer, (int)Math.Min(length, SmallBuffer));
            while (count < length)
            {
                if (count == buffer.Length)
                    Array.Resize(ref buffer, (int)Math.Min(length, 2L * buffer.Length));
                count += await ReadAsync(buffer.AsMemory(count), cancellationToken);
            }
        }
        while (count < length)
            count += await ReadAsync(buffer.AsMemory(count, (int)length - count), cancellationToken);
        return (buffer[4], buffer.AsMemory(HeadLength, (int)length - HeadLength));
    }

    public void Dispose() => socket.Dispose();

    private async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = await socket.ReceiveAsync(buffer, cancellationToken);
        return count > 0 ? count : throw new EndOfStreamException("The worker has closed its connection.");
    }

    private Span<byte> Take(int length)
    {
        if (output.Length < HeadLength + length)
            output = new byte[Math.Max(HeadLength + length, 4096)];
        return output.AsSpan(HeadLength, length);
    }
}
