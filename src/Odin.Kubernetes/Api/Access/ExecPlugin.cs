using System.Text.Json.Nodes;

namespace Odin.Kubernetes.Api.Access;

/// <summary>A program that hands out credentials, as a kubeconfig's <c>user.exec</c> describes it.</summary>
/// <param name="Field">Where it stands, for messages.</param>
/// <param name="ExecInfo">What the program is told in <c>KUBERNETES_EXEC_INFO</c>.</param>
internal sealed record ExecPlugin(
    string Field, string Command, IReadOnlyList<string> Args, IReadOnlyList<KeyValuePair<string, string>> Environment,
    string ApiVersion, string ExecInfo, string? InstallHint)
{
    private static readonly string[] Versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

    /// <param name="environment">The value of a variable; for the search path.</param>
    public static ExecPlugin Read(KubeconfigNode exec, KubeconfigNode cluster, Func<string, string?> environment)
    {
        var version = exec.RequiredText("apiVersion");
        if (!Versions.Contains(version))
            throw exec.Error("apiVersion", $"\"{version}\" is not supported; have the plug-in use {Versions[0]} or {Versions[1]}");
        if (exec.Text("interactiveMode") is "Always")
            throw exec.Error("interactiveMode", "\"Always\" needs a person at a terminal, and a server has none; use another way to log in");
        var hint = exec.Text("installHint");
        return new ExecPlugin(
            exec.Field, Locate(exec, hint, environment), exec.Texts("args"),
            [.. exec.Maps("env").Select(e => KeyValuePair.Create(e.RequiredText("name"), e.Text("value") ?? ""))],
            version, Info(version, exec.Flag("provideClusterInfo") ? cluster : null), hint);
    }

    private static string Locate(KubeconfigNode exec, string? hint, Func<string, string?> environment)
    {
        var command = exec.RequiredText("command");
        var found = command.Contains('/', StringComparison.Ordinal)
            ? new[] { exec.Resolve(command) }.FirstOrDefault(File.Exists)
            : (environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(d => Path.Combine(d, command)).FirstOrDefault(File.Exists);
        return found ?? throw exec.Error("command", $"there is no program \"{command}\"; install it{(command.Contains('/', StringComparison.Ordinal) ? "" : " and have it in PATH")}{(hint is null ? "" : $" ({hint.Trim()})")}");
    }

    private static string Info(string version, KubeconfigNode? cluster)
    {
        var spec = new JsonObject { ["interactive"] = false };
        if (cluster is not null)
        {
            var about = new JsonObject { ["server"] = cluster.Text("server") };
            foreach (var name in (string[])["tls-server-name", "certificate-authority-data", "proxy-url"])
            {
                if (cluster.Text(name) is { Length: > 0 } value)
                    about[name] = value;
            }
            if (cluster.Flag("insecure-skip-tls-verify"))
                about["insecure-skip-tls-verify"] = true;
            spec["cluster"] = about;
        }
        return new JsonObject { ["apiVersion"] = version, ["kind"] = "ExecCredential", ["spec"] = spec }.ToJsonString();
    }
}
