using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests;

/// <summary>A service account of a test's namespace, which may do only what it is given.</summary>
internal sealed class TestAccount(TestCluster cluster) : IDisposable
{
    private static readonly KubernetesResource<UntypedObject> Roles = KubernetesResources.Untyped("rbac.authorization.k8s.io", "v1", "roles", "Role");
    private static readonly KubernetesResource<UntypedObject> Bindings = KubernetesResources.Untyped("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");

    private readonly TemporaryDirectory directory = new();

    public string Name { get; } = $"account-{Guid.NewGuid().ToString("n")[..8]}";

    public Task CreateAsync() => cluster.Client.CreateAsync(KubernetesResources.ServiceAccounts, cluster.Namespace, Named(Name), default);

    /// <summary>Lets it do so; each rule as a Role has it.</summary>
    public async Task GrantAsync(JsonArray rules)
    {
        var role = $"{Name}-{Guid.NewGuid().ToString("n")[..8]}";
        var manifest = Named(role);
        manifest["rules"] = rules.DeepClone();
        await cluster.Client.CreateAsync(Roles, cluster.Namespace, manifest, default);
        var binding = Named(role);
        binding["roleRef"] = new JsonObject { ["apiGroup"] = Roles.Group, ["kind"] = "Role", ["name"] = role };
        binding["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = Name, ["namespace"] = cluster.Namespace });
        await cluster.Client.CreateAsync(Bindings, cluster.Namespace, binding, default);
    }

    public static JsonObject Rule(string group, string resource, params string[] verbs) => new()
    {
        ["apiGroups"] = new JsonArray(group),
        ["resources"] = new JsonArray(resource),
        ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode)v)]),
    };

    /// <summary>A client with a token of this account, as a pod of it would have.</summary>
    public async Task<KubernetesClient> OpenAsync()
    {
        // The kind is a subresource; its path is all that the client needs to know of it.
        var tokens = KubernetesResources.Untyped("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest");
        var token = await cluster.Client.CreateAsync(
            tokens with { Group = "", Plural = $"serviceaccounts/{Name}/token" }, cluster.Namespace,
            new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject() }, default);
        return Open(token.Fields["status"]!["token"]!.GetValue<string>());
    }

    /// <param name="server">Null: the test cluster's.</param>
    public KubernetesClient Open(string token, string? server = null)
    {
        var path = directory[$"kubeconfig-{Guid.NewGuid():n}"];
        File.WriteAllText(path, cluster.Kubeconfig(token, server));
        var options = new KubernetesApiOptions { Kubeconfig = path, Namespace = cluster.Namespace };
        return new KubernetesClient(KubernetesConfiguration.Load(options, TimeProvider.System), options, TimeProvider.System, NullLogger<KubernetesClient>.Instance);
    }

    public void Dispose() => directory.Dispose();

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };
}
