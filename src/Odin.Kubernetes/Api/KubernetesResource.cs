using System.Text.Json.Serialization.Metadata;

namespace Odin.Kubernetes.Api;

/// <summary>A kind of object as the API names it, and the type that we read it as.</summary>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Plural">The name in addresses and roles: <c>pods</c>.</param>
public sealed record KubernetesResource<T>(string Group, string Version, string Plural, string Kind, JsonTypeInfo<T> TypeInfo)
    where T : KubernetesObject
{
    public bool IsNamespaced { get; init; } = true;

    /// <summary>A part with an address of its own, <c>status</c> or <c>scale</c>; null for the object itself.</summary>
    public string? Subresource { get; init; }

    /// <summary>As manifests write it: <c>v1</c>, <c>batch/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As roles and messages write it: <c>pods</c>, <c>jobs.batch</c>, <c>pods/status</c>.</summary>
    public override string ToString() =>
        $"{Plural}{(Group.Length == 0 ? "" : $".{Group}")}{(Subresource is null ? "" : $"/{Subresource}")}";

    internal string GroupPath => Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";

    /// <summary>Null as the namespace: all of them, which only lists and watches may ask for.</summary>
    internal string CollectionPath(string? @namespace) =>
        IsNamespaced && @namespace is not null ? $"{GroupPath}/namespaces/{Segment(@namespace)}/{Plural}" : $"{GroupPath}/{Plural}";

    internal string ObjectPath(string? @namespace, string name)
    {
        RequireNamespace(@namespace);
        return $"{CollectionPath(@namespace)}/{Segment(name)}{(Subresource is null ? "" : $"/{Subresource}")}";
    }

    internal void RequireNamespace(string? @namespace)
    {
        if (IsNamespaced && @namespace is null)
            throw new ArgumentNullException(nameof(@namespace), $"{Kind} lives in a namespace; say in which.");
    }

    // An empty name or one of dots would make the address of something bigger, and deleting that deletes everything in it.
    private static string Segment(string name) => name is "" or "." or ".."
        ? throw new ArgumentException($"\"{name}\" is no name of an object.", nameof(name))
        : Uri.EscapeDataString(name);
}
