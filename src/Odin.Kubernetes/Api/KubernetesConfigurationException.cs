namespace Odin.Kubernetes.Api;

/// <summary>We do not know how to reach the cluster. The message names the file, the field and what to do.</summary>
public sealed class KubernetesConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
