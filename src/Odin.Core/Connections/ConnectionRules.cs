using Odin.Resources;

namespace Odin.Connections;

/// <summary>What a connection of each type must have; the words are those of the inherited API.</summary>
public static class ConnectionRules
{
    /// <summary>Everything that is wrong, in the inherited order; and the spec with what follows from its other members.</summary>
    public static ConnectionSpec Check(string id, ConnectionSpec spec, ConnectionSecrets secrets, ICollection<string> errors)
    {
        ResourceId.Check(id, errors);
        if (spec.Uri.Length == 0)
            errors.Add("empty uri");
        switch (spec.Type)
        {
            case ConnectionTypes.S3:
                CheckS3(spec, secrets, errors);
                return spec;
            case ConnectionTypes.Gcs:
                CheckGcs(spec, secrets, errors);
                return spec;
            case ConnectionTypes.AzureBlob:
                if (!secrets.Kinds.HasFlag(SecretKinds.KeySecret))
                    errors.Add("azureblob type requires that keySecret parameter contains HTTP endpoint with SAS Token");
                return spec;
            case ConnectionTypes.Docker:
                CheckDocker(spec, secrets, errors);
                return spec;
            case ConnectionTypes.Ecr:
                return CheckEcr(spec, secrets, errors);
            case ConnectionTypes.Git:
                // The address is shown to everybody who may read.
                if (System.Uri.TryCreate(spec.Uri, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.UserInfo.Contains(':', StringComparison.Ordinal))
                    errors.Add("git type requires that the uri holds no password: give it by the username and password parameters");
                return spec;
            case ConnectionTypes.Local:
                return spec;
            default:
                errors.Add($"unknown type: {spec.Type}. Supported types: [{string.Join(' ', ConnectionTypes.All)}]");
                return spec;
        }
    }

    private static void CheckS3(ConnectionSpec spec, ConnectionSecrets secrets, ICollection<string> errors)
    {
        if (string.IsNullOrEmpty(spec.Region))
            errors.Add("s3 type requires that region must be non-empty");
        if (!string.IsNullOrEmpty(spec.Role))
            errors.Add("s3 type does not support role parameter yet");
        if (!secrets.Kinds.HasFlag(SecretKinds.KeyId) || !secrets.Kinds.HasFlag(SecretKinds.KeySecret))
            errors.Add("s3 type requires that keyID and keySecret parameters must be non-empty");
    }

    private static void CheckGcs(ConnectionSpec spec, ConnectionSecrets secrets, ICollection<string> errors)
    {
        if (string.IsNullOrEmpty(spec.Region))
            errors.Add("gcs type requires that region must be non-empty");
        if (!string.IsNullOrEmpty(spec.Role))
            errors.Add("gcs type does not support role parameter yet must be non-empty");
        if (!secrets.Kinds.HasFlag(SecretKinds.KeySecret))
            errors.Add("gcs type requires that keySecret parameter must be non-empty");
    }

    private static void CheckDocker(ConnectionSpec spec, ConnectionSecrets secrets, ICollection<string> errors)
    {
        if (!secrets.Kinds.HasFlag(SecretKinds.Password))
            errors.Add("docker type requires the password parameter");
        if (string.IsNullOrEmpty(spec.Username))
            errors.Add("docker type requires the username parameter");
    }

    private static ConnectionSpec CheckEcr(ConnectionSpec spec, ConnectionSecrets secrets, ICollection<string> errors)
    {
        var registry = EcrRegistry.Parse(spec.Uri);
        if (spec.Uri.Length > 0 && registry is null)
            errors.Add($"not valid uri for ecr type: {EcrRegistry.Mismatch}");
        if (!secrets.Kinds.HasFlag(SecretKinds.KeyId) || !secrets.Kinds.HasFlag(SecretKinds.KeySecret))
            errors.Add("ecr type requires that keyID and keySecret parameters must be non-empty");
        return string.IsNullOrEmpty(spec.Region) && registry is not null ? spec with { Region = registry.Region } : spec;
    }
}
