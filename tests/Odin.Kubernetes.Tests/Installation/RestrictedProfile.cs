using System.Text.Json.Nodes;

namespace Odin.Kubernetes.Tests.Installation;

/// <summary>
/// The rules of the profile "restricted" of the Pod Security Standards, written out, because clusters before 1.23 have nothing
/// that would check them (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
/// </summary>
internal static class RestrictedProfile
{
    private static readonly string[] Volumes =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    /// <summary>What of a pod breaks a rule, in the words of the profile; empty when nothing does.</summary>
    public static IReadOnlyList<string> Violations(JsonObject pod)
    {
        var containers = new[] { "containers", "initContainers", "ephemeralContainers" }
            .SelectMany(kind => pod[kind] as JsonArray ?? []).Select(c => (JsonObject)c!).ToList();
        return [.. OfPod(pod), .. containers.SelectMany(c => OfContainer(pod, c))];
    }

    private static IEnumerable<string> OfPod(JsonObject pod)
    {
        foreach (var space in new[] { "hostNetwork", "hostPID", "hostIPC" })
        {
            if (Is(pod[space], true))
                yield return space;
        }
        foreach (var volume in (pod["volumes"] as JsonArray ?? []).Select(v => (JsonObject)v!))
        {
            if (volume.Select(p => p.Key).FirstOrDefault(k => k != "name" && !Volumes.Contains(k)) is { } kind)
                yield return $"volume {volume["name"]} of type {kind}";
        }
        if (pod["securityContext"]?["sysctls"] is not null)
            yield return "sysctls";
        if (pod["securityContext"]?["windowsOptions"] is not null)
            yield return "windowsOptions";
    }

    private static IEnumerable<string> OfContainer(JsonObject pod, JsonObject container)
    {
        var own = container["securityContext"] as JsonObject ?? [];
        var shared = pod["securityContext"] as JsonObject ?? [];
        var drops = own["capabilities"]?["drop"] as JsonArray ?? [];
        var adds = own["capabilities"]?["add"] as JsonArray ?? [];
        var seccomp = own["seccompProfile"] ?? shared["seccompProfile"];
        var user = own["runAsUser"] ?? shared["runAsUser"];
        (string Rule, bool IsKept)[] rules =
        [
            ("privileged", !Is(own["privileged"], true)),
            ("allowPrivilegeEscalation", Is(own["allowPrivilegeEscalation"], false)),
            ("capabilities are not all dropped", drops.Any(c => c!.GetValue<string>() == "ALL")),
            ("capabilities are added", adds.All(c => c!.GetValue<string>() == "NET_BIND_SERVICE")),
            ("runAsNonRoot", Is(own["runAsNonRoot"] ?? shared["runAsNonRoot"], true)),
            ("runAsUser 0", user is null || user.GetValue<long>() != 0),
            ("seccompProfile", seccomp?["type"]?.GetValue<string>() is "RuntimeDefault" or "Localhost"),
            ("procMount", own["procMount"]?.GetValue<string>() is null or "Default"),
            ("seLinuxOptions", (own["seLinuxOptions"] ?? shared["seLinuxOptions"]) is null),
            ("hostPort", (container["ports"] as JsonArray ?? []).All(p => p!["hostPort"] is null)),
        ];
        return rules.Where(r => !r.IsKept).Select(r => $"{container["name"]}: {r.Rule}");
    }

    private static bool Is(JsonNode? node, bool value) => node is JsonValue flag && flag.TryGetValue<bool>(out var set) && set == value;
}
