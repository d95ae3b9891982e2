using Odin.Images;
using Odin.ObjectStorage;
using Odin.Server.Hosting;

namespace Odin.Server.Registry;

internal static class RegistryServices
{
    /// <summary>The registry in the directory <c>registry</c> of the data directory.</summary>
    public static void AddRegistry(this IServiceCollection services, EmbeddedRegistryOptions options)
    {
        services.AddSingleton(provider =>
        {
            var directory = Directory.CreateDirectory(Path.Combine(provider.GetRequiredService<DataDirectory>()["registry"], "content"));
            var listeners = provider.GetRequiredService<Listeners>();
            return new StoredRegistry(
                new DirectoryObjectStorage(directory.FullName), () => options.Name ?? listeners.Api[0].Authority, provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton(provider => new BlobUploads(
            Path.Combine(provider.GetRequiredService<DataDirectory>()["registry"], "uploads"), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RegistryAccess>().AddSingleton<RegistryRequests>().AddSingleton<RegistryBlobs>();
        services.AddSingleton<RegistryUploads>().AddSingleton<RegistryLists>();
        services.AddSingleton<RegistryUpkeep>().AddHostedService(provider => provider.GetRequiredService<RegistryUpkeep>());
    }
}
