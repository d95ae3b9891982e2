using System.Security.Cryptography;
using System.Text;
using Odin.Execution;
using Odin.Execution.Processes;
using Odin.Images;

namespace Odin.Deployments;

/// <summary>Describes replicas as programs of this machine: the image's own program, in the image's own files, behind a Unix socket.</summary>
internal sealed class ReplicaLauncher(ReplicaOptions options, ReplicaIsolationProbe isolation)
{
    private const string SocketName = "s", Predictor = "odin-predictor";

    // It is told to end when it has no requests of ours; the model server itself waits 30 s for those of others.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(45);
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly InstalledScript script = new(options.Directory, "Odin.Deployments.replica.sh", "replica-");
    private readonly string sockets = FindSocketDirectory(options.Directory);

    /// <summary>The endpoint that a replica gets.</summary>
    public string EndpointOf(string replica) => ReplicaEndpoint.OfSocket(Path.Combine(SocketDirectoryOf(replica), SocketName));

    /// <summary>How to start a replica. Idempotent: the directory of its socket is made if it is not there.</summary>
    /// <exception cref="DeploymentFailedException">It cannot be run here.</exception>
    public async Task<ExecutionSpec> DescribeAsync(ExecutionKey key, Replica replica, UnpackedImage image)
    {
        // With a .NET of its own it is that which is started, and given the server.
        var server = image.Command.Take(2).TakeWhile(c => Path.GetFileNameWithoutExtension(c) != Predictor).Count();
        if (server == Math.Min(2, image.Command.Count))
        {
            throw new DeploymentFailedException(
                DeploymentReasons.ImageNotSupported, "The image does not start Odin's model server, and only that runs without a container engine: package the model with the integration docker-rest.");
        }
        var how = await isolation.FindAsync() ?? throw new DeploymentFailedException(
            DeploymentReasons.IsolationUnavailable, "This machine does not allow user namespaces (is 'unshare' installed, and kernel.unprivileged_userns_clone 1?), which the setting deployment.isolation asks for: allow them, or set it to auto or none.");
        var directory = MakeSocketDirectory(replica.Id);
        var isOwn = how.Count > 0;
        var program = image.Command[0];
        var arguments = Arguments(image.Command, server, isOwn ? $"/{UnpackedImages.SocketDirectory}/{SocketName}" : Path.Combine(directory, SocketName));
        return new ExecutionSpec
        {
            Key = key,
            Command = isOwn
                ? [.. how, "--", "/bin/sh", script.Install(), image.Root, directory, image.WorkingDirectory, how[0], program, .. arguments]
                : [Inside(image.Root, program), .. arguments],
            WorkingDirectory = isOwn ? options.Directory : Inside(image.Root, image.WorkingDirectory),
            Environment = isOwn ? Usable(image.Environment) : Moved(image),
            InheritsEnvironment = false,
            IsService = true,
            GracePeriod = Grace,
        };
    }

    /// <summary>Removes what a replica has left; not there: success.</summary>
    public void Clean(string replica) => DirectoryRemoval.Delete(SocketDirectoryOf(replica));

    /// <summary>Removes what replicas have left that nobody knows of.</summary>
    public void CleanAllBut(IReadOnlySet<string> known)
    {
        var names = known.Select(NameOf).ToHashSet(StringComparer.Ordinal);
        foreach (var directory in Directory.Exists(sockets) ? Directory.EnumerateDirectories(sockets).ToList() : [])
        {
            if (!names.Contains(Path.GetFileName(directory)))
                DirectoryRemoval.Delete(directory);
        }
    }

    // The server listens where it is told last; addresses of the image would be taken by its first replica.
    private static IEnumerable<string> Arguments(IReadOnlyList<string> command, int server, string socket)
    {
        for (var i = 1; i < command.Count; i++)
        {
            if (i > server && command[i] is "--host" or "--port" or "--socket")
                i++;
            else
                yield return command[i];
        }
        yield return "--socket";
        yield return socket;
    }

    private static Dictionary<string, string> Usable(IReadOnlyDictionary<string, string> environment) =>
        environment.Where(v => TaskEnvironment.IsName(v.Key)).ToDictionary(StringComparer.Ordinal);

    // Without files of its own, the image's paths are those of the directory that it lies in.
    private static Dictionary<string, string> Moved(UnpackedImage image)
    {
        var environment = Usable(image.Environment);
        foreach (var (name, value) in environment.ToList())
            environment[name] = string.Join(':', value.Split(':').Select(part => part.StartsWith('/') && Path.Exists(Inside(image.Root, part)) ? Inside(image.Root, part) : part));
        environment["PATH"] = $"{environment.GetValueOrDefault("PATH")}:{Environment.GetEnvironmentVariable("PATH")}".Trim(':');
        return environment;
    }

    private static string Inside(string root, string path) => Path.Combine(root, path.TrimStart('/'));

    // The path of a socket has little room, and the data directory may lie deep.
    private static string FindSocketDirectory(string directory)
    {
        var near = Path.Combine(Path.GetFullPath(directory), "sockets");
        return near.Length + 1 + NameOf("").Length + 1 + SocketName.Length <= ReplicaEndpoint.LongestSocketPath
            ? near
            : Path.Combine(FindPrivateDirectory(), $"odin-{NameOf(near)}");
    }

    // Where nobody else can have made the directory before us; what is left is looked at when it is used.
    private static string FindPrivateDirectory() =>
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own && Directory.Exists(own) ? own
        : Environment.IsPrivilegedProcess && Directory.Exists("/run") ? "/run"
        : Path.GetTempPath();

    private string SocketDirectoryOf(string replica) => Path.Combine(sockets, NameOf(replica));

    private string MakeSocketDirectory(string replica)
    {
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(sockets, OwnerOnly);
            // Somebody else's, or open to others: they could answer in our place.
            if (File.GetUnixFileMode(sockets) != OwnerOnly)
                throw new DeploymentFailedException(DeploymentReasons.IsolationUnavailable, $"The directory '{sockets}' for the sockets of replicas is open to others: remove it, or give the server a data directory with a shorter path.");
        }
        return Directory.CreateDirectory(SocketDirectoryOf(replica)).FullName;
    }

    private static string NameOf(string replica) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(replica)))[..12];
}
