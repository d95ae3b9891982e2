using Microsoft.Extensions.DependencyInjection;
using Odin.Resources;

namespace Odin.Reconciliation;

/// <summary>Registers the hosts of reconcilers.</summary>
internal static class ReconcilerRegistration
{
    /// <summary>The host of a reconciler that is registered by itself; an engine starts it.</summary>
    /// <param name="workers">How many resources are looked at at a time.</param>
    public static IServiceCollection AddReconcilerHost<T, TReconciler>(this IServiceCollection services, Func<IServiceProvider, int> workers)
        where T : class, IResource<T>
        where TReconciler : class, IReconciler<T> =>
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ReconcilerHost<T>>(provider, provider.GetRequiredService<TReconciler>(), workers(provider)));
}
