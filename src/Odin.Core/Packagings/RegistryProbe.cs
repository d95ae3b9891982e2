using Odin.Connections;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>Tries registries: logs in, and asks for an image that need not be there.</summary>
internal sealed class RegistryProbe(ImageRegistries registries) : IConnectionProbe
{
    private const string Name = "odin-connection-test";

    public IReadOnlyList<string> Types => ConnectionTypes.Registries;

    public async Task<ConnectionFinding> TryAsync(Connection connection, CancellationToken cancellationToken)
    {
        try
        {
            var image = registries.Resolve(connection, $"{Name}:1");
            using var repository = await registries.OpenAsync(image, connection, isPush: false, cancellationToken);
            // Amazon's answers for a repository that is not there as it does for one that is closed; the password is the proof.
            if (connection.Spec.Type != ConnectionTypes.Ecr)
                await repository.FindManifestAsync(image.Selector, cancellationToken);
            return new ConnectionFinding(true, $"The registry '{image.Registry}' lets us in.");
        }
        catch (Exception e) when (e is ImageException or InvalidDataException)
        {
            return new ConnectionFinding(false, e.Message);
        }
    }
}
