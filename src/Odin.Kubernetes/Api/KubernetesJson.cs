using System.Text.Json.Serialization;

namespace Odin.Kubernetes.Api;

/// <summary>Reads what the server sends; unknown fields are left out, missing lists are empty.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CustomJob))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(KubernetesEvent))]
[JsonSerializable(typeof(KubernetesStatus))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(ServedResources))]
[JsonSerializable(typeof(ServerVersion))]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(UntypedObject))]
internal sealed partial class KubernetesJson : JsonSerializerContext;
