namespace Odin.Server.Registry;

/// <summary>A refusal in the words of the distribution specification.</summary>
/// <param name="code">Such as <c>BLOB_UNKNOWN</c>.</param>
internal sealed class RegistryException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public static RegistryException UnknownBlob(string digest) => new(StatusCodes.Status404NotFound, "BLOB_UNKNOWN", $"There is no blob '{digest}'.");

    public static RegistryException UnknownUpload(string id) =>
        new(StatusCodes.Status404NotFound, "BLOB_UPLOAD_UNKNOWN", $"There is no upload '{id}'; it may have ended or be too old. Begin it again.");

    public static RegistryException UnknownManifest(string reference) => new(StatusCodes.Status404NotFound, "MANIFEST_UNKNOWN", $"There is no manifest '{reference}'.");

    public static RegistryException WrongDigest(string? digest) =>
        new(StatusCodes.Status400BadRequest, "DIGEST_INVALID", $"'{digest}' is no digest: one is 'sha256:' and 64 hexadecimal digits.");

    public static RegistryException Unsupported(string message) => new(StatusCodes.Status405MethodNotAllowed, "UNSUPPORTED", message);
}
