using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Connections;
using Odin.ObjectStorage;
using Odin.Steps;
using Odin.Trainings;

namespace Odin.Cli.LocalModels;

/// <summary>
/// The data of a training on this machine. What lies in the source already is used as it is. What a connection has is linked into
/// it for as long as the training takes; what is not on this machine is downloaded for that.
/// </summary>
/// <param name="source">The directory that the training works in.</param>
/// <param name="fetchDecrypted">Asks a server for a connection with its secrets.</param>
/// <param name="note">Told of downloads, and of data that has to come from elsewhere.</param>
internal sealed class LocalData(string source, LocalManifests manifests, FetchEntity fetchDecrypted, Action<string> note) : IDisposable
{
    private readonly List<string> links = [], directories = [], downloads = [];

    /// <exception cref="CliException">There is no such data, or it cannot be had; nothing is left of it.</exception>
    public async Task LayOutAsync(JsonObject training, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var binding in (training["spec"] as JsonObject)?["data"] as JsonArray ?? [])
                await LayOutAsync(binding, cancellationToken);
        }
        catch
        {
            Dispose();
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
        foreach (var download in downloads.Where(Directory.Exists))
            Directory.Delete(download, recursive: true);
    }

    private void CreateDirectories(string directory)
    {
        if (Directory.Exists(directory))
            return;
        CreateDirectories(Path.GetDirectoryName(directory)!);
        Directory.CreateDirectory(directory);
        directories.Add(directory);
    }

    private async Task LayOutAsync(JsonNode? binding, CancellationToken cancellationToken)
    {
        var (local, remote) = (LifecycleNoun.Find(binding, "localPath") ?? "", LifecycleNoun.Find(binding, "remotePath") ?? "");
        var id = LifecycleNoun.Find(binding, "connection") ?? LifecycleNoun.Find(binding, "connName") ?? "";
        var place = Path.GetFullPath(local, source);
        if (!place.StartsWith(source + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw CtlSession.Failure(CtlMessages.DataOutside(local));
        if (Path.Exists(place) && !local.EndsWith('/'))
            return;
        var connection = await manifests.FindAsync(CtlNoun.Connection, id, cancellationToken);
        if (LifecycleNoun.Find(connection, "spec.type") is var type && type != ConnectionTypes.Local)
        {
            if (!IsEmpty(place))
                return;
            if (ConnectionTypes.Storage.Contains(type ?? ""))
                await DownloadAsync(id, remote, local, cancellationToken);
            else
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
        Link(link, origin);
    }

    private static bool IsEmpty(string path) => !Path.Exists(path) || (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any());

    private async Task DownloadAsync(string id, string remote, string local, CancellationToken cancellationToken)
    {
        // Those that a server shows have their secrets masked.
        var json = manifests.InFiles(CtlNoun.Connection, id) ?? await fetchDecrypted(CtlNoun.Connection, id, cancellationToken) ?? [];
        var (connection, secrets) = LocalConnection.Read(id, json);
        var directory = Directory.CreateTempSubdirectory("odin-data-").FullName;
        downloads.Add(directory);
        try
        {
            using var opened = StorageOpener.Open(connection, secrets);
            await new DataDownload(TimeProvider.System).CopyAsync(opened, id, remote, local, directory, NoteAsync, cancellationToken);
        }
        catch (Exception e) when (e is ObjectStorageException or StepFailedException or InvalidDataException)
        {
            throw CtlSession.Failure(e.Message);
        }
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            Link(Path.Combine(source, Path.GetRelativePath(directory, file)), file);
    }

    private Task NoteAsync(string text, CancellationToken cancellationToken)
    {
        note(text);
        return Task.CompletedTask;
    }

    private void Link(string link, string origin)
    {
        CreateDirectories(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, origin);
        links.Add(link);
    }
}
