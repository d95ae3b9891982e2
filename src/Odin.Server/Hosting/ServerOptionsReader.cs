using System.Text;
using Odin.Execution;
using Odin.Server.Auth;
using Odin.Server.Feedback;
using Odin.Server.Gateway;
using Odin.Server.Lifecycle;
using Odin.Server.Nodes;

namespace Odin.Server.Hosting;

/// <summary>Turns setting values into options, with a sentence for each that is wrong.</summary>
internal static class ServerOptionsReader
{
    public static ServerOptions Read(SettingValues values)
    {
        var jwt = new JwtOptions();
        var role = values.Choice<ServerRole>(Settings.Role) ?? ServerRole.Server;
        // It would be taken for the port of the API, and do nothing.
        if (role != ServerRole.Agent && values.IsFlag(Settings.AgentPort))
            throw new StartupException(ExitCodes.Usage, $"'{Settings.AgentPort.Flag}' is for '--role agent'. The addresses of the API are said with '{Settings.Urls.Flag}'.");
        return new ServerOptions
        {
            Role = role,
            DataDirectory = values.DataDirectory,
            Addresses = role == ServerRole.Agent ? ReadAgentAddresses(values) : ReadAddresses(values),
            WebSocketPort = ReadWebSocketPort(values),
            TlsCertificate = ExistingFile(values, Settings.TlsCertificate),
            TlsKey = ExistingFile(values, Settings.TlsKey),
            MaxBodyBytes = values.Number(Settings.MaxBody, 1024) ?? 16 << 20,
            LogLevel = ReadLogLevel(values),
            Access = new AccessOptions
            {
                Anonymous = values.Choice<AnonymousAccess>(Settings.Anonymous) ?? AnonymousAccess.Loopback,
                Hosts = values.List(Settings.Hosts),
                Origins = [.. values.List(Settings.Origins).Select(o => o.TrimEnd('/'))],
            },
            Roles = ReadRoles(values),
            Jwt = new JwtOptions
            {
                Issuer = values.Text(Settings.Issuer) ?? jwt.Issuer,
                Lifetime = values.Duration(Settings.TokenDuration) is { } lifetime
                    ? lifetime >= TimeSpan.FromSeconds(1) ? lifetime : throw values.Wrong(Settings.TokenDuration, "at least one second")
                    : jwt.Lifetime,
            },
            Secret = ReadSecret(values),
            AdminUser = ReadAdminUser(values),
            AdminPassword = values.Text(Settings.AdminPassword),
            Kubernetes = KubernetesSettings.Read(values),
            Nodes = ReadNodes(values),
            Lifecycle = LifecycleSettings.Read(values),
            Registry = LifecycleSettings.ReadRegistry(values),
            Gateway = GatewaySettings.Read(values),
            Engine = ReadEngine(values),
        };
    }

    private static RoleOptions ReadRoles(SettingValues values)
    {
        var roles = new RoleOptions();
        return roles with
        {
            Admin = Read(Settings.AdminRole) ?? roles.Admin,
            DataScientist = Read(Settings.DataScientistRole) ?? roles.DataScientist,
            Viewer = Read(Settings.ViewerRole) ?? roles.Viewer,
        };

        string? Read(Setting setting) => values.Text(setting) switch
        {
            null => null,
            var name when Odin.Users.RoleNames.AreValid([name]) => name,
            _ => throw values.Wrong(setting, "the name of a role"),
        };
    }

    private static Action<OdinOptions> ReadEngine(SettingValues values)
    {
        // Read now, so that a wrong value is told before anything starts.
        var (parallel, retention, logBytes) = (values.Number(Settings.MaxParallel, 1), values.Duration(Settings.Retention), values.Number(Settings.LogBytes, 64 << 10));
        if (parallel > 100_000)
            throw values.Wrong(Settings.MaxParallel, "at most 100000");
        if (values.Text(Settings.Executor) is not (null or "process" or "kubernetes"))
            throw values.Wrong(Settings.Executor, "'process' or 'kubernetes'");
        var (trainings, packagings) = (LifecycleSettings.ReadTrainings(values), LifecycleSettings.ReadPackagings(values));
        var (deployments, replicas) = (LifecycleSettings.ReadDeployments(values), GatewaySettings.ReadReplicas(values));
        var batch = LifecycleSettings.ReadBatch(values);
        var feedback = FeedbackSettings.Read(values);
        var directories = LifecycleSettings.ReadDirectories(values);
        var (keys, vault) = (LifecycleSettings.ReadKeys(values), LifecycleSettings.ReadVault(values));
        return options =>
        {
            (options.Trainings, options.Packagings, options.Deployments, options.Replicas, options.Batch) = (trainings, packagings, deployments, replicas, batch);
            (options.ConnectionKeys, options.Vault, options.LocalDirectories) = (keys, vault, directories);
            options.Feedback = feedback;
            options.DefaultExecutor = values.Text(Settings.Executor) ?? options.DefaultExecutor;
            options.Storage.Database = values.Text(Settings.Database);
            options.Storage.RunRetention = retention ?? options.Storage.RunRetention;
            options.Git.Source = values.Text(Settings.Pipelines);
            options.Git.Branch = values.Text(Settings.Branch) ?? options.Git.Branch;
            options.Git.AuthorName = values.Text(Settings.GitName) ?? options.Git.AuthorName;
            options.Git.AuthorEmail = values.Text(Settings.GitEmail) ?? options.Git.AuthorEmail;
            options.Git.SshKeyFile = values.Text(Settings.GitSshKey);
            options.Git.KnownHostsFile = values.Text(Settings.GitKnownHosts);
            options.WorkspaceDirectory = values.Text(Settings.Workspaces);
            // Tasks elsewhere have one volume in common with us, and need the files of their job too.
            if (values.Text(Settings.KubernetesWorkspaceClaim) is not null)
                options.JobFilesDirectory = Path.Combine(Path.GetFullPath(options.WorkspaceDirectory ?? options.InData("workspaces")), ".odin");
            options.MaxParallelTasks = (int?)parallel;
            options.Logs = logBytes is { } bytes ? new LogOptions { MaxBytes = bytes } : options.Logs;
        };
    }

    // HMAC-SHA256 is as strong as its key, up to 32 bytes (RFC 7518, 3.2); a word can be guessed from one token.
    private static string? ReadSecret(SettingValues values) => values.Text(Settings.Secret) is not { } secret
        ? null
        : Encoding.UTF8.GetByteCount(secret) >= SigningKey.LeastBytes
            ? secret
            : throw values.Wrong(Settings.Secret, $"at least {SigningKey.LeastBytes} bytes long. Make one with: openssl rand -hex {SigningKey.LeastBytes}");

    private static List<ServerAddress> ReadAddresses(SettingValues values)
    {
        var texts = values.List(Settings.Urls);
        if (texts.Count == 0)
            texts = [Settings.Urls.Default!];
        return [.. texts.Select(text => ServerAddress.Parse(text) ?? throw values.Wrong(
            Settings.Urls, $"a list of addresses such as http://127.0.0.1:9003; '{text}' needs http or https, an IP address, 'localhost' or '*', and a port"))];
    }

    // An agent is asked from other machines: all addresses, unless somebody wants it otherwise.
    private static List<ServerAddress> ReadAgentAddresses(SettingValues values)
    {
        if (values.Text(Settings.Urls) is not null)
            return ReadAddresses(values);
        var port = values.Number(Settings.AgentPort, 0) ?? 29999;
        return port <= 65535 ? [new ServerAddress(false, System.Net.IPAddress.Any, (int)port)] : throw values.Wrong(Settings.AgentPort, "a port");
    }

    private static NodeOptions ReadNodes(SettingValues values)
    {
        var nodes = new NodeOptions();
        var timeout = values.Duration(Settings.AgentTimeout) ?? nodes.Timeout;
        if (timeout < TimeSpan.FromMilliseconds(100) || timeout > TimeSpan.FromMinutes(1))
            throw values.Wrong(Settings.AgentTimeout, "between 0.1 and 60 seconds");
        return nodes with
        {
            Agents = [.. values.List(Settings.Agents).Select(text => ReadAgent(values, text))],
            Timeout = timeout,
            Token = values.Text(Settings.AgentToken),
            Host = values.Text(Settings.AgentHost) ?? nodes.Host,
            Disks = values.List(Settings.AgentDisks) is { Count: > 0 } disks ? disks : nodes.Disks,
            Gpus = nodes.Gpus with
            {
                NvmlLibrary = values.Text(Settings.AgentNvml) ?? nodes.Gpus.NvmlLibrary,
                NvidiaSmi = values.Text(Settings.AgentNvidiaSmi) ?? nodes.Gpus.NvidiaSmi,
            },
        };
    }

    private static Uri ReadAgent(SettingValues values, string text)
    {
        var isDns = text.StartsWith(AgentDirectory.DnsPrefix, StringComparison.Ordinal);
        var plain = isDns ? text[AgentDirectory.DnsPrefix.Length..] : text;
        var isGood = Uri.TryCreate(plain, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/" && url.UserInfo.Length == 0
            && (!isDns || new Uri(text).Port > 0);
        return isGood ? new Uri(text) : throw values.Wrong(
            Settings.Agents, $"a list of addresses such as http://gpu-1:29999 or dns+http://midgard:29999; '{text}' needs http or https, a host and a port, and nothing else");
    }

    private static int? ReadWebSocketPort(SettingValues values) => values.Text(Settings.WebSocketPort) switch
    {
        null => 30000,
        "off" => null,
        _ => values.Number(Settings.WebSocketPort, 0) is <= 65535 and var port ? (int)port : throw values.Wrong(Settings.WebSocketPort, "a port or 'off'"),
    };

    private static string ReadAdminUser(SettingValues values) => values.Text(Settings.AdminUser) switch
    {
        null => "admin",
        var name when Odin.Users.UserNames.IsValid(name) => name,
        _ => throw values.Wrong(Settings.AdminUser, "a user name. " + Odin.Users.UserNames.Rule),
    };

    private static LogLevel ReadLogLevel(SettingValues values) => values.Text(Settings.LogLevel)?.ToUpperInvariant() switch
    {
        null => LogLevel.Information,
        "INFO" => LogLevel.Information,
        "WARN" => LogLevel.Warning,
        _ => values.Choice<LogLevel>(Settings.LogLevel)!.Value,
    };

    private static string? ExistingFile(SettingValues values, Setting setting) => values.Text(setting) switch
    {
        null => null,
        var file when File.Exists(file) => Path.GetFullPath(file),
        _ => throw values.Wrong(setting, "a file that exists"),
    };
}
