using Odin.Connections;
using Odin.Storage;

namespace Odin.Images;

/// <summary>Opens the repositories that packagings push to and pull from.</summary>
/// <param name="own">The registry of this server, for packagings that name none; null: there is none.</param>
internal sealed class ImageRegistries(IResourceStore store, ConnectionCatalog connections, IOwnRegistry? own, TimeProvider time)
{
    /// <summary>The reference that an image gets: in the registry of the connection, below its path, or in our own.</summary>
    /// <param name="connection">Null: our own.</param>
    /// <param name="name">As the template says it: <c>wine-1.0:tag</c>; lower case.</param>
    /// <exception cref="InvalidDataException">It is no reference.</exception>
    public ImageReference Resolve(Connection? connection, string name)
    {
        var host = connection is not null ? Address(connection) : own?.Name
            ?? throw new InvalidDataException("the packaging names no registry, and this program has none of its own: give it a target docker-push");
        var text = $"{host}/{name}";
        if (!ImageReference.TryParse(text, out var reference, out var error))
            throw new InvalidDataException($"the image cannot be called that: {error}");
        return reference.Digest is null ? reference : throw new InvalidDataException($"'{text}' names an image by its digest, which is known when it is built: give it a tag");
    }

    /// <summary>Opens the repository of an image.</summary>
    /// <param name="connection">With what is needed to get in, for its own registry alone; null: nothing is, or it is our own.</param>
    /// <exception cref="ImageException">It cannot be opened.</exception>
    /// <exception cref="SecretsUnavailableException">Those of the connection cannot be read.</exception>
    public async Task<IImageRepository> OpenAsync(ImageReference image, Connection? connection, bool isPush, CancellationToken cancellationToken)
    {
        if (own is not null && image.Registry == own.Name)
        {
            // Who gives a name and a password for it has them looked at, as any other registry does.
            if (connection is not null && IsOf(connection, image) && await LogInAsync(image, connection, isPush, cancellationToken) is { } given && !await own.KnowsAsync(given, cancellationToken))
                throw new ImageException($"The registry '{own.Name}' does not accept the password of the user '{given.UserName}': correct the connection '{connection.Id}'.", isPassing: false);
            return own.Open(image.Repository);
        }
        if (connection is not null && !IsOf(connection, image))
        {
            // Its password is nobody else's business.
            connection = !isPush ? null : throw new ImageException(
                $"The connection '{connection.Id}' leads to '{Address(connection)}' now, and the image was to be '{image}': run the packaging again.", isPassing: false);
        }
        return new RemoteRepository(image.Registry, image.Repository, connection is null ? null : await LogInAsync(image, connection, isPush, cancellationToken), OptionsOf(connection));
    }

    private async Task<RegistryCredentials?> LogInAsync(ImageReference image, Connection connection, bool isPush, CancellationToken cancellationToken)
    {
        var secrets = await connections.RevealAsync(connection, cancellationToken);
        if (connection.Spec.Type != ConnectionTypes.Ecr)
            return connection.Spec.Username is { } user ? new RegistryCredentials(user, secrets.PasswordText) : null;
        // What the connection says itself has been checked: the address is that of a registry of Amazon's.
        var registry = EcrRegistry.Parse(connection.Spec.Uri) ?? throw new ImageException($"'{connection.Spec.Uri}' is no address of Amazon's registry.", isPassing: false);
        using var ecr = new EcrCredentials(new EcrOptions
        {
            Account = registry.Account,
            Region = connection.Spec.Region ?? registry.Region,
            KeyId = secrets.KeyIdText,
            KeySecret = secrets.KeySecretText,
            IsFips = registry.IsFips,
            Time = time,
        });
        if (isPush)
            await ecr.EnsureRepositoryAsync(image.Repository, cancellationToken);
        return await ecr.GetAsync(cancellationToken);
    }

    /// <summary>A connection by its id.</summary>
    /// <exception cref="InvalidDataException">It is gone.</exception>
    public async Task<Connection> FindConnectionAsync(string id, CancellationToken cancellationToken) =>
        await store.FindAsync<Connection>(id, cancellationToken)
            ?? throw new InvalidDataException($"the connection '{id}' does not exist any more: create it again, or name another one");

    /// <summary>
    /// The reference of an image that is to be run. One that names no registry is our own's, if that has it; else Docker Hub's.
    /// </summary>
    /// <exception cref="ImageException">It is no reference, or our own registry could not be asked.</exception>
    public async Task<ImageReference> LocateAsync(string image, CancellationToken cancellationToken)
    {
        var reference = ImageReference.Parse(image);
        if (own is null || !NamesNoRegistry(image, reference))
            return reference;
        var name = image.Split('@', ':')[0];
        using var repository = own.Open(name);
        return await repository.FindManifestAsync(reference.Selector, cancellationToken) is null ? reference : reference with { Registry = own.Name, Repository = name };
    }

    /// <summary>Whether <see cref="LocateAsync"/> has looked for an image in our own registry, and not found it there.</summary>
    /// <param name="located">What it has returned.</param>
    public bool HasFallenBack(string image, ImageReference located) => own is not null && NamesNoRegistry(image, located);

    private static bool NamesNoRegistry(string image, ImageReference reference) =>
        reference.Registry == ImageReference.DefaultRegistry && !image.StartsWith($"{ImageReference.DefaultRegistry}/", StringComparison.Ordinal);

    // Whoever writes http:// in front wants it so; else only this machine's own registries are spoken to without TLS.
    private static RegistryOptions OptionsOf(Connection? connection) => new()
    {
        IsPlainHttp = connection?.Spec.Uri.StartsWith("http://", StringComparison.OrdinalIgnoreCase) == true ? true : null,
    };

    private static bool IsOf(Connection connection, ImageReference image) =>
        ImageReference.TryParse($"{Address(connection)}/x", out var known) && known.Registry == image.Registry;

    private static string Address(Connection connection)
    {
        var uri = connection.Spec.Uri;
        var scheme = uri.IndexOf("://", StringComparison.Ordinal);
        return (scheme < 0 ? uri : uri[(scheme + 3)..]).TrimEnd('/');
    }
}
