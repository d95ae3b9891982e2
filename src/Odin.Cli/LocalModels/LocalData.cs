using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Odahuflowctl.Entities;

namespace Odin.Cli.LocalModels;

/// <summary>
/// The data of a training on this machine. What lies in the source already is used as it is. What a connection of the type
/// <c>local</c> has is linked into it for as long as the training takes.
/// </summary>
internal sealed class LocalData : IDisposable
{
    private readonly List<string> links = [], directories = [];

    /// <param name="note">Told of data that has to come from elsewhere.</param>
    public static async Task<LocalData> LayOutAsync(JsonObject training, string source, LocalManifests manifests, Action<string> note, CancellationToken cancellationToken)
    {
        var data = new LocalData();
        try
        {
            foreach (var binding in (training["spec"] as JsonObject)?["data"] as JsonArray ?? [])
                await data.LayOutAsync(binding, source, manifests, note, cancellationToken);
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var link in links)
            File.Delete(link);
        // Those that were made for links; what has come into one meanwhile keeps it.
        foreach (var directory in directories.AsEnumerable().Reverse().Where(d => Directory.Exists(d) && !Directory.EnumerateFileSystemEntries(d).Any()))
            Directory.Delete(directory);
    }

    private void CreateDirectories(string directory)
    {
        if (Directory.Exists(directory))
            return;
        CreateDirectories(Path.GetDirectoryName(directory)!);
        Directory.CreateDirectory(directory);
        directories.Add(directory);
    }

    private async Task LayOutAsync(JsonNode? binding, string source, LocalManifests manifests, Action<string> note, CancellationToken cancellationToken)
    {
        var (local, remote) = (LifecycleNoun.Find(binding, "localPath") ?? "", LifecycleNoun.Find(binding, "remotePath") ?? "");
        var id = LifecycleNoun.Find(binding, "connection") ?? LifecycleNoun.Find(binding, "connName") ?? "";
        var place = Path.GetFullPath(local, source);
        if (!place.StartsWith(source + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw CtlSession.Failure(CtlMessages.DataOutside(local));
        if (Path.Exists(place) && !local.EndsWith('/'))
            return;
        if (await manifests.FindAsync(CtlNoun.Connection, id, cancellationToken) is not { } connection || LifecycleNoun.Find(connection, "spec.type") != "local")
        {
            if (!Path.Exists(place))
                note(CtlMessages.DataMissing(local, id));
            return;
        }
        var origin = Path.Combine(LifecycleNoun.Find(connection, "spec.uri") ?? "", remote);
        if (!Path.Exists(origin))
            throw CtlSession.Failure(CtlMessages.DataNotFound(origin, id));
        // What is a file keeps its name in a directory.
        var link = local.EndsWith('/') && File.Exists(origin) ? Path.Combine(place, Path.GetFileName(origin)) : place.TrimEnd('/');
        if (Path.Exists(link))
            return;
        CreateDirectories(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, origin);
        links.Add(link);
    }
}
