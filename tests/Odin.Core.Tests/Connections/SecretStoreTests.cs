using System.Security.Cryptography;
using System.Text;
using Odin.Connections;
using Odin.ObjectStorage;
using Odin.Storage;

namespace Odin.Tests.Connections;

/// <summary>Secrets of connections are kept so that only the right key opens them, and keys can be changed.</summary>
public sealed class SecretStoreTests : IDisposable
{
    private static readonly ConnectionSecrets Secrets = new(Encoding.UTF8.GetBytes("pässword"), [0, 255, 1], Encoding.UTF8.GetBytes("-----BEGIN KEY-----\n…"));

    private readonly TemporaryDirectory directory = new();
    private readonly FakeVaultServer vault = new();

    public void Dispose()
    {
        vault.Dispose();
        directory.Dispose();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string KeyFile => directory["keys"];

    [Fact]
    public async Task Seal_AndOpen_GiveTheSame_AndHideIt()
    {
        var store = new SealedSecretStore(SecretKeyRing.Load(KeyFile));
        var @sealed = await store.SealAsync("a", Secrets, Token);
        Assert.DoesNotContain("pässword", Encoding.UTF8.GetString(Convert.FromBase64String(@sealed.Split('.')[2])), StringComparison.Ordinal);
        Assert.NotEqual(@sealed, await store.SealAsync("a", Secrets, Token));
        Same(await new SealedSecretStore(SecretKeyRing.Load(KeyFile)).OpenAsync("a", @sealed, Token));
        Assert.DoesNotContain("pässword", Secrets.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfAnothersOrChangedOrForeign_IsRefused()
    {
        var store = new SealedSecretStore(SecretKeyRing.Load(KeyFile));
        var @sealed = await store.SealAsync("a", Secrets, Token);
        await RefusedAsync(store, "b", @sealed, "somebody has changed them");
        var parts = @sealed.Split('.');
        var bytes = Convert.FromBase64String(parts[2]);
        bytes[^1] ^= 1;
        await RefusedAsync(store, "a", $"{parts[0]}.{parts[1]}.{Convert.ToBase64String(bytes)}", "somebody has changed them");
        await RefusedAsync(store, "a", $"{parts[0]}.{parts[1]}.{Convert.ToBase64String([1, 2])}", "somebody has changed them");
        await RefusedAsync(store, "a", "vault.1", "kept somewhere else");
        await RefusedAsync(new SealedSecretStore(SecretKeyRing.Of([RandomNumberGenerator.GetBytes(32)])), "a", @sealed, "which is not here");
    }

    [Fact]
    public async Task Rotate_SealsEverythingAnew_AndTheKeyBeforeLastIsGone()
    {
        var (store, ring) = (new InMemoryResourceStore(), SecretKeyRing.Load(KeyFile));
        var sealing = new SealedSecretStore(ring);
        var catalog = new ConnectionCatalog(store, sealing, TimeProvider.System);
        await catalog.CreateAsync("a", new ConnectionSpec { Type = "s3" }, Secrets, Token);
        await catalog.CreateAsync("b", new ConnectionSpec { Type = "git" }, ConnectionSecrets.None, Token);
        var first = (await catalog.FindAsync("a", Token))!.Spec.Sealed!;
        var other = new SealedSecretStore(SecretKeyRing.Load(KeyFile));
        var rotation = new SecretRotation(store, sealing, ring, TimeProvider.System);

        Assert.Equal(1, await rotation.RotateAsync(Token));
        var second = (await catalog.FindAsync("a", Token))!;
        Assert.NotEqual(first.Split('.')[1], second.Spec.Sealed!.Split('.')[1]);
        Same(await catalog.RevealAsync(second, Token));
        // A server that has the keys of before in memory reads, and seals with the new one from now on.
        Same(await other.OpenAsync("a", second.Spec.Sealed, Token));
        File.SetLastWriteTimeUtc(KeyFile, DateTime.UnixEpoch);
        Assert.True(sealing.IsCurrent(await other.SealAsync("c", Secrets, Token)));
        Same(await sealing.OpenAsync("a", first, Token));

        Assert.Equal(1, await rotation.RotateAsync(Token));
        await RefusedAsync(new SealedSecretStore(SecretKeyRing.Load(KeyFile)), "a", first, "which is not here");
        Same(await catalog.RevealAsync((await catalog.FindAsync("a", Token))!, Token));
    }

    [Fact]
    public async Task Rotate_WithKeysFromTheSettings_SealsWithTheFirst()
    {
        byte[][] keys = [RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32)];
        var (store, old) = (new InMemoryResourceStore(), new SealedSecretStore(SecretKeyRing.Of([keys[1]])));
        await new ConnectionCatalog(store, old, TimeProvider.System).CreateAsync("a", new ConnectionSpec { Type = "s3" }, Secrets, Token);
        var ring = SecretKeyRing.Of(keys);
        var sealing = new SealedSecretStore(ring);
        Assert.Equal(1, await new SecretRotation(store, sealing, ring, TimeProvider.System).RotateAsync(Token));
        Assert.Equal(0, await new SecretRotation(store, sealing, ring, TimeProvider.System).RotateAsync(Token));
        var only = new SealedSecretStore(SecretKeyRing.Of([keys[0]]));
        Same(await only.OpenAsync("a", (await store.FindAsync<Connection>("a", Token))!.Spec.Sealed!, Token));
    }

    [Fact]
    public async Task Rotate_WhenSomeCannotBeOpened_DropsNoKey()
    {
        var (store, ring) = (new InMemoryResourceStore(), SecretKeyRing.Load(KeyFile));
        var sealing = new SealedSecretStore(ring);
        await new ConnectionCatalog(store, new SealedSecretStore(SecretKeyRing.Of([RandomNumberGenerator.GetBytes(32)])), TimeProvider.System).CreateAsync("lost", new ConnectionSpec { Type = "s3" }, Secrets, Token);
        var catalog = new ConnectionCatalog(store, sealing, TimeProvider.System);
        await catalog.CreateAsync("whole", new ConnectionSpec { Type = "s3" }, Secrets, Token);
        var rotation = new SecretRotation(store, sealing, ring, TimeProvider.System);
        for (var i = 0; i < 3; i++)
            Assert.Contains("'lost'", (await Assert.ThrowsAsync<SecretsUnavailableException>(() => rotation.RotateAsync(Token))).Message, StringComparison.Ordinal);
        Same(await catalog.RevealAsync((await catalog.FindAsync("whole", Token))!, Token));
    }

    [Fact]
    public async Task KeyFile_IsForItsOwnerAlone_AndAWrongOneIsRefused()
    {
        SecretKeyRing.Load(KeyFile);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        await File.WriteAllTextAsync(KeyFile, "[]", Token);
        Assert.Contains("put it back from a backup", Assert.Throws<InvalidDataException>(() => SecretKeyRing.Load(KeyFile)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vault_KeepsEveryVersion_AndForgets()
    {
        using var store = Vault();
        var first = await store.SealAsync("a", Secrets, Token);
        var second = await store.SealAsync("a", new ConnectionSecrets(KeySecret: [7]), Token);
        Assert.Contains("odin/connections/a", vault.Content, StringComparison.Ordinal);
        Same(await store.OpenAsync("a", first, Token));
        Assert.Equal([7], (await store.OpenAsync("a", second, Token)).KeySecret);
        Assert.Null((await store.OpenAsync("a", second, Token)).Password);
        // Somebody has given another connection the same id before the first one was forgotten.
        var next = await store.SealAsync("a", new ConnectionSecrets(KeySecret: [9]), Token);
        await store.ForgetAsync("a", second, Token);
        await RefusedAsync(store, "a", first, "are gone from the vault");
        await RefusedAsync(store, "a", second, "are gone from the vault");
        Assert.Equal([9], (await store.OpenAsync("a", next, Token)).KeySecret);
        await store.ForgetAsync("a", next, Token);
        await RefusedAsync(store, "a", next, "are gone from the vault");
        await store.ForgetAsync("a", next, Token);
        await store.ForgetAsync("a", "v1.abc.def", Token);
    }

    [Fact]
    public async Task Vault_KeepsNothingOfWhatIsDeleted_OrOfWhoCameTooLate()
    {
        using var sealing = Vault();
        var store = new InMemoryResourceStore();
        var catalog = new ConnectionCatalog(store, sealing, TimeProvider.System);
        var old = await catalog.CreateAsync("a", new ConnectionSpec { Type = "s3" }, Secrets, Token);
        var current = await catalog.ReplaceAsync(old, old.Spec, new ConnectionSecrets(KeySecret: [7]), Token);
        await Assert.ThrowsAsync<ResourceConflictException>(() => catalog.ReplaceAsync(old, old.Spec, Secrets, Token));
        await RefusedAsync(sealing, "a", "vault.3", "are gone from the vault");
        Assert.Equal([7], (await catalog.RevealAsync(current, Token)).KeySecret);
        await catalog.ReplaceAsync(current, current.Spec, ConnectionSecrets.None, Token);
        await catalog.DeleteAsync("a", Token);
        Assert.DoesNotContain("{", vault.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vault_ThatRefuses_SaysWhy_AndNeverTheToken()
    {
        using (var wrong = Vault("hvs.wrong-token"))
        {
            var problem = await Assert.ThrowsAsync<SecretsUnavailableException>(() => wrong.SealAsync("a", Secrets, Token));
            Assert.Contains("Is the token good", problem.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hvs.", problem.ToString(), StringComparison.Ordinal);
        }
        using (var elsewhere = new VaultSecretStore(new VaultOptions { Address = vault.Address, Token = FakeVaultServer.Token, Mount = "other" }, Hasty))
            Assert.Contains("no secrets engine at 'other'", (await Assert.ThrowsAsync<SecretsUnavailableException>(() => elsewhere.SealAsync("a", Secrets, Token))).Message, StringComparison.Ordinal);
        using var store = Vault();
        await RefusedAsync(store, "a", "v1.abc.def", "are not in the vault");
        vault.IsSealed = true;
        Assert.Contains("sealed or stands by", (await Assert.ThrowsAsync<SecretsUnavailableException>(() => store.SealAsync("a", Secrets, Token))).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeVaultServer.Token, new VaultOptions { Address = vault.Address, Token = FakeVaultServer.Token }.ToString(), StringComparison.Ordinal);
    }

    private static TransferLimits Hasty { get; } = new() { Attempts = 2, FirstDelay = TimeSpan.FromMilliseconds(1) };

    private VaultSecretStore Vault(string token = FakeVaultServer.Token) => new(new VaultOptions { Address = vault.Address, Token = token }, Hasty);

    private static async Task RefusedAsync(ISecretStore store, string id, string @sealed, string message) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<SecretsUnavailableException>(() => store.OpenAsync(id, @sealed, Token))).Message, StringComparison.Ordinal);

    private static void Same(ConnectionSecrets found)
    {
        Assert.Equal(Secrets.Password, found.Password);
        Assert.Equal(Secrets.KeyId, found.KeyId);
        Assert.Equal(Secrets.KeySecret, found.KeySecret);
    }
}
