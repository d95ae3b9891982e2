using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Odin.Images;
using Odin.ObjectStorage;

namespace Odin.Tests.Images;

public sealed class EcrCredentialsTests(MotoServer moto)
{
    private const string KeyId = "AKIDEXAMPLE", KeySecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    private static readonly DateTimeOffset Then = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    // "get-vanilla" and "post-vanilla" of Amazon's own test suite.
    [Theory]
    [InlineData("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    public void Sign_VectorOfAmazon_GivesItsSignature(string method, string signature)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "https://example.amazonaws.com/");

        AwsSignature.Sign(request, [], "us-east-1", "service", KeyId, KeySecret, null, Then);

        Assert.Equal(
            $"AWS4-HMAC-SHA256 Credential={KeyId}/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}",
            request.Headers.NonValidated["Authorization"].ToString());
    }

    // What botocore makes of the same.
    [Fact]
    public void Sign_BodyAndSession_IsAsInAmazonsSdk()
    {
        var body = Encoding.UTF8.GetBytes("""{"a":1}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://example.amazonaws.com/") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "T.Do");

        AwsSignature.Sign(request, body, "us-east-1", "service", KeyId, KeySecret, "session", Then);

        Assert.EndsWith(
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=5a709f2dd475f749fb0d343ef8495ccfae1c4e52c92a3a35adf0af866b6c1e3e",
            request.Headers.NonValidated["Authorization"].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Account_GivesNameAndPasswordAndKeepsThem()
    {
        await moto.StartAsync();
        // Moto's passwords all end at the beginning of 2015.
        var time = new ManualTime(new DateTimeOffset(2014, 12, 31, 0, 0, 0, TimeSpan.Zero));
        using var proxy = new TroubleProxy(moto.Port);
        using var ecr = new EcrCredentials(Options($"http://127.0.0.1:{proxy.Port}") with { Time = time });

        var credentials = await ecr.GetAsync(CancellationToken.None);
        var again = await ecr.GetAsync(CancellationToken.None);

        Assert.Equal("AWS", credentials.UserName);
        Assert.NotEmpty(credentials.Password);
        Assert.Same(credentials, again);
        time.Advance(TimeSpan.FromDays(1));
        Assert.NotSame(credentials, await ecr.GetAsync(CancellationToken.None));
    }

    [Fact]
    public async Task EnsureRepository_Twice_IsMadeOnce()
    {
        await moto.StartAsync();
        using var ecr = new EcrCredentials(Options(moto.Endpoint));
        var name = $"models/wine-{Guid.NewGuid():N}";

        await ecr.EnsureRepositoryAsync(name, CancellationToken.None);
        await ecr.EnsureRepositoryAsync(name, CancellationToken.None);

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, moto.Endpoint) { Content = new ByteArrayContent("{}"u8.ToArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
        AwsSignature.Sign(request, "{}"u8.ToArray(), "us-east-1", "ecr", "test", "test", null, TimeProvider.System.GetUtcNow());
        using var answer = await client.SendAsync(request);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Single(document.RootElement.GetProperty("repositories").EnumerateArray(), r => r.GetProperty("repositoryName").GetString() == name);
    }

    [Theory]
    [InlineData("UnrecognizedClientException", "does not accept the key 'test'")]
    [InlineData("com.amazon#AccessDeniedException", "needs ecr:GetAuthorizationToken")]
    [InlineData("ExpiredTokenException", "has expired")]
    public async Task Get_Refused_SaysWhatToDo(string type, string expected)
    {
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http("400 Bad Request", $$"""{"__type":"{{type}}","message":"Amazon's words"}""") };
        using var ecr = new EcrCredentials(Options($"http://127.0.0.1:{proxy.Port}"));

        var e = await Assert.ThrowsAsync<ImageException>(() => ecr.GetAsync(CancellationToken.None));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.EndsWith("It says: Amazon's words", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsPassing);
    }

    [Fact]
    public async Task Get_SomethingElse_SaysSo()
    {
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http("200 OK", "<html>") };
        using var ecr = new EcrCredentials(Options($"http://127.0.0.1:{proxy.Port}"));

        var e = await Assert.ThrowsAsync<ImageException>(() => ecr.GetAsync(CancellationToken.None));

        Assert.Contains("Is the endpoint right?", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_Text_HasNoSecret() => Assert.DoesNotContain("test", Options("http://127.0.0.1:1").ToString(), StringComparison.Ordinal);

    private static EcrOptions Options(string endpoint) => new()
    {
        Account = "123456789012",
        Region = "us-east-1",
        KeyId = "test",
        KeySecret = "test",
        Endpoint = endpoint,
        Limits = TransferLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1) },
    };
}
