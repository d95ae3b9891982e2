using Odin.Connections;
using Odin.Images;
using Odin.ObjectStorage;
using Odin.Server.Hosting;

namespace Odin.Server.Registry;

internal static class RegistryServices
{
    /// <summary>The registry, in the directory <c>registry</c> of the data directory or in the storage of a connection.</summary>
    public static void AddRegistry(this IServiceCollection services, EmbeddedRegistryOptions options)
    {
        services.AddSingleton(provider =>
        {
            var listeners = provider.GetRequiredService<Listeners>();
            return new StoredRegistry(
                OpenContent(provider, options),
                () => options.Name ?? listeners.Api[0].Authority,
                provider.GetRequiredService<TimeProvider>(),
                (credentials, token) => provider.GetRequiredService<RegistryAccess>().KnowsAsync(credentials, token));
        });
        services.AddSingleton(provider => new BlobUploads(
            Path.Combine(provider.GetRequiredService<DataDirectory>()["registry"], "uploads"), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RegistryAccess>().AddSingleton<RegistryRequests>().AddSingleton<RegistryBlobs>();
        services.AddSingleton<RegistryUploads>().AddSingleton<RegistryLists>();
        services.AddSingleton<RegistryUpkeep>().AddHostedService(provider => provider.GetRequiredService<RegistryUpkeep>());
    }

    private static IObjectStorage OpenContent(IServiceProvider provider, EmbeddedRegistryOptions options) => options.Connection is { } connection
        ? new ConnectionStorage(provider.GetRequiredService<StorageOpener>(), connection)
        : new DirectoryObjectStorage(Directory.CreateDirectory(Path.Combine(provider.GetRequiredService<DataDirectory>()["registry"], "content")).FullName);
}
