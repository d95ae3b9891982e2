using System.Globalization;
using Amazon.Runtime;

namespace Odin.ObjectStorage;

/// <summary>What an S3 server says, with what to do about it.</summary>
internal static class S3Refusals
{
    private const int Longest = 500;

    public static ObjectStorageException Explain(AmazonServiceException refusal, S3Connection connection, string? key)
    {
        var (code, status) = (refusal.ErrorCode ?? "", (int)refusal.StatusCode);
        if (code is "NoSuchKey" or "NoSuchVersion" && key is not null)
            return new ObjectNotFoundException(key, connection.Description);
        var subject = key is null ? connection.Description : $"'{key}' in {connection.Description}";
        var words = refusal.Message.Length > Longest ? refusal.Message[..Longest] : refusal.Message;
        return new ObjectStorageException(
            string.Create(CultureInfo.InvariantCulture, $"{StorageConnections.Capital(subject)}: {Remedy(code, status, connection.Bucket)} The server said {status} {code}: {words}"),
            IsPassing(code, status),
            refusal)
        {
            Status = status,
            Code = code,
        };
    }

    private static bool IsPassing(string code, int status) => code switch
    {
        "RequestTimeout" or "RequestTimeTooSkewed" or "SlowDown" or "InternalError" or "ServiceUnavailable" or "OperationAborted"
            or "ConditionalRequestConflict" => true,
        _ => status is 408 or 429 or (>= 500 and not 501),
    };

    private static string Remedy(string code, int status, string bucket) => code switch
    {
        "NoSuchBucket" => $"the bucket '{bucket}' does not exist there; create it, or correct its name.",
        "InvalidBucketName" => $"'{bucket}' is no name for a bucket there; correct it.",
        "InvalidAccessKeyId" => "the key id is not known there; correct the key id.",
        "SignatureDoesNotMatch" => "the secret does not fit the key id; correct the secret.",
        "AuthorizationHeaderMalformed" => "the server wants another region, or the key id is malformed; correct the region.",
        "RequestTimeTooSkewed" => "the clocks of this machine and the server differ too much; set the clock.",
        "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired" => "the credentials have run out or are not known; get new ones.",
        "PermanentRedirect" or "TemporaryRedirect" or "IllegalLocationConstraintException" or "IncorrectEndpoint" => "the bucket lies in another region; correct the region or the endpoint.",
        "EntityTooLarge" or "QuotaExceeded" or "XMinioStorageFull" => "the server has no room for this, or its quota is used up.",
        _ => status switch
        {
            401 => "the credentials are not accepted; correct the key id and the secret.",
            403 => "these credentials may not do this; give them the right to, or use others. A wrong secret may look like this too.",
            404 => "there is no such thing.",
            >= 300 and < 400 => "the server sends elsewhere, which is not followed; correct the region or the endpoint.",
            429 or 503 => "the server is busy; try again later.",
            >= 500 => "the server has a fault; try again later.",
            _ => "the server refuses this.",
        },
    };
}
