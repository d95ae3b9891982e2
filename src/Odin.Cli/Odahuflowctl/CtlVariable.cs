namespace Odin.Cli.Odahuflowctl;

/// <summary>A variable of the older client's configuration.</summary>
/// <param name="Default">As Python shows it: <c>'text'</c>, <c>False</c>, <c>3</c>, <c>None</c>.</param>
internal sealed record CtlVariable(string Name, string? DefaultValue, string Default, string Description)
{
    public const string Url = "API_URL", Token = "API_TOKEN", RefreshToken = "API_REFRESH_TOKEN", AccessToken = "API_ACCESS_TOKEN", IssuingUrl = "API_ISSUING_URL",
        IssuerUrl = "ISSUER_URL", ClientId = "ODAHUFLOWCTL_OAUTH_CLIENT_ID", ClientSecret = "ODAHUFLOWCTL_OAUTH_CLIENT_SECRET", Scope = "ODAHUFLOWCTL_OAUTH_SCOPE",
        LoopbackHost = "ODAHUFLOWCTL_OAUTH_LOOPBACK_HOST", LoopbackUrl = "ODAHUFLOWCTL_OAUTH_LOOPBACK_URL", TokenEndpoint = "ODAHUFLOWCTL_OAUTH_TOKEN_ISSUING_URL",
        NonInteractive = "ODAHUFLOWCTL_NONINTERACTIVE", ModelServerUrl = "MODEL_SERVER_URL", ModelHost = "MODEL_HOST", ModelDeployment = "MODEL_DEPLOYMENT_NAME",
        ModelRoute = "MODEL_ROUTE_NAME", RetryAttempts = "RETRY_ATTEMPTS", BackoffFactor = "BACKOFF_FACTOR", Debug = "DEBUG", OutputDirectory = "LOCAL_MODEL_OUTPUT_DIR";

    /// <summary>Every variable, in the order of their names.</summary>
    public static IReadOnlyList<CtlVariable> All { get; } =
    [
        Text(IssuingUrl, null, "Where the refresh token came from, and is renewed"),
        Text(RefreshToken, null, "The token that new tokens are got for"),
        Text(Token, null, "The token that is sent to the server"),
        Text(Url, "http://localhost:5000", "The address of the server"),
        new(BackoffFactor, "1", "1", "How much longer each wait between attempts is; 0: no waits"),
        new(Debug, "False", "False", "Whether to say all that is done, as --verbose does"),
        Text(IssuerUrl, null, "The address of the OpenID provider"),
        Text("JUPYTER_REDIRECT_URL", "", "The address of JupyterLab as a browser sees it"),
        Text(OutputDirectory, "~/.odahuflow/training_output", "The directory for models that were trained on this machine"),
        Text(ModelDeployment, "", "The deployment that is asked when none is named"),
        Text(ModelHost, "", "The host name to send to a model's server"),
        Text(ModelRoute, "", "The route that is asked when none is named"),
        Text(ModelServerUrl, "", "The address of the models"),
        new(NonInteractive, "False", "False", "Whether nobody is there to log in with a browser"),
        Text("ODAHUFLOWCTL_OAUTH_AUTH_URL", "", "The authorization endpoint of the OpenID provider"),
        Text(ClientId, "legion-cli", "Who the program says it is when it logs in"),
        Text(ClientSecret, "", "The secret that goes with it"),
        Text(LoopbackHost, "127.0.0.1", "The host that a browser is sent back to after logging in"),
        Text(LoopbackUrl, "/oauth/callback", "The path that it is sent back to"),
        Text(Scope, "openid profile email offline_access groups", "What is asked for when logging in with a browser"),
        Text(TokenEndpoint, "", "The token endpoint of the OpenID provider; empty: it is looked for"),
        new(RetryAttempts, "3", "3", "How often a request is tried again"),
    ];

    /// <summary>What <c>logout</c> forgets.</summary>
    public static IReadOnlyList<string> Credentials { get; } =
        [Url, Token, RefreshToken, AccessToken, IssuingUrl, ClientId, ClientSecret, IssuerUrl, ModelHost];

    public bool IsSecret => Name.Contains("_PASSWORD", StringComparison.Ordinal) || Name.Contains("_TOKEN", StringComparison.Ordinal) && Name != TokenEndpoint || Name.Contains("_SECRET", StringComparison.Ordinal);

    private static CtlVariable Text(string name, string? value, string description) =>
        new(name, value, value is null ? "None" : Output.PythonRepr.Write(value), description);
}
