using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Odahuflowctl.Output;

namespace Odin.Cli.Odahuflowctl.Entities;

/// <summary>The commands of a kind of entity: get, create, edit, delete, and for what takes time logs.</summary>
internal sealed class EntityGroup
{
    private const int JobTimeout = 3600, DeploymentTimeout = 1200, RouteTimeout = 600;

    private readonly CtlSession session;
    private readonly CtlNoun noun;
    private readonly Option<string?> id;
    private readonly Option<string?> file = CtlCommand.Text("--file", "Path to the file with the entity, YAML or JSON.", "-f");
    private readonly Option<string> neededFile = new("--file", "-f") { Description = "Path to the file with the entity, YAML or JSON; '-' reads standard input.", HelpName = "PATH", Required = true };
    private readonly Option<bool> decrypted = new("--decrypted", "-d") { Description = "Show the secrets; needs --conn-id.", Arity = ArgumentArity.Zero };
    private readonly Option<string?> artifactName = CtlCommand.Text("--artifact-name", "Override the artifact's name.");
    private readonly Option<string?> image = CtlCommand.Text("--image", "Override the model's image.");
    private readonly Option<bool> ignoreExisting = new("--ignore-if-exists", "--ignore-if-exist") { Description = "Ignore if the entity already exists.", Arity = ArgumentArity.Zero };
    private readonly CtlSwitch wait = new("--wait", "--no-wait", isOn: true, "Wait for the end.");
    private readonly CtlSwitch follow = new("--follow", "--not-follow", isOn: true, "Go on until the log ends.");
    private readonly CtlSwitch ignoreMissing = new("--ignore-not-found", "--not-ignore-not-found", isOn: false, "Ignore if the entity is not found.");
    private readonly Option<int> timeout;

    private EntityGroup(CtlSession session, CtlNoun noun)
    {
        (this.session, this.noun) = (session, noun);
        id = CtlCommand.Text(noun.IdOption, "The ID.", noun == CtlNoun.Route ? ["--id", "--route-id"] : ["--id"]);
        var seconds = noun == CtlNoun.Deployment ? DeploymentTimeout : noun == CtlNoun.Route ? RouteTimeout : JobTimeout;
        timeout = CtlCommand.Number("--timeout", seconds, "How many seconds to wait.", mustBePositive: noun == CtlNoun.Deployment);
    }

    // With an end to wait for, the end is what is printed.
    private bool IsWaitedFor => noun.Job is not null || noun == CtlNoun.Deployment || noun == CtlNoun.Route;

    public static Command Create(CtlSession session, CtlNoun noun)
    {
        var group = new EntityGroup(session, noun);
        List<Command> commands =
        [
            Subcommand.Create("get", $"Show one {noun.Kind}, or all.", group.GetAsync, noun == CtlNoun.Connection ? [group.id, CtlFormat.Option, group.decrypted] : [group.id, CtlFormat.Option]),
            Subcommand.Create("create", $"Create a {noun.Kind}.", group.CreateAsync, [.. group.Stores, .. group.IsWaitedFor && noun != CtlNoun.Route ? [group.ignoreExisting] : Array.Empty<Symbol>()]),
            Subcommand.Create("edit", $"Change a {noun.Kind}.", group.EditAsync, group.Stores),
            Subcommand.Create("delete", $"Delete a {noun.Kind}.", group.DeleteAsync,
                [group.id, group.file, group.ignoreMissing.On, group.ignoreMissing.Off, .. noun == CtlNoun.Deployment ? group.Waits : []]),
        ];
        if (noun.Job is not null)
            commands.Add(Subcommand.Create("logs", $"Stream the log of a {noun.Kind}.", group.LogsAsync, group.id, group.file, group.follow.On, group.follow.Off));
        return CtlCommand.Group(noun.Command, noun.Alias, $"Work with the kind {noun.Kind}.", CtlTree.ServerOptions, commands);
    }

    private Symbol[] Waits => [wait.On, wait.Off, timeout];

    private Symbol[] Stores =>
    [
        id, neededFile,
        .. noun == CtlNoun.Packaging ? [artifactName] : noun == CtlNoun.Deployment ? [image] : Array.Empty<Symbol>(),
        .. IsWaitedFor ? Waits : [CtlFormat.Option],
    ];

    private CtlClient Connect(ParseResult parse) => CtlClient.Create(session, CtlTarget.From(session, parse));

    private async Task<int> GetAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Connect(parse);
        var answer = parse.GetValue(id) is { } one
            ? new JsonArray((await client.GetAsync($"{noun.PathOf(one)}{(parse.GetValue(decrypted) ? "/decrypted" : "")}", cancellationToken)).DeepClone())
            : await client.GetAsync(noun.Path, cancellationToken) as JsonArray ?? [];
        session.Out.Write(CtlFormat.Of(parse).Write(new JsonArray([.. answer.Select(noun.Named)])));
        return ExitCode.Success;
    }

    private Task<int> CreateAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, HttpMethod.Post, cancellationToken);

    private Task<int> EditAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, HttpMethod.Put, cancellationToken);

    private async Task<int> StoreAsync(ParseResult parse, HttpMethod method, CancellationToken cancellationToken)
    {
        var entity = CtlManifest.ReadOne(parse.GetRequiredValue(neededFile), noun, session.Environment);
        if (parse.GetValue(id) is { } other)
            entity["id"] = other;
        Override(entity, "artifactName", parse.GetValue(artifactName));
        Override(entity, "image", noun == CtlNoun.Deployment ? parse.GetValue(image) : null);
        var seconds = parse.GetValue(timeout);
        if (IsWaitedFor && seconds <= 0)
            throw CtlSession.Failure(CtlMessages.WrongTimeout(seconds.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        using var client = Connect(parse);
        var answer = await client.SendAsync(method, noun.Path, entity, cancellationToken);
        if (method == HttpMethod.Post && answer.Status == HttpStatusCode.Conflict && parse.GetValue(ignoreExisting))
        {
            session.Out.WriteLine(CtlMessages.AlreadyExists(noun.Job?.Title ?? "Deployment"));
            return ExitCode.Success;
        }
        var stored = noun.Named(answer.EnsureSuccess().Body);
        if (!IsWaitedFor)
        {
            session.Out.WriteLine(CtlFormat.Of(parse).Write(new JsonArray(stored)));
            return ExitCode.Success;
        }
        var repr = PythonRepr.WriteLines(stored);
        session.Out.WriteLine(noun.Job is { } words ? CtlMessages.JobSent($"{(method == HttpMethod.Post ? "Start" : "Rerun")} {words.Verb}", repr) : repr);
        if (wait.Read(parse))
            await new EntityWaiter(session, client, noun, (string?)stored["id"] ?? "", TimeSpan.FromSeconds(seconds)).WaitAsync(cancellationToken);
        return ExitCode.Success;
    }

    private async Task<int> DeleteAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var name = IdOf(parse);
        using var client = Connect(parse);
        var answer = await client.SendAsync(HttpMethod.Delete, noun.PathOf(name), null, cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound && ignoreMissing.Read(parse))
        {
            session.Out.WriteLine(CtlMessages.NotFoundIgnored(noun.Kind, name));
            return ExitCode.Success;
        }
        answer.EnsureSuccess();
        if (noun == CtlNoun.Deployment && wait.Read(parse))
            await new EntityWaiter(session, client, noun, name, TimeSpan.FromSeconds(parse.GetValue(timeout))).WaitUntilGoneAsync(cancellationToken);
        session.Out.WriteLine(answer.Message);
        return ExitCode.Success;
    }

    private async Task<int> LogsAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var name = IdOf(parse);
        using var client = Connect(parse);
        await foreach (var line in client.ReadLogAsync($"{noun.PathOf(name)}/log?follow={(follow.Read(parse) ? "True" : "False")}", cancellationToken))
            session.Out.WriteLine(line);
        return ExitCode.Success;
    }

    private string IdOf(ParseResult parse) => (parse.GetValue(id), parse.GetValue(file)) switch
    {
        (null, null) => throw CtlSession.Failure(CtlMessages.NothingToDelete),
        ({ }, { }) => throw CtlSession.Failure(CtlMessages.IdAndFile),
        ({ } given, null) => given,
        (null, { } path) => new CtlEntity(noun, CtlManifest.ReadOne(path, noun, session.Environment)).Id,
    };

    private static void Override(JsonObject entity, string member, string? value)
    {
        if (value is null)
            return;
        if (entity["spec"] is not JsonObject spec)
            entity["spec"] = spec = [];
        spec[member] = value;
    }
}
