using Odin.Git;
using Odin.Pipelines;
using static Odin.Tests.Git.GitSandbox;

namespace Odin.Tests.Git;

/// <summary>Remotes over SSH and HTTP, with real servers.</summary>
public sealed class NetworkRemoteTests : IDisposable
{
    private readonly GitSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public async Task Ssh_KeyAndKnownHost_ReadsAndWritesAndSurvivesALoss()
    {
        using var server = await SshServer.StartAsync();
        var bare = await sandbox.BareAsync("bare");
        var catalog = OverSsh(server, bare, server.KeyFile, server.KnownHostsFile);
        Assert.Equal("team/wine", Assert.Single(await catalog.ListAsync(null, Token)).Name);
        var written = await WriteAsync(catalog, "team/wine", "x", "1");
        Assert.Equal(written.Commit, await TestProgram.GitAsync(bare, "rev-parse", "master"));

        server.Stop();
        Assert.Equal("1", await ReadAsync(catalog, "team/wine", "x"));
        Assert.Equal(written.Commit, (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit);
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => WriteAsync(catalog, "team/wine", "y", "1"));
        Assert.Contains(server.UrlOf(bare), exception.Message, StringComparison.Ordinal);
        Assert.Null(await ReadAsync(catalog, "team/wine", "y"));

        server.Start();
        await Eventually.True(async () => (await catalog.RefreshAsync(Token)).IsReachable, "sshd is back");
        Assert.True((await WriteAsync(catalog, "team/wine", "y", "1")).IsChanged);
    }

    [Fact]
    public async Task Ssh_ScpLikeAddress_IsUnderstood()
    {
        using var server = await SshServer.StartAsync();
        var bare = await sandbox.BareAsync("bare");
        // This form has no place for a port, so a machine without a server on port 22 refuses it: what matters is that ssh was asked.
        var catalog = sandbox.Catalog($"{Environment.UserName}@127.0.0.1:{bare}", options => options.KnownHostsFile = server.KnownHostsFile);
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.ListAsync(null, Token));
        Assert.Matches("ssh: connect to host|Host key verification failed", exception.Message);
    }

    [Theory]
    [InlineData(true, false, "Host key verification failed", "known-hosts")]
    [InlineData(false, true, "Permission denied", "SSH key")]
    public async Task Ssh_WrongHostKeyOrWrongKey_IsRefusedWithARemedy(bool wrongHost, bool wrongKey, string reason, string remedy)
    {
        using var server = await SshServer.StartAsync();
        var bare = await sandbox.BareAsync("bare");
        var catalog = OverSsh(
            server, bare, wrongKey ? server.StrangerKeyFile : server.KeyFile, wrongHost ? server.WrongKnownHostsFile : server.KnownHostsFile);
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.ListAsync(null, Token));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_Credentials_ReadAndWriteAndSurviveALoss()
    {
        var bare = await sandbox.BareAsync("bare");
        using var server = await GitHttpServer.StartAsync(sandbox[""]);
        var catalog = sandbox.Catalog(server.UrlOf("bare"));
        Assert.Equal(server.PlainUrlOf("bare"), catalog.Root);
        Assert.Single(await catalog.ListAsync(null, Token));
        var written = await WriteAsync(catalog, "team/wine", "x", "1");
        Assert.Equal(written.Commit, await TestProgram.GitAsync(bare, "rev-parse", "master"));

        server.Stop();
        Assert.Equal("1", await ReadAsync(catalog, "team/wine", "x"));
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => WriteAsync(catalog, "team/wine", "y", "1"));
        AssertNoSecret(exception.Message);
        Assert.Contains(server.PlainUrlOf("bare"), exception.Message, StringComparison.Ordinal);
        server.Start();
        server.IsBroken = true;
        Assert.Equal("1", await ReadAsync(catalog, "team/wine", "x"));
        await Assert.ThrowsAsync<GitUnavailableException>(() => WriteAsync(catalog, "team/wine", "y", "1"));
        server.IsBroken = false;
        Assert.True((await WriteAsync(catalog, "team/wine", "y", "1")).IsChanged);
        AssertNoSecretBelow(sandbox["data1"]);
    }

    [Theory]
    [InlineData("gituser", "wrong-secret")]
    [InlineData(null, null)]
    public async Task Http_WrongOrNoCredentials_AreRefusedWithoutAPrompt(string? user, string? password)
    {
        await sandbox.BareAsync("bare");
        using var server = await GitHttpServer.StartAsync(sandbox[""]);
        var catalog = sandbox.Catalog(user is null ? server.PlainUrlOf("bare") : server.UrlOf("bare", user, password!));
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.ListAsync(null, Token));
        Assert.Contains("check the user and password", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_RemoteThatHasMoved_IsNotFollowedWithThePassword()
    {
        await sandbox.BareAsync("bare");
        using var old = await GitHttpServer.StartAsync(sandbox[""]);
        using var other = await GitHttpServer.StartAsync(sandbox[""]);
        old.MovedTo = new Uri($"http://localhost:{other.Port}/");

        await Assert.ThrowsAsync<GitUnavailableException>(() => sandbox.Catalog(old.UrlOf("bare")).ListAsync(null, Token));

        Assert.Contains(old.Requests, r => r.HasPassword);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Start_BesideAnotherServer_LeavesItsCommitInTheMakingAlone()
    {
        await sandbox.BareAsync("bare");
        using var server = await GitHttpServer.StartAsync(sandbox[""]);
        var home = Directory.CreateDirectory(Path.Combine(sandbox["data1"], "git-home")).FullName;
        var (young, old) = (Path.Combine(home, "young.index"), Path.Combine(home, "old.index.lock"));
        await File.WriteAllTextAsync(young, "", Token);
        await File.WriteAllTextAsync(old, "", Token);
        File.SetLastWriteTimeUtc(old, File.GetLastWriteTimeUtc(young).AddHours(-1));

        Assert.Single(await sandbox.Catalog(server.UrlOf("bare")).ListAsync(null, Token));

        Assert.True(File.Exists(young));
        Assert.False(File.Exists(old));
    }

    [Fact]
    public async Task Http_TwoServersTenEach_AllLand()
    {
        var bare = await sandbox.BareAsync("bare");
        using var server = await GitHttpServer.StartAsync(sandbox[""]);
        var catalogs = new[] { sandbox.Catalog(server.UrlOf("bare")), sandbox.Catalog(server.UrlOf("bare")) };
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => WriteAsync(catalogs[i % 2], "team/wine", $"f{i}", $"{i}")));
        Assert.Equal("21", await TestProgram.GitAsync(bare, "rev-list", "--count", "master"));
    }

    private PipelineCatalog OverSsh(SshServer server, string bare, string key, string knownHosts) =>
        sandbox.Catalog(server.UrlOf(bare), options =>
        {
            options.SshKeyFile = key;
            options.KnownHostsFile = knownHosts;
        });

    private static void AssertNoSecret(string text)
    {
        Assert.DoesNotContain(GitHttpServer.Password, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString(GitHttpServer.Password), text, StringComparison.Ordinal);
    }

    private static void AssertNoSecretBelow(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            AssertNoSecret(File.ReadAllText(file));
    }
}
