using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Odin.Kubernetes.Api.Access;

/// <summary>Makes a configuration of one context of a kubeconfig.</summary>
internal sealed class KubeconfigReader(Kubeconfig kubeconfig, Func<string, string?> environment, TimeProvider time)
{
    public KubernetesConfiguration Read(string? chosenContext)
    {
        if (kubeconfig.IsEmpty)
            throw Problem("names no cluster, or is empty; put the file there that kubectl uses, or name another by --kubernetes-kubeconfig");
        var name = string.IsNullOrEmpty(chosenContext) ? kubeconfig.CurrentContext : chosenContext;
        if (string.IsNullOrEmpty(name))
            throw Problem($"no \"current-context\" is set; choose one by --kubernetes-context: {Known("contexts")}");
        var context = Require("contexts", "context", name, chosenContext is { Length: > 0 } ? "the setting kubernetes.context" : "current-context");
        var cluster = Require("clusters", "cluster", context.RequiredText("cluster"), $"context \"{name}\"");
        var user = context.Text("user") is { Length: > 0 } userName ? Require("users", "user", userName, $"context \"{name}\"") : null;
        var certificate = user is null ? null : ReadCertificate(user);
        return new KubernetesConfiguration
        {
            Server = ReadServer(cluster),
            Namespace = context.Text("namespace") is { Length: > 0 } @namespace ? @namespace : "default",
            Source = $"{kubeconfig.Paths}, context \"{name}\"",
            Authorities = ReadAuthorities(cluster),
            SkipTlsVerify = cluster.Flag("insecure-skip-tls-verify"),
            TlsServerName = cluster.Text("tls-server-name"),
            Proxy = ReadProxy(cluster),
            Certificate = certificate,
            Credentials = user is null ? new FixedCredential(null) : ReadCredentials(user, cluster),
        };
    }

    private KubernetesConfigurationException Problem(string problem) => new($"{kubeconfig.Paths}: {problem}.");

    private string Known(string list) =>
        kubeconfig.Names(list) is { Count: > 0 } names ? $"those that the file has: \"{string.Join("\", \"", names)}\"" : "those of another file, for this one has none";

    private KubeconfigNode Require(string list, string kind, string name, string origin) =>
        kubeconfig.Find(list, kind, name) ?? throw Problem($"there is no {kind} \"{name}\" (from {origin}); choose one of {Known(list)}");

    private static Uri ReadServer(KubeconfigNode cluster)
    {
        var text = cluster.RequiredText("server");
        return Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "https" or "http" && server.Host.Length > 0
            ? server
            : throw cluster.Error("server", $"\"{text}\" is not an address such as \"https://10.0.0.1:6443\"");
    }

    private static Uri? ReadProxy(KubeconfigNode cluster)
    {
        var text = cluster.Text("proxy-url");
        if (string.IsNullOrEmpty(text))
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? proxy
            : throw cluster.Error("proxy-url", $"\"{text}\" is not an address with the scheme http, https or socks5");
    }

    private static X509Certificate2Collection? ReadAuthorities(KubeconfigNode cluster)
    {
        const string Name = "certificate-authority";
        if (ReadPem(cluster, Name) is not { } pem)
            return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(pem.Text);
        }
        catch (CryptographicException e)
        {
            throw cluster.Error(pem.Field, $"is not a PEM certificate ({e.Message}); copy it from the cluster's kubeconfig again", e);
        }
        return authorities.Count > 0 ? authorities : throw cluster.Error(pem.Field, "holds no PEM certificate (\"-----BEGIN CERTIFICATE-----\")");
    }

    private ClientCertificate? ReadCertificate(KubeconfigNode user)
    {
        var (certificate, key) = (ReadPem(user, "client-certificate"), ReadPem(user, "client-key"));
        if (certificate is null && key is null)
            return null;
        if (certificate is null)
            throw user.Error("client-certificate", "is missing, though there is a client-key; give both");
        if (key is null)
            throw user.Error("client-key", "is missing, though there is a client-certificate; give both");
        ClientCertificate result;
        try
        {
            result = ClientCertificate.FromPem(certificate.Value.Text, key.Value.Text);
        }
        catch (CryptographicException e)
        {
            var field = e.Message.Contains("private key", StringComparison.Ordinal) ? key.Value.Field : certificate.Value.Field;
            throw user.Error(field, e.Message, e);
        }
        return result.NotAfter > time.GetUtcNow()
            ? result
            : throw user.Error(certificate.Value.Field, $"the certificate of \"{result.Subject}\" expired at {result.NotAfter:yyyy-MM-dd HH:mm} UTC; get a new one from the cluster's administrator");
    }

    /// <summary>The text of <c>NAME-data</c> (base64), else of the file <c>NAME</c>, and which of both it was.</summary>
    private static (string Text, string Field)? ReadPem(KubeconfigNode node, string name)
    {
        if (node.Text($"{name}-data") is { Length: > 0 } data)
        {
            try
            {
                return (Encoding.UTF8.GetString(Convert.FromBase64String(data)), $"{name}-data");
            }
            catch (FormatException e)
            {
                throw node.Error($"{name}-data", "is not base64; it must be the PEM file in base64, on one line", e);
            }
        }
        if (node.FilePath(name) is not { } path)
            return null;
        try
        {
            return (File.ReadAllText(path), name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw node.Error(name, $"\"{path}\" cannot be read ({e.Message}); correct the path or make the file readable for this program", e);
        }
    }

    private ICredentialSource ReadCredentials(KubeconfigNode user, KubeconfigNode cluster)
    {
        // Going on as ourselves would mean more rights than were meant.
        if (user.Text("as") is { Length: > 0 })
            throw user.Error("as", "acting as somebody else is not supported; give that one's own credentials");
        // kubectl's order: tokenFile is read afresh and wins over token.
        if (user.FilePath("tokenFile") is { } path)
            return new TokenFile(path, $"{user.Field}.tokenFile", time);
        if (user.Text("token") is { Length: > 0 } token)
            return new FixedCredential(new AuthenticationHeaderValue("Bearer", token));
        if (user.Text("username") is { Length: > 0 } name)
        {
            var pair = Encoding.UTF8.GetBytes($"{name}:{user.Text("password")}");
            return new FixedCredential(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair)));
        }
        if (user.Map("exec") is { } exec)
            return new ExecCredentialSource(ExecPlugin.Read(exec, cluster, environment), time);
        if (user.Map("auth-provider") is not null)
            throw user.Error("auth-provider", "is no longer supported, by Kubernetes 1.26 and later neither; use the provider's exec plug-in");
        return new FixedCredential(null);
    }
}
