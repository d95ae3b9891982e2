using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Shell;

namespace Odin.Cli.Batch;

/// <summary><c>odin batch job create</c>: has a service predict, as it is or with other places.</summary>
internal static class BatchJobCreation
{
    private static readonly Option<string?> File = new("--file", "-f") { Description = "A file of jobs, YAML or JSON, in place of the options below; '-' reads standard input.", HelpName = "FILE" };
    private static readonly Option<string?> From = new("--from") { Description = "Where the requests are, CONNECTION or CONNECTION:PATH; left out: as the service says.", HelpName = "PLACE" };
    private static readonly Option<string?> To = new("--to") { Description = "Where the responses go, CONNECTION or CONNECTION:PATH; left out: as the service says.", HelpName = "PLACE" };
    private static readonly Option<string?> RequestId = new("--request-id") { Description = "Under which name the predictions are known; left out: the server makes one.", HelpName = "ID" };
    private static readonly Option<bool> NoWait = new("--no-wait") { Description = "Return when it is accepted." };

    public static Command Create(CliSession session)
    {
        var service = new Option<string?>("--service", "-s") { Description = "The service that predicts.", HelpName = "ID" };
        service.CompletionSources.Add(context => ServerCompletions.Entities(session, context, LifecycleNoun.BatchService.Path));
        return Subcommand.CreateRemote(
            "create", "Has a service predict all requests of a place.", (parse, token) => RunAsync(session, parse, parse.GetValue(service), token), service, From, To, RequestId, File, NoWait);
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parse, string? service, CancellationToken cancellationToken)
    {
        var (noun, jobs) = (LifecycleNoun.BatchJob, Read(session, parse, service));
        using var client = session.Connect(parse);
        var code = ExitCode.Success;
        foreach (var job in jobs)
        {
            var made = (await client.PostAsync(noun.WishPath, job, cancellationToken)).EnsureSuccess("`odin batch service get` shows the services that there are.").Body;
            var id = LifecycleNoun.Find(made, "id") ?? "";
            session.Environment.Out.WriteLine($"The {noun.Singular} '{id}' was created.");
            if (!parse.GetValue(NoWait))
                code = Math.Max(code, await new EntityFollower(client, noun, session.Environment).FollowAsync(id, cancellationToken));
        }
        return code;
    }

    private static IReadOnlyList<JsonObject> Read(CliSession session, ParseResult parse, string? service)
    {
        var options = new JsonObject();
        foreach (var (name, value) in new (string, JsonNode?)[]
        {
            ("inferenceServiceId", service), ("dataSource", Place(parse.GetValue(From))), ("outputDestination", Place(parse.GetValue(To))), ("requestId", parse.GetValue(RequestId)),
        })
        {
            if (value is not null)
                options[name] = value;
        }
        var file = parse.GetValue(File);
        if (file is not null && options.Count == 0)
            return Manifest.Read(file, LifecycleNoun.BatchJob, session.Environment.In);
        return file is null && service is not null
            ? [new JsonObject { ["kind"] = LifecycleNoun.BatchJob.Kinds[0], ["spec"] = options }]
            : throw new CliException(ExitCode.Usage, "say which service predicts, or name a file of jobs, and not both", "Type `odin batch job create --service ID`; `odin batch service get` shows those that there are.");
    }

    private static JsonObject? Place(string? text) => text?.IndexOf(':', StringComparison.Ordinal) switch
    {
        null => null,
        < 0 => new JsonObject { ["connection"] = text, ["path"] = "" },
        { } border => new JsonObject { ["connection"] = text[..border], ["path"] = text[(border + 1)..] },
    };
}
