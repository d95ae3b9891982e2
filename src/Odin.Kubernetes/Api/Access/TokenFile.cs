using System.Net.Http.Headers;

namespace Odin.Kubernetes.Api.Access;

/// <summary>
/// A token in a file that somebody else keeps fresh, as the kubelet does for service accounts. Read again every minute, for
/// its age does not show on the link that a projected volume makes, and when the server refuses what was read.
/// </summary>
internal sealed class TokenFile(string path, string field, TimeProvider time) : ICredentialSource
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private Credential? current;
    private long readAt;

    public ValueTask<Credential> GetAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (current is null || time.GetElapsedTime(readAt) >= ReadEvery)
                Read();
            return ValueTask.FromResult(current!);
        }
    }

    public bool Reject(Credential credential)
    {
        lock (gate)
        {
            if (ReferenceEquals(current, credential))
                Read();
            return !ReferenceEquals(current, credential);
        }
    }

    private void Read()
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            if (token.Length == 0 && current is null)
                throw new KubernetesConfigurationException($"{field}: the file \"{path}\" is empty; a token belongs in it.");
            if (token.Length > 0 && token != current?.Authorization?.Parameter)
                current = new Credential(new AuthenticationHeaderValue("Bearer", token));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Between two versions of a volume the file may be away for a moment; the old token is better than none.
            if (current is null)
                throw new KubernetesConfigurationException($"{field}: the token file \"{path}\" cannot be read ({e.Message}); make it readable for this program, or give another one.", e);
        }
        readAt = time.GetTimestamp();
    }
}
