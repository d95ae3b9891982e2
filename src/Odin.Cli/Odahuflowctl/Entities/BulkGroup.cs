using System.CommandLine;
using System.Net;
using Odin.Cli.Lifecycle;

namespace Odin.Cli.Odahuflowctl.Entities;

/// <summary><c>bulk apply|delete</c>: any number of entities, in the order of the file; a mistake in one does not stop the others.</summary>
internal sealed class BulkGroup(CtlSession session)
{
    private static readonly Argument<string> File = new("FILE") { Description = "Entities, YAML or JSON." };

    private readonly List<string> created = [], changed = [], removed = [], errors = [];

    public static Command Create(CtlSession session) => CtlCommand.Group("bulk", null, "Work with many entities at once.", CtlTree.ServerOptions,
        Subcommand.Create("apply", "Create or change what is in a file.", (parse, token) => new BulkGroup(session).RunAsync(parse, isDelete: false, token), File),
        Subcommand.Create("delete", "Delete what is in a file.", (parse, token) => new BulkGroup(session).RunAsync(parse, isDelete: true, token), File));

    private async Task<int> RunAsync(ParseResult parse, bool isDelete, CancellationToken cancellationToken)
    {
        var entities = CtlManifest.ReadAll(parse.GetRequiredValue(File), session.Environment);
        using var client = CtlClient.Create(session, CtlTarget.From(session, parse));
        for (var i = 0; i < entities.Count; i++)
            await ProcessAsync(client, entities[i], i + 1, isDelete, cancellationToken);
        session.Out.WriteLine(CtlMessages.BulkDone(created, changed, removed));
        if (errors.Count == 0)
            return ExitCode.Success;
        session.Out.WriteLine(CtlMessages.BulkErrors);
        foreach (var error in errors)
            session.Out.WriteLine($"\t{error}");
        return ExitCode.Failure;
    }

    private async Task ProcessAsync(CtlClient client, CtlEntity entity, int number, bool isDelete, CancellationToken cancellationToken)
    {
        if (entity.Noun == CtlNoun.BatchJob && entity.Id.Length == 0)
        {
            if (!isDelete)
                await MakeJobAsync(client, entity, number, cancellationToken);
            return;
        }
        if (await TryAsync(client, HttpMethod.Get, entity, why => CtlMessages.CanNotGetStatus(number, entity.Id, why), cancellationToken) is not { } found)
            return;
        if (found.Status != HttpStatusCode.NotFound && !found.IsSuccess)
        {
            errors.Add(CtlMessages.CanNotGetStatus(number, entity.Id, found.Failure().Message));
            return;
        }
        if (isDelete && !found.IsSuccess)
            return;
        var method = isDelete ? HttpMethod.Delete : found.IsSuccess ? HttpMethod.Put : HttpMethod.Post;
        Func<string, string> fail = why => isDelete ? CtlMessages.CanNotDelete(number, entity.Id, why) : CtlMessages.CanNotUpdate(number, entity.Id, why);
        if (await TryAsync(client, method, entity, fail, cancellationToken) is not { } answer)
            return;
        if (!answer.IsSuccess)
            errors.Add(fail(answer.Failure().Message));
        else
            (isDelete ? removed : found.IsSuccess ? changed : created).Add(entity.Title);
    }

    private async Task MakeJobAsync(CtlClient client, CtlEntity entity, int number, CancellationToken cancellationToken)
    {
        if (await TryAsync(client, HttpMethod.Post, entity, why => CtlMessages.CanNotUpdate(number, entity.Id, why), cancellationToken) is not { } answer)
            return;
        if (answer.IsSuccess)
            created.Add($"{entity.Noun.Kind} {LifecycleNoun.Find(answer.Body, "id")}");
        else
            errors.Add(CtlMessages.CanNotUpdate(number, entity.Id, answer.Failure().Message));
    }

    // Null: there was no answer, which is among the errors now.
    private async Task<CtlAnswer?> TryAsync(CtlClient client, HttpMethod method, CtlEntity entity, Func<string, string> fail, CancellationToken cancellationToken)
    {
        try
        {
            var hasBody = method == HttpMethod.Post || method == HttpMethod.Put;
            return await client.SendAsync(method, hasBody ? entity.Noun.Path : entity.Noun.PathOf(entity.Id), hasBody ? entity.Json : null, cancellationToken);
        }
        catch (CliException e)
        {
            errors.Add(fail(e.Message));
            return null;
        }
    }
}
