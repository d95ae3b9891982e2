using System.Net;
using Odin.Server.Connections;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>What is refused, with the words that the inherited clients compare.</summary>
public sealed class ValidationTests(ValidationTests.Fixture fixture) : IClassFixture<ValidationTests.Fixture>
{
    private const string Quantities = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    /// <summary>A server that asks nobody for host keys.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(
            o => o with { Lifecycle = o.Lifecycle with { HostKeys = new HostKeyScanOptions(HostKeyScan.Off, TimeSpan.FromSeconds(1)) } });

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    // The table of the inherited acceptance tests, row by row, and rules beyond it.
    public static TheoryData<string, string, string> Refused { get; } = new()
    {
        { "connection", """{"id":"conn_invalid_id","spec":{"type":"git","uri":"git@github.com:odahu/odahu-examples.git","keySecret":"bG9sCg=="}}""", "ID is not valid" },
        { "connection", """{"id":"a","spec":{"type":"s3","uri":"s3://b","region":"r","keyID":"AKIAIOSFODNN7EXAMPLE"}}""", "s3 type requires that keyID and keySecret parameters must be non-empty" },
        { "connection", """{"id":"a","spec":{"type":"gcs","region":"r"}}""", "empty uri; gcs type requires that keySecret parameter must be non-empty" },
        { "connection", """{"id":"a","spec":{"type":"azureblob","username":"u","password":"cA=="}}""", "empty uri; azureblob type requires that keySecret parameter contains HTTP endpoint with SAS Token" },
        { "connection", """{"spec":{"type":"git"}}""", "ID is not valid; empty \"ID\"; empty uri" },
        { "connection", """{"id":"a","spec":{"type":"docker","username":"u","password":"cA=="}}""", "empty uri" },
        { "connection", """{"id":"a","spec":{"type":"docker","uri":"r"}}""", "docker type requires the password parameter; docker type requires the username parameter" },
        { "connection", """{"id":"a","spec":{"type":"ecr"}}""", "empty uri; ecr type requires that keyID and keySecret parameters must be non-empty" },
        { "connection", """{"id":"a","spec":{"type":"ecr","uri":"docker.io/x","keyID":"YQ==","keySecret":"YQ=="}}""", "not valid uri for ecr type: docker-credential-ecr-login can only be used with Amazon Elastic Container Registry." },
        { "connection", """{"id":"a","spec":{"type":"ftp","uri":"u"}}""", "unknown type: ftp. Supported types: [s3 gcs azureblob git docker ecr local]" },
        { "connection", """{"id":"A","spec":{"type":"git","uri":"u","password":"*****","keySecret":"abc","keyID":"YQ=","publicKey":"YQ==="}}""", "password must be base64-encoded, error: illegal base64 data at input byte 0; key secret must be base64-encoded, error: illegal base64 data at input byte 0; key id must be base64-encoded, error: illegal base64 data at input byte 3; public key must be base64-encoded, error: illegal base64 data at input byte 4; ID is not valid" },
        { "toolchain/integration", """{"id":"a","spec":{}}""", "empty entrypoint; empty defaultImage" },
        { "toolchain/integration", """{"id":"a","spec":{"defaultImage":"i"}}""", "empty entrypoint" },
        { "packaging/integration", """{"id":"a","spec":{"artifactName":"x","integrationName":"y"}}""", "empty entrypoint; empty defaultImage" },
        { "packaging/integration", """{"id":"a","spec":{"entrypoint":"e","defaultImage":"i","schema":{"targets":[{"name":""},{"name":"t"},{"name":"u","connectionTypes":["ftp"]}],"arguments":{"properties":[{"name":"p","parameters":[{"name":"type","value":"notatype"}]}]}}}}""", "one of target has empty name; t target must have at least one connection type; u target have unknown connection type: ftp; arguments have not valid json schema: has a primitive type that is NOT VALID -- given: /notatype/ Expected valid values are:[array boolean integer number null object string]" },
        { "model/training", """{"id":"a","spec":null}""", "empty model.name; empty model.version; both VCS and ObjectStorage names are empty; empty toolchain parameter" },
        { "model/training", """{"id":"a","spec":{"model":{"name":"-","version":"1"},"toolchain":"?","algorithmSource":{"vcs":{"connection":"x"},"objectStorage":{"connection":"y"}},"outputConnection":"z"}}""", "invalid training name: - must be valid Kubernetes label, i.e. match this pattern: ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$; both VCS and ObjectStorage names are specified, must be only one; invalid training toolchain: ? must be valid Kubernetes label, i.e. match this pattern: ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$; \"Spec.\"OutputConnection\"\" validation errors: entity \"z\" is not found" },
        { "model/training", """{"id":"a","spec":{"model":{"name":"m","version":1.0},"toolchain":"mlflow","vcsName":"models-output","data":[{"localPath":""},{"localPath":"p","connName":"no"}]}}""", "VCS connection must have the GIT type. You pass the connection of local type; you should specify local path for 0 number of data binding; you should specify connection name for 0 number of data binding; entity \"no\" is not found" },
        { "model/training", """{"id":"a","spec":{"model":{"name":"m","version":"1"},"toolchain":"nope","algorithmSource":{"objectStorage":{"connection":"models-output"}},"nodeSelector":{"b":"2","a":"1"},"resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1","memory":"1GiB","gpu":"-1"}}}}""", $"validation of memory limit is failed: {Quantities}; entity \"nope\" is not found; node selector map[a:1 b:2] is not presented in ODAHU config; resources.limits[nvidia.com/gpu]: Invalid value: \"-1\": must be greater than or equal to 0; resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit" },
        { "model/training", """{"id":"a","spec":{"model":{"name":"m","version":"1","artifactNameTemplate":"{{ .Nope }}"},"toolchain":"mlflow","workDir":"../x","algorithmSource":{"objectStorage":{"connection":"models-output"}}}}""", "invalid model.artifactNameTemplate: \"{{ .Nope }}\" is none of {{ .Name }}, {{ .Version }}, {{ .RandomUUID }}, {{ .CommitID }}; path \"../x\" leads out of the source" },
        { "model/packaging", """{"id":"a","spec":{"artifactName":null}}""", "empty artifactName; empty integrationName" },
        { "model/packaging", """{"id":"a","spec":{"artifactName":"x","integrationName":"nope"}}""", "packaging integration with name .spec.integrationName = \"nope\" is not found" },
        { "model/packaging", """{"id":"a","spec":{"artifactName":"x","integrationName":"docker-rest","arguments":{"argument-3":1,"port":"5000","workers":1.5,"threads":4.0},"targets":[{"name":"target-1","connectionName":"c"},{"name":"docker-push","connectionName":"models-output"},{"name":"docker-push","connectionName":"c"}]}}""", "argument validation is failed: [(root): Additional property argument-3 is not allowed port: Invalid type. Expected: integer, given: string workers: Invalid type. Expected: integer, given: number]; cannot find target-1 target in packaging integration docker-rest; docker-push target has not valid connection type local for packaging integration docker-rest; cannot find docker-push target in packaging integration docker-rest" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Wish_IsWrong_EverythingIsSaidAtOnce(string path, string body, string messages)
    {
        using var client = new LifecycleClient(fixture.Server);
        var noun = path switch
        {
            "connection" => "connection",
            "toolchain/integration" => "toolchain integration",
            "packaging/integration" => "packaging integration",
            "model/training" => "model training",
            _ => "model packaging",
        };
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put })
        {
            var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, method, path, body);
            Assert.Equal($"Validation of {noun} is failed: {messages}", (string)answer["message"]!);
        }
    }

    [Theory]
    [InlineData("", "EOF")]
    [InlineData(" \n", "EOF")]
    [InlineData("""{"id": "a", "spec": {""", "unexpected EOF")]
    [InlineData("""{"id": "a""", "unexpected EOF")]
    [InlineData("[1]", "the body must be a JSON object")]
    [InlineData("""{"id": {}}""", "json: cannot take an object for id: it must be a string")]
    [InlineData("""{"id": "a", "spec": ""}""", "json: cannot take a string for spec: it must be an object")]
    [InlineData("""{"id": "a", "spec": {"additionalEnvironments": {"x": []}}}""", "json: cannot take a list for spec.additionalEnvironments.x: it must be a string")]
    public async Task Body_IsNoSuchObject_SaysWhere(string body, string message)
    {
        using var client = new LifecycleClient(fixture.Server);
        var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "toolchain/integration", body);
        Assert.Equal(message, (string)answer["message"]!);
    }

    [Theory]
    [InlineData("size=1&size=2", "the size URL parameter must be only one")]
    [InlineData("page=1&page=2", "the page URL parameter must be only one")]
    [InlineData("size=abc", "strconv.Atoi: parsing \"abc\": invalid syntax")]
    [InlineData("page=-1", "the page URL parameter must not be negative")]
    [InlineData("colour=red", "cannot find colour url parameter")]
    public async Task Query_IsWrong_IsRefused(string query, string message)
    {
        using var client = new LifecycleClient(fixture.Server);
        foreach (var path in new[] { "connection", "toolchain/integration", "model/training", "packaging/integration", "model/packaging" })
        {
            var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Get, $"{path}?{query}");
            Assert.Equal(message, (string)answer["message"]!);
        }
    }
}
