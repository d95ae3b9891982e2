using System.Text;
using Odin.Images;
using Odin.ObjectStorage;

[assembly: AssemblyFixture(typeof(RegistryServer))]

namespace Odin.Tests.Images;

/// <summary>Against docker-registry, with and without trouble on the way.</summary>
public sealed class RemoteRepositoryTests(RegistryServer server)
{
    private static readonly RegistryOptions Quick = new()
    {
        Limits = TransferLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1), AnswerTimeout = TimeSpan.FromSeconds(30), PartSize = 1 << 20 },
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(3_000_000)]
    public async Task Blob_Uploaded_CanBeRead(int length)
    {
        using var repository = await server.CreateRepositoryAsync();
        var content = Bytes(length);
        var blob = Describe(content);
        Assert.Null(await repository.FindBlobAsync(blob.Digest, CancellationToken.None));

        await UploadAsync(repository, content);
        await UploadAsync(repository, content);

        Assert.Equal(length, await repository.FindBlobAsync(blob.Digest, CancellationToken.None));
        Assert.Equal(content, await ReadAsync(repository, blob.Digest));
    }

    [Fact]
    public async Task Blob_OfAnotherRepository_IsMounted()
    {
        using var first = await server.CreateRepositoryAsync();
        using var second = await server.CreateRepositoryAsync();
        var content = Bytes(1000);
        await UploadAsync(first, content);

        Assert.True(await second.TryMountBlobAsync(Describe(content), first, CancellationToken.None));
        Assert.False(await second.TryMountBlobAsync(Describe(Bytes(2000)), first, CancellationToken.None));
        Assert.Equal(content, await ReadAsync(second, Describe(content).Digest));
    }

    [Fact]
    public async Task Blob_Unknown_IsAMessage()
    {
        using var repository = await server.CreateRepositoryAsync();

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.OpenBlobAsync(Describe(Bytes(3)).Digest, CancellationToken.None));
        Assert.Contains($"in '{repository.Name}'", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsPassing);
    }

    [Fact]
    public async Task Blob_WrongContent_IsRefusedAndNotVisible()
    {
        using var repository = await server.CreateRepositoryAsync();
        var blob = Describe(Bytes(1000));

        await Assert.ThrowsAsync<ImageException>(() => repository.UploadBlobAsync(blob, Opener(Bytes(1000, seed: 2)), CancellationToken.None));

        Assert.Null(await repository.FindBlobAsync(blob.Digest, CancellationToken.None));
    }

    [Fact]
    public async Task Manifest_Put_IsFoundByTagAndDigest()
    {
        using var repository = await server.CreateRepositoryAsync();
        var config = "{}"u8.ToArray();
        await UploadAsync(repository, config);
        var content = new ImageManifest { MediaType = MediaTypes.Manifest, Config = Describe(config) with { MediaType = MediaTypes.Configuration }, Layers = [] }.ToBytes();

        var put = await repository.PutManifestAsync("1.0", MediaTypes.Manifest, content, CancellationToken.None);

        var byTag = await repository.FindManifestAsync("1.0", CancellationToken.None);
        var byDigest = await repository.FindManifestAsync(put.Digest, CancellationToken.None);
        Assert.Equal((put.Digest, MediaTypes.Manifest), (byTag!.Digest, byTag.MediaType));
        Assert.Equal(content, byDigest!.Content.ToArray());
        Assert.Null(await repository.FindManifestAsync("2.0", CancellationToken.None));
    }

    [Fact]
    public async Task Credentials_Wrong_SaysSo()
    {
        await server.StartAsync();
        using var repository = new RemoteRepository(server.Host, "models/wine", new RegistryCredentials("person", "wrong"));

        var e = await Assert.ThrowsAsync<ImageException>(() => UploadAsync(repository, Bytes(10)));

        Assert.StartsWith(
            $"The registry '{server.Host}' does not accept the password of the user 'person' to pull from '{server.Host}/models/wine'. Check the connection's user name and password",
            e.Message, StringComparison.Ordinal);
        Assert.False(e.IsPassing);
    }

    [Fact]
    public async Task Credentials_None_SaysThatTheyAreWanted()
    {
        await server.StartAsync();
        using var repository = new RemoteRepository(server.Host, "models/wine", null);

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.FindManifestAsync("1", CancellationToken.None));

        Assert.StartsWith($"The registry '{server.Host}' wants a user name and a password to pull from", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registry_NotThere_SaysSo()
    {
        var host = $"127.0.0.1:{FreePort.Find()}";
        using var repository = new RemoteRepository(host, "x", null, Quick);

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.FindManifestAsync("1", CancellationToken.None));

        Assert.Contains($"nothing could be reached at '{host}'", e.Message, StringComparison.Ordinal);
        Assert.True(e.IsPassing);
    }

    [Fact]
    public async Task Registry_WithoutTls_SaysThatNoSecureConnectionCouldBeMade()
    {
        await server.StartAsync();
        using var repository = new RemoteRepository(server.Host, "x", RegistryServer.Credentials, Quick with { IsPlainHttp = false });

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.FindManifestAsync("1", CancellationToken.None));

        Assert.Contains("no secure connection", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsPassing);
    }

    [Fact]
    public async Task Upload_ConnectionBreaksAgainAndAgain_GetsThere()
    {
        await server.StartAsync();
        using var proxy = new TroubleProxy(server.Port) { Plan = number => number % 2 == 1 && number < 6 ? new Trouble { CutRequestAfter = 1_500_000 } : null };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", $"broken-{Guid.NewGuid():N}", RegistryServer.Credentials, Quick);
        var content = Bytes(5_000_000);

        await UploadAsync(repository, content);

        Assert.True(proxy.Connections > 1);
        Assert.Equal(content, await ReadAsync(repository, Describe(content).Digest));
    }

    [Fact]
    public async Task Download_ConnectionBreaks_GoesOn()
    {
        using var direct = await server.CreateRepositoryAsync();
        var content = Bytes(5_000_000);
        await UploadAsync(direct, content);
        using var proxy = new TroubleProxy(server.Port) { Plan = number => number < 4 ? new Trouble { CutAfter = 1_500_000 } : null };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", direct.Name.Split('/', 2)[1], RegistryServer.Credentials, Quick);

        Assert.Equal(content, await ReadAsync(repository, Describe(content).Digest));
        Assert.Equal(4, proxy.Connections);
    }

    [Fact]
    public async Task Registry_Busy_IsAskedAgain()
    {
        await server.StartAsync();
        using var proxy = new TroubleProxy(server.Port) { Plan = number => number < 3 ? Trouble.Http("503 Busy", "", "Retry-After: 0\r\n") : null };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", "x", RegistryServer.Credentials, Quick);

        Assert.Null(await repository.FindManifestAsync("1", CancellationToken.None));
        Assert.Equal(3, proxy.Connections);
    }

    [Fact]
    public async Task Registry_AlwaysBusy_FailsInTheEnd()
    {
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http("503 Busy", """{"errors":[{"code":"X","message":"come later"}]}""") };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", "x", null, Quick);

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.FindManifestAsync("1", CancellationToken.None));

        Assert.EndsWith("it answered 503. It says: come later", e.Message, StringComparison.Ordinal);
        Assert.Equal(Quick.Limits.Attempts, proxy.Connections);
    }

    [Theory]
    [InlineData("403 No", "DENIED", "does not let the user 'person' push to")]
    [InlineData("404 No", "NAME_UNKNOWN", "Create it first")]
    [InlineData("413 No", "SIZE_INVALID", "too large")]
    public async Task Push_Refused_SaysWhatToDo(string status, string code, string expected)
    {
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http(status, $$"""{"errors":[{"code":"{{code}}","message":"the registry's words"}]}""") };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", "x", RegistryServer.Credentials, Quick);

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.PutManifestAsync("1", MediaTypes.Manifest, "{}"u8.ToArray(), CancellationToken.None));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.EndsWith("It says: the registry's words", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Connections);
    }

    [Fact]
    public async Task Registry_Silent_IsGivenUp()
    {
        using var proxy = new TroubleProxy { Plan = _ => new Trouble { IsSilent = true } };
        var options = Quick with { Limits = Quick.Limits with { AnswerTimeout = TimeSpan.FromMilliseconds(200), Attempts = 2 } };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", "x", null, options);

        var e = await Assert.ThrowsAsync<ImageException>(() => repository.FindManifestAsync("1", CancellationToken.None));

        Assert.Contains("did not get on", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_OfABlob_IsFollowedWithoutThePassword()
    {
        using var direct = await server.CreateRepositoryAsync();
        var content = Bytes(1000);
        await UploadAsync(direct, content);
        var path = $"/v2/{direct.Name.Split('/', 2)[1]}/blobs/{Describe(content).Digest}";
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http("307 There", "", $"Location: http://{server.Host}{path}\r\n") };
        using var repository = new RemoteRepository($"127.0.0.1:{proxy.Port}", "x", RegistryServer.Credentials, Quick);

        // The other host wants a password, and does not get the one that is meant for the first.
        var e = await Assert.ThrowsAsync<ImageException>(() => ReadAsync(repository, Describe(content).Digest));
        Assert.Equal(401, e.Status);
    }

    [Theory]
    [InlineData("Bearer realm=\"https://a.example.org/token\",service=\"r, \\\"x\\\"\",scope=\"repository:x:pull,push\"", "bearer", "r, \"x\"")]
    [InlineData("Basic realm=\"r\", Bearer realm=\"https://a\", service=s", "bearer", "s")]
    [InlineData("BASIC realm=tests", "basic", null)]
    public void Challenge_Header_IsUnderstood(string header, string scheme, string? service)
    {
        var challenge = RegistryChallenge.Choose([header])!;

        Assert.Equal(scheme, challenge.Scheme);
        Assert.Equal(service, challenge.Parameters.GetValueOrDefault("service"));
    }

    internal static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static Descriptor Describe(byte[] content) => new("application/octet-stream", ContentDigest.Of(content), content.Length);

    internal static BlobOpener Opener(byte[] content) => (offset, _) => Task.FromResult<Stream>(new MemoryStream(content, (int)offset, content.Length - (int)offset));

    internal static Task UploadAsync(IImageRepository repository, byte[] content) =>
        repository.UploadBlobAsync(Describe(content), Opener(content), CancellationToken.None);

    internal static async Task<byte[]> ReadAsync(IImageRepository repository, string digest)
    {
        await using var stream = await repository.OpenBlobAsync(digest, CancellationToken.None);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray();
    }
}
