using System.Globalization;
using System.Net.Http;

namespace Odin.Images;

/// <summary>
/// One upload to a registry: a session that is begun, filled and closed with the digest. When the connection breaks, the registry
/// is asked how far it got, and only the rest is sent.
/// </summary>
internal sealed class BlobUpload(RegistryHttp http, string repository, string scope, Descriptor blob, BlobOpener open, int wholeUpload)
{
    private const string Action = "push to";

    private Uri? session;
    private long received;

    /// <param name="isThere">Whether the registry has the blob by now.</param>
    public async Task RunAsync(Func<CancellationToken, Task<bool>> isThere, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = received;
            ImageException failure;
            try
            {
                await SendAsync(cancellationToken);
                return;
            }
            // The two are of a session that the registry has lost or sees elsewhere: it is asked again.
            catch (ImageException e) when (attempt < http.Limits.Attempts && (e.IsPassing || (session is not null && e.Status is 404 or 416)))
            {
                failure = e;
            }
            // It says that it has nothing, and does not take the beginning: it counts in another way than we do.
            if (failure.Status == 416 && received == 0)
                session = null;
            await http.DelayAsync(attempt, failure, cancellationToken);
            await FindPlaceAsync(cancellationToken);
            if (received - before >= http.Limits.PartSize)
                attempt = 0;
            // The answer may have been what got lost.
            if (session is null && await isThere(cancellationToken))
                return;
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        session ??= await BeginAsync(cancellationToken);
        if (received == 0 && blob.Size <= wholeUpload)
        {
            await CloseAsync(isWhole: true, cancellationToken);
            return;
        }
        if (received < blob.Size)
        {
            var request = new RegistryRequest(HttpMethod.Patch, session.ToString(), scope, 202, 201, 204) { Action = Action, Content = ContentAsync };
            using var answer = await http.SendAsync(request, cancellationToken);
            Follow(answer);
            received = blob.Size;
        }
        await CloseAsync(isWhole: false, cancellationToken);
    }

    private async Task<Uri> BeginAsync(CancellationToken cancellationToken)
    {
        received = 0;
        var request = new RegistryRequest(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/", scope, 202)
        {
            Action = Action,
            Content = _ => Task.FromResult<HttpContent>(new ByteArrayContent([])),
        };
        using var answer = await http.SendAsync(request, cancellationToken);
        Follow(answer);
        return session ?? throw new ImageException($"The registry '{http.Address.Authority}' did not say where to send a blob; is it a registry?", isPassing: false);
    }

    private async Task CloseAsync(bool isWhole, CancellationToken cancellationToken)
    {
        var address = new UriBuilder(session!);
        address.Query = $"{address.Query.TrimStart('?')}{(address.Query.Length > 1 ? "&" : "")}digest={Uri.EscapeDataString(blob.Digest)}";
        var request = new RegistryRequest(HttpMethod.Put, address.Uri.AbsoluteUri, scope, 201, 204)
        {
            Action = Action,
            Content = isWhole ? ContentAsync : _ => Task.FromResult<HttpContent>(new ByteArrayContent([])),
        };
        try
        {
            using var answer = await http.SendAsync(request, cancellationToken);
        }
        catch (ImageException e) when (e.Status == 400 && received > 0 && !isWhole)
        {
            // Registries that went on at the wrong place say that the digest is wrong: from the beginning then.
            session = null;
            throw new ImageException(e.Message, isPassing: true, e);
        }
    }

    /// <summary>Finds out where to go on; a session that is lost is begun anew.</summary>
    private async Task FindPlaceAsync(CancellationToken cancellationToken)
    {
        if (session is null)
            return;
        try
        {
            var request = new RegistryRequest(HttpMethod.Get, session.ToString(), scope, 204, 202, 200) { Action = Action };
            using var answer = await http.SendAsync(request, cancellationToken);
            Follow(answer);
            var last = answer.Header("Range")?.Split('-')[^1];
            received = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var end) && end > 0 ? end + 1 : 0;
            if (received > blob.Size)
                session = null;
        }
        catch (ImageException)
        {
            session = null;
        }
        if (session is null)
            received = 0;
    }

    private async Task<HttpContent> ContentAsync(Watch watch) =>
        new BlobContent(await open(received, watch.Token), received, blob.Size, isPart: received > 0 || blob.Size > wholeUpload, watch);

    private void Follow(RegistryAnswer answer)
    {
        if (answer.Location is not { } location)
            return;
        var next = new Uri(http.Address, location);
        // A registry behind something that ends TLS may not know of it.
        if (next.Scheme == Uri.UriSchemeHttp && http.Address.Scheme == Uri.UriSchemeHttps && next.Host == http.Address.Host)
            next = new UriBuilder(next) { Scheme = Uri.UriSchemeHttps, Port = next.IsDefaultPort ? http.Address.Port : next.Port }.Uri;
        session = next;
    }
}
