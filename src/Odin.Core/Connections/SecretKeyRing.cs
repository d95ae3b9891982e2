using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Odin.Files;

namespace Odin.Connections;

/// <summary>
/// The keys that secrets are sealed with, in a file that only the owner may read. The newest one seals; the older ones are
/// kept until nothing is sealed with them any more.
/// </summary>
public sealed class SecretKeyRing
{
    internal const int KeyBytes = 32;

    private readonly string? path;
    private readonly Lock gate = new();
    private List<SecretKey> keys;
    private DateTime read;

    private SecretKeyRing(string? path, List<SecretKey> keys) => (this.path, this.keys) = (path, keys);

    /// <summary>The ring in a file, which is made with a new key if there is none.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static SecretKeyRing Load(string path)
    {
        var ring = new SecretKeyRing(path, []);
        if (File.Exists(path))
        {
            ring.keys = Read(path);
            return ring;
        }
        try
        {
            ring.keys = [NewKey()];
            // In one act, so that nobody reads half of it.
            var beside = $"{path}.{Guid.NewGuid():N}";
            using (var file = OwnerOnly.OpenWrite(beside, FileMode.CreateNew))
                Write(file, ring.keys);
            try
            {
                File.Move(beside, path, overwrite: false);
            }
            finally
            {
                File.Delete(beside);
            }
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another server of the same data directory was faster.
            ring.keys = Read(path);
        }
        return ring;
    }

    /// <summary>Keys from the settings, kept nowhere: the first seals, the others open what was sealed with them. Their ids are made from them.</summary>
    public static SecretKeyRing Of(IReadOnlyList<byte[]> keys) => new(null, [.. keys.Reverse().Select(k => new SecretKey(Convert.ToHexStringLower(SHA256.HashData(k))[..8], k))]);

    /// <summary>Whether <see cref="Rotate"/> can add a key.</summary>
    public bool CanRotate => path is not null;

    internal SecretKey Current
    {
        get
        {
            lock (gate)
            {
                // Another server of the same data directory may have made a newer one.
                if (path is not null && File.Exists(path) && File.GetLastWriteTimeUtc(path) != read)
                    Refresh();
                return keys[^1];
            }
        }
    }

    /// <summary>The key of that id; null: it is gone, or was never here. Looks at the file again before it says so.</summary>
    internal SecretKey? Find(string id)
    {
        lock (gate)
        {
            if (keys.Find(k => k.Id == id) is { } known)
                return known;
            if (path is not null && File.Exists(path))
                Refresh();
            return keys.Find(k => k.Id == id);
        }
    }

    /// <summary>Adds a key, with which everything is sealed from now on.</summary>
    /// <exception cref="InvalidOperationException">Another server is just doing so, or the keys come from the settings.</exception>
    internal void Rotate() => Change(known => [.. known, NewKey()]);

    /// <summary>Drops all keys but the newest, the one before it, with which another server may just be sealing something, and those that are still named.</summary>
    internal void Retire(IReadOnlySet<string> named) => Change(known => [.. known.Where((key, index) => index >= known.Count - 2 || named.Contains(key.Id))]);

    private void Refresh()
    {
        read = File.GetLastWriteTimeUtc(path!);
        keys = Read(path!);
    }

    // Other servers of the same data directory change the same file: one at a time, and upon what is in it now.
    private void Change(Func<List<SecretKey>, List<SecretKey>> change)
    {
        if (path is null)
            throw new InvalidOperationException("The key comes from the settings; give another one there.");
        lock (gate)
        {
            FileStream turn;
            try
            {
                turn = OwnerOnly.OpenWrite(path + ".lock", FileMode.OpenOrCreate);
            }
            catch (IOException e)
            {
                throw new InvalidOperationException("Another server is just changing the keys of connections: repeat this in a moment.", e);
            }
            using (turn)
            {
                Refresh();
                var next = change(keys);
                var beside = path + ".new";
                using (var file = OwnerOnly.OpenWrite(beside, FileMode.Create))
                    Write(file, next);
                File.Move(beside, path, overwrite: true);
                keys = next;
                read = File.GetLastWriteTimeUtc(path);
            }
        }
    }

    private static SecretKey NewKey()
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        return new SecretKey(RandomNumberGenerator.GetHexString(8, lowercase: true), key);
    }

    private static List<SecretKey> Read(string path)
    {
        try
        {
            var keys = JsonSerializer.Deserialize(File.ReadAllBytes(path), SecretKeyJson.Default.ListSecretKey);
            if (keys is { Count: > 0 } && keys.All(k => k.Key.Length == KeyBytes && k.Id.Length > 0))
                return keys;
        }
        catch (JsonException)
        {
            // Told below.
        }
        throw new InvalidDataException($"\"{path}\" does not hold the keys of connections: put it back from a backup. Without it their secrets have to be given again.");
    }

    private static void Write(FileStream file, List<SecretKey> keys)
    {
        JsonSerializer.Serialize(file, keys, SecretKeyJson.Default.ListSecretKey);
        file.Flush(flushToDisk: true);
    }
}

/// <summary>A key of 32 bytes and its name.</summary>
internal sealed record SecretKey(string Id, byte[] Key)
{
    public override string ToString() => Id;
}

[JsonSerializable(typeof(List<SecretKey>))]
internal sealed partial class SecretKeyJson : JsonSerializerContext;
