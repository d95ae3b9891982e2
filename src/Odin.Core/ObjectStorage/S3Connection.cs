using System.Net.Http;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Odin.ObjectStorage;

/// <summary>A client of the SDK with our deadlines and retries in the place of its own, and errors in our words.</summary>
internal sealed class S3Connection : IDisposable
{
    private readonly HttpClient http;
    private readonly RetriedCalls retried;
    private readonly string host;

    public S3Connection(S3StorageOptions options, TransferLimits limits)
    {
        Bucket = StorageConnections.CheckBucket(options.Bucket, "bucket");
        var region = RegionEndpoint.GetBySystemName(options.Region.Length == 0 ? "us-east-1" : options.Region);
        var endpoint = string.IsNullOrEmpty(options.Endpoint) ? null : StorageConnections.ParseAddress(options.Endpoint, "endpoint of the bucket");
        host = endpoint?.Authority ?? $"s3.{region.SystemName}.{region.PartitionDnsSuffix}";
        Description = endpoint is null ? $"s3://{Bucket} in {region.SystemName}" : $"s3://{Bucket} at {endpoint.GetLeftPart(UriPartial.Authority)}";
        retried = new RetriedCalls(Description, limits);
        http = new HttpClient(new OwnHosts(
            StorageConnections.CreateHandler(limits), endpoint, $".{region.PartitionDnsSuffix}"))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        AWSCredentials credentials = options.KeyId.Length == 0 ? new AnonymousAWSCredentials() : new BasicAWSCredentials(options.KeyId, options.KeySecret);
        Client = new AmazonS3Client(credentials, CreateConfig(endpoint, region, http));
    }

    public AmazonS3Client Client { get; }

    public string Bucket { get; }

    public string Description { get; }

    /// <param name="key">Of the object that it is about; null: it is about the bucket.</param>
    /// <param name="call">Makes its request anew each time.</param>
    public Task<T> RunAsync<T>(string? key, Func<AmazonS3Client, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        retried.RunAsync(token => TranslateAsync(key, call, token), cancellationToken);

    /// <summary>Without a second attempt.</summary>
    public Task<T> RunOnceAsync<T>(string? key, Func<AmazonS3Client, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        retried.RunOnceAsync(token => TranslateAsync(key, call, token), cancellationToken);

    public void Dispose()
    {
        Client.Dispose();
        http.Dispose();
    }

    private static AmazonS3Config CreateConfig(Uri? endpoint, RegionEndpoint region, HttpClient http)
    {
        var config = new AmazonS3Config
        {
            // What the machine is set up to for other programs is no business of this connection.
            DefaultConfigurationMode = DefaultConfigurationMode.Standard,
            IgnoreConfiguredEndpointUrls = true,
            DisableLogging = true,
            MaxErrorRetry = 0,
            AllowAutoRedirect = false,
            HttpClientFactory = new OneClient(http),
            // Bodies are signed, which is a check as good; the newer checksums are unknown to most other servers.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (endpoint is null)
        {
            config.RegionEndpoint = region;
        }
        else
        {
            config.ServiceURL = endpoint.ToString();
            config.AuthenticationRegion = region.SystemName;
            config.ForcePathStyle = true;
        }
        return config;
    }

    private async Task<T> TranslateAsync<T>(string? key, Func<AmazonS3Client, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(Client, cancellationToken);
        }
        // The SDK has many kinds of its own, and throws others for answers that it does not understand.
        catch (Exception e) when (e is not (OperationCanceledException or ObjectStorageException))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Explain(e, key);
        }
    }

    private ObjectStorageException Explain(Exception error, string? key)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpRequestException http)
                return StorageConnections.Explain(http, Description, host);
            if (inner is IOException io)
                return StorageConnections.Broken(io, Description, host);
        }
        return error is AmazonServiceException refusal && refusal.StatusCode != 0 && refusal is not AmazonUnmarshallingException
            ? S3Refusals.Explain(refusal, this, key)
            : new ObjectStorageException($"What {Description} answered is not S3: {error.Message} Is the endpoint right?", isPassing: false, error);
    }

    /// <summary>
    /// Sends nothing to hosts that nobody has named, as the SDK follows redirects by itself and signs anew for them. Amazon's
    /// own hosts may send to each other.
    /// </summary>
    private sealed class OwnHosts(HttpMessageHandler inner, Uri? endpoint, string suffix) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var uri = request.RequestUri!;
            if (endpoint is null ? !uri.Host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) : uri.Authority != endpoint.Authority)
                throw Refuse(uri);
            var answer = await base.SendAsync(request, cancellationToken);
            if (endpoint is null || (int)answer.StatusCode is < 300 or >= 400 || answer.Headers.Location is not { } target)
                return answer;
            answer.Dispose();
            throw Refuse(new Uri(uri, target));
        }

        private static ObjectStorageException Refuse(Uri target) =>
            new($"The server answers with a redirect. {StorageConnections.RedirectWords(target.GetLeftPart(UriPartial.Authority))}", isPassing: false);
    }

    private sealed class OneClient(HttpClient http) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
