using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Server.Hosting;

/// <summary>
/// Sees to it that the servers on one database have one data directory: with another one a server would find neither
/// the workspaces nor the programs of the runs that it takes over, and take them for lost.
/// </summary>
internal sealed partial class SharedDirectory(IResourceStore store, DataDirectory data, TimeProvider time, ILogger<SharedDirectory> logger)
{
    /// <summary>The file in the data directory that tells it from all others: one line.</summary>
    public const string FileName = "directory-id";

    /// <summary>Claims a new database for the directory. Does nothing where no other server can use the database.</summary>
    /// <exception cref="StartupException">The database belongs to another directory.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (!store.Leases.IsShared)
            return;
        var identity = ReadIdentity();
        var known = await store.FindAsync<DirectoryClaim>(DirectoryClaim.Id, cancellationToken);
        if (known is null)
        {
            var claim = new DirectoryClaim(new ResourceMetadata { Id = DirectoryClaim.Id }, identity, data.Path, Environment.MachineName);
            await store.CreateAsync(claim, time, cancellationToken);
        }
        else if (known.Identity != identity)
        {
            throw new StartupException(
                ExitCodes.Configuration,
                $"The database belongs to the data directory '{known.Path}' (set up on the machine '{known.Machine}'), and this server has '{data.Path}'. "
                + "Servers on one database share one data directory: mount that one here, or give this server a database of its own. "
                + $"If that directory is gone for good, with all that its runs left behind, write '{known.Identity}' into '{data[FileName]}' and start again.");
        }
        else if (known.Path != data.Path)
        {
            LogMoved(known.Path, data.Path);
            await store.UpdateSpecAsync(known with { Path = data.Path, Machine = Environment.MachineName }, time, cancellationToken);
        }
    }

    private string ReadIdentity()
    {
        var file = data[FileName];
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } known)
            return known;
        var identity = Guid.NewGuid().ToString("N");
        PrivateFile.Write(file, Encoding.UTF8.GetBytes(identity + "\n"));
        return identity;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The data directory was '{Before}' when the database was last used, and is now '{Path}'. All servers "
        + "must have it at the same path: unfinished runs look for their files at the old one")]
    private partial void LogMoved(string before, string path);
}

/// <summary>Which data directory the database belongs to; there is one of it.</summary>
/// <param name="Identity">The content of <see cref="SharedDirectory.FileName"/>.</param>
/// <param name="Path">Where it was seen last.</param>
/// <param name="Machine">By which machine.</param>
internal sealed record DirectoryClaim(ResourceMetadata Metadata, string Identity, string Path, string Machine) : IResource<DirectoryClaim>
{
    public const string Id = "data";

    public static string Kind => "DirectoryClaim";

    public static JsonTypeInfo<DirectoryClaim> JsonType => DirectoryClaimJson.Default.DirectoryClaim;

    public static DirectoryClaim WithMetadata(DirectoryClaim resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    [JsonIgnore]
    public string? Parent => null;

    [JsonIgnore]
    public string? Phase => null;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DirectoryClaim))]
internal sealed partial class DirectoryClaimJson : JsonSerializerContext;
