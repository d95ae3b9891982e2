using System.Globalization;

namespace Odin.Cli.Odahuflowctl;

/// <summary>Everything that <c>odahuflowctl</c> says to whoever reads it, person or script, in one place.</summary>
internal static class CtlMessages
{
    public const string VerboseHint = "For more information rerun command with --verbose flag";
    public const string LogsStreaming = "Logs streaming...";
    public const string TimeOut = "Time out: operation has not been confirmed";
    public const string NothingToDelete = "Provide an ID or file parameter.";
    public const string IdAndFile = "Provide an ID or file parameter, not both.";
    public const string ClientCredentialsNotCorrect = "Client credentials are not correct.\nPlease check the client's ID, its secret and the issuer's URL.";
    public const string RefreshTokenNotCorrect = "Refresh token is not correct.\nPlease login again";
    public const string LoggedIn = "Success! Credentials have been saved.";
    public const string LoggedOut = "All authorization credentials have been removed";
    public const string TokenAndClient = "You should use either --token or --client_id/--client_secret, not both.";
    public const string HalfAClient = "You should provide both --client_id and --client_secret.";
    public const string ClientWithoutIssuer = "You should provide --issuer together with the client credentials.";
    public const string BulkErrors = "Some errors detected:";
    public const string NoArtifacts = "Artifacts not found";
    public const string NoContainers = "There are no containers";
    public const string PackagerResults = "Packager results:";
    public const string GppiPathMissing = "Missing path to the GPPI: give it by --gppi-model-path or ODAHUFLOW_GPPI_MODEL_PATH.";
    public const string BaseUrlRequired = "Base url is required";
    public const string ModelPlaceRequired = "Specify one of --url-prefix, --model-route or --model-deployment";
    public const string TargetsAreOff = "Package targets are disabled: the local packager will not push images. Turn them on with --no-disable-package-targets.";
    private const string Ask = "Please provide correct temporary token or disable non interactive mode";

    public static string InvalidFormat(string value) =>
        InvalidValue("--output-format' / '-o", $"invalid choice: {value}. (choose from json, table, yaml, jsonpath)");

    public static string InvalidValue(string option, string why) => $"Invalid value for '{option}': {why}";

    public static string NotAnInteger(string value) => $"'{value}' is not a valid integer.";

    public static string ServerError(string message, int status) => string.Create(CultureInfo.InvariantCulture, $"Got error from server: {message} (status: {status})");

    public static string Unreachable(Uri url) => $"Can not reach {url.AbsoluteUri.TrimEnd('/')}";

    /// <param name="wereGiven">Whether a token was sent.</param>
    /// <param name="isRenewed">Whether it was a new one.</param>
    public static string Credentials(bool wereGiven, bool isRenewed) =>
        $"Credentials are {(wereGiven ? "not correct" : "missed")}{(isRenewed ? " even after refreshing" : "")}.\n{Ask}";

    public static string TokenIsForAnother(string stored, Uri url) =>
        $"Warning: the stored token is for {stored.TrimEnd('/')} and is not sent to {url.AbsoluteUri.TrimEnd('/')}: log in there with \"odahuflowctl login --url\", or give --token";

    public static string TokenInClear(Uri url) =>
        $"The server says that the model is at {url.GetLeftPart(UriPartial.Authority)}, where the token would go in clear, so it is not sent: whoever runs the server sets deployment.edge_url to an https address";

    public static string OpenInBrowser(string url) => $"Credentials are missed.\nPlease open {url}";

    public static string Authorized(Uri url, string name, string email) => $"You have been authorized on endpoint {url.AbsoluteUri.TrimEnd('/')} as {name} / {email}";

    public static string NotFoundIgnored(string kind, string id) => $"{kind} {id} was not found. Ignore";

    public static string AlreadyExists(string noun) => $"{noun} already exists";

    public static string WrongKind(string file, string found, string expected) => $"'{file}' holds {found}, but {expected} is expected";

    public static string WrongCount(string file, int count) => string.Create(CultureInfo.InvariantCulture, $"'{file}' should hold exactly 1 entity, but it holds {count}");

    public static string NotAnEntity(string file) => $"Invalid Odahuflow resource in file '{file}'";

    public static string NoKind(string file) => $"Kind of object in '{file}' must be not null";

    public static string KindIsNoText(string file) => $"Kind of object in '{file}' should be string";

    public static string UnknownKind(string kind) => $"Unknown kind of object: '{kind}'";

    public static string WrongTimeout(string value) => $"'{value}' timeout must be positive integer";

    /// <param name="what">As in <c>Start training</c>.</param>
    public static string JobSent(string what, string repr) => $"{what}: {repr}";

    public static string JobDone(JobWords words, string id, int seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"Model {id} was {words.Done}. {words.Process} took {seconds} seconds");

    public static string JobFailed(JobWords words, string id, string? why) => $"Model {words.Noun} {id} was failed.{(string.IsNullOrEmpty(why) ? "" : $"\n{why}")}";

    public static string StateUnknown(JobWords words, string id) => $"Can not determine the state of model {words.Noun} {id}. Sleeping...";

    public static string Gone(string kind, string id) => $"{kind} {id} was deleted while it was waited for";

    public static string Deployed(string id, int seconds) => string.Create(CultureInfo.InvariantCulture, $"Model {id} was deployed. Deployment process took {seconds} seconds");

    public static string PodsAvailable(int available, int wanted) => string.Create(CultureInfo.InvariantCulture, $"Number of available pods is {available}/{wanted}");

    public static string DeploymentFailed(string id) => $"Model deployment {id} was failed";

    public static string CurrentState(string kind, string id, string state) => $"Current {kind} {id} state is {state}";

    public static string StillDeleting(string id) => $"Model deployment {id} is still being deleted...";

    public static string RouteReady(string id) => $"Model Route {id} is ready";

    public static string RouteFailed(string id) => $"Model Route {id} was failed";

    public static string BulkDone(IReadOnlyList<string> created, IReadOnlyList<string> changed, IReadOnlyList<string> removed) =>
        "Operation completed" + BulkPart("created", created) + BulkPart("changed", changed) + BulkPart("removed", removed);

    public static string CanNotUpdate(int number, string id, string why) => string.Create(CultureInfo.InvariantCulture, $"Can not update resource #{number}. {id}: {why}");

    public static string CanNotDelete(int number, string id, string why) => string.Create(CultureInfo.InvariantCulture, $"Can not delete resource #{number}. {id}: {why}");

    public static string CanNotGetStatus(int number, string id, string why) => string.Create(CultureInfo.InvariantCulture, $"Can not get status of resource #{number}. {id}: {why}");

    public static string UnknownVariable(string name) => $"Variable '{name}' is unknown";

    public static string NoTemplate(string name) => $"Cannot find {name} template";

    public static string LocalNotFound(string kind, string id) => $"{kind} '{id}' is in none of the files, and there is no server to ask: give it with -f or -d, or name the server with --url";

    public static string FetchedFromServer(string kind, string id) => $"The {kind} \"{id}\" is in none of the files. Fetched from the server";

    public static string BuiltIn(string kind, string id) => $"The {kind} \"{id}\" is in none of the files. Using the built-in one";

    public static string DataOutside(string path) => $"The local path '{path}' of the data leads out of the source";

    public static string DataMissing(string path, string connection) => $"The data '{path}' of the connection \"{connection}\" is not fetched: put it there yourself";

    public static string DataNotFound(string path, string connection) => $"The connection \"{connection}\" has no '{path}'";

    public static string ProcessStarted(int process) => string.Create(CultureInfo.InvariantCulture, $"Process {process} has been started");

    public static string ProcessFailed(int code) => string.Create(CultureInfo.InvariantCulture, $"Process finished with {code} error code");

    public static string ProgramMissing(string program) => $"There is no program '{program}': neither beside this one nor in PATH";

    public static string ModelSaved(string name, string directory) => $"Model {name} was saved in the {directory} directory";

    public static string NotADirectory(string path) => $"{path} is not a directory";

    public static string UnreadableFile(string path, string why) => $"{path} is left out: {why}";

    public static string UnknownTarget(string target, string integration) => $"Target \"{target}\" is unknown to the packaging integration \"{integration}\"";

    public static string TargetConnectionMissing(string target, string connection) => $"Connection \"{connection}\" of the target \"{target}\" is not found";

    public static string TargetConnectionType(string target, string connection, string type) => $"Connection \"{connection}\" of the target \"{target}\" has the type {type}, which the target does not take";

    private static string BulkPart(string verb, IReadOnlyList<string> resources) => resources.Count == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $", {verb} resources: {resources.Count} ({string.Join(", ", resources)})");
}

/// <summary>The words for a kind of work.</summary>
/// <param name="Noun">As in <c>Model training x was failed.</c></param>
/// <param name="Title">As in <c>Training already exists</c>.</param>
/// <param name="Verb">As in <c>Start training</c>.</param>
/// <param name="Done">As in <c>Model x was trained.</c></param>
/// <param name="Process">As in <c>Training took 3 seconds</c>.</param>
internal sealed record JobWords(string Noun, string Title, string Verb, string Done, string Process);
