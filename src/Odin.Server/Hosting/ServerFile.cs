using System.Text.Json;
using System.Text.Json.Serialization;

namespace Odin.Server.Hosting;

/// <summary>
/// <c>server.json</c> in the data directory: how a client of the same user on the same machine finds the server that runs
/// on it. It exists while the server runs; after a crash the process id tells that it is stale. Of several servers on one
/// directory it names the one that started last.
/// </summary>
/// <param name="WebSocketUrl">Of the inherited protocol; null: there is none.</param>
/// <param name="AdminUser">The user whose generated password is in <c>admin-password</c> beside it.</param>
internal sealed record ServerFile(string Url, string? WebSocketUrl, int Pid, string Version, string AdminUser)
{
    public const string FileName = "server.json";

    public void Write(DataDirectory data) => PrivateFile.Write(data[FileName], Text());

    /// <summary>Removes the file unless another server has replaced it.</summary>
    public void Remove(DataDirectory data)
    {
        try
        {
            if (File.ReadAllBytes(data[FileName]).AsSpan().SequenceEqual(Text()))
                File.Delete(data[FileName]);
        }
        catch (FileNotFoundException)
        {
            // Another server has replaced it, and has ended since.
        }
    }

    private byte[] Text() => JsonSerializer.SerializeToUtf8Bytes(this, ServerFileJson.Default.ServerFile);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ServerFile))]
internal sealed partial class ServerFileJson : JsonSerializerContext;
