using System.ComponentModel;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Kubernetes.Api.Access;

/// <summary>
/// Runs an exec plug-in when credentials are needed, and keeps what it gave until that expires or the server refuses it.
/// </summary>
internal sealed class ExecCredentialSource(ExecPlugin plugin, TimeProvider time) : ICredentialSource, IDisposable
{
    private const int ErrorsShown = 2000;

    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim gate = new(1, 1);
    private Credential? current;
    private DateTimeOffset expires;

    public async ValueTask<Credential> GetAsync(CancellationToken cancellationToken)
    {
        // One at a time: the others would only ask the same again.
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (current is null || time.GetUtcNow() >= expires)
                (current, expires) = Parse(await RunAsync(cancellationToken));
            return current;
        }
        finally
        {
            gate.Release();
        }
    }

    public bool Reject(Credential credential)
    {
        // Several requests may be refused with the same credential; only the first of them throws it away.
        Interlocked.CompareExchange(ref current, null, credential);
        return true;
    }

    public void Dispose() => gate.Dispose();

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(plugin.Command, plugin.Args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["KUBERNETES_EXEC_INFO"] = plugin.ExecInfo;
        foreach (var (name, value) in plugin.Environment)
            start.Environment[name] = value;
        using var limit = new CancellationTokenSource(RunLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var process = Process.Start(start)!;
            await using var killer = either.Token.Register(() => process.Kill(entireProcessTree: true));
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(either.Token);
            var output = await process.StandardOutput.ReadToEndAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            return process.ExitCode == 0 ? output : throw Failure($"ended with exit code {process.ExitCode}", await errors);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure($"did not end within {RunLimit.TotalSeconds:0} s", "");
        }
        catch (Win32Exception e)
        {
            throw Failure($"cannot be started ({e.Message})", "");
        }
    }

    private (Credential Credential, DateTimeOffset Expires) Parse(string output)
    {
        JsonNode? answer;
        try
        {
            answer = JsonNode.Parse(output);
        }
        catch (JsonException)
        {
            throw Failure("did not print an ExecCredential in JSON on its standard output", "");
        }
        if (Text(answer, "kind") != "ExecCredential" || Text(answer, "apiVersion") != plugin.ApiVersion)
            throw Failure($"printed kind \"{Text(answer, "kind")}\" of \"{Text(answer, "apiVersion")}\" where the kubeconfig says ExecCredential of {plugin.ApiVersion}; make both say the same", "");
        var status = answer!["status"];
        var (token, certificate, key) = (Text(status, "token"), Text(status, "clientCertificateData"), Text(status, "clientKeyData"));
        if (string.IsNullOrEmpty(token) && (string.IsNullOrEmpty(certificate) || string.IsNullOrEmpty(key)))
            throw Failure("printed neither a \"token\" nor \"clientCertificateData\" with \"clientKeyData\"", "");
        var expiration = Text(status, "expirationTimestamp");
        if (!DateTimeOffset.TryParse(expiration ?? "9999-12-31T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture, out var end))
            throw Failure($"printed the \"expirationTimestamp\" \"{expiration}\", which is no time such as 2026-01-31T12:00:00Z", "");
        try
        {
            return (new Credential(
                string.IsNullOrEmpty(token) ? null : new AuthenticationHeaderValue("Bearer", token),
                string.IsNullOrEmpty(certificate) ? null : ClientCertificate.FromPem(certificate, key ?? "")), end);
        }
        catch (CryptographicException e)
        {
            throw Failure($"printed a certificate that is of no use: {e.Message}", "");
        }
    }

    private static string? Text(JsonNode? node, string name) =>
        node is JsonObject map && map[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private KubernetesConfigurationException Failure(string problem, string errors)
    {
        var words = errors.Trim();
        if (words.Length > ErrorsShown)
            words = $"… {words[^ErrorsShown..]}";
        var command = string.Join(' ', [plugin.Command, .. plugin.Args]);
        return new KubernetesConfigurationException(
            $"{plugin.Field}: the credential plug-in \"{command}\" {problem}{(words.Length > 0 ? $": {words}" : "")}. Run it by hand to see what it lacks"
            + (plugin.InstallHint is null ? "." : $" ({plugin.InstallHint.Trim()})."));
    }
}
