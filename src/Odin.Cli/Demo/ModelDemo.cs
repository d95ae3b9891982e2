using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Rest;

namespace Odin.Cli.Demo;

/// <summary>The second part of the demo: from source and data to the image of a model, with the files of the tutorial.</summary>
internal sealed class ModelDemo(OdinClient client, CliEnvironment environment)
{
    private static readonly (LifecycleNoun Noun, string File)[] Steps =
    [
        (LifecycleNoun.Connection, "connections.yaml"), (LifecycleNoun.Training, "training.yaml"), (LifecycleNoun.Packaging, "packaging.yaml"),
    ];

    /// <summary>Makes what the files say, one after the other, and prints what comes of it.</summary>
    /// <param name="directory">Of the files.</param>
    /// <exception cref="CliException">One of them failed; its log was printed.</exception>
    public async Task ShowAsync(string directory, CancellationToken cancellationToken)
    {
        environment.Out.WriteLine("A model, from source and data to an image:");
        foreach (var (noun, file) in Steps)
        {
            foreach (var entity in Manifest.Read(Path.Combine(directory, file), noun, TextReader.Null))
            {
                var started = environment.Time.GetTimestamp();
                (await client.PostAsync(noun.Path, entity, cancellationToken)).EnsureSuccess();
                var id = LifecycleNoun.Find(entity, "id")!;
                if (noun.Outcome is null)
                    Say(noun.Singular, $"{id} ({LifecycleNoun.Find(entity, "spec.type")})");
                else
                    await FollowAsync(noun, id, started, cancellationToken);
            }
        }
    }

    private async Task FollowAsync(LifecycleNoun noun, string id, long started, CancellationToken cancellationToken)
    {
        var log = new StringWriter();
        try
        {
            await new EntityFollower(client, noun, environment with { Out = log }) { GoesOnAlone = false }.FollowAsync(id, cancellationToken);
        }
        catch (CliException)
        {
            environment.Error.Write(log.ToString());
            throw;
        }
        Say(noun.Singular, $"{id} succeeded after {Seconds(environment.Time.GetElapsedTime(started))}");
        var entity = (await client.GetAsync($"{noun.Path}/{id}", cancellationToken)).EnsureSuccess().Body;
        if (entity?["status"]?["metrics"] is JsonObject metrics)
            Say("", string.Join(", ", metrics.Select(m => $"{m.Key} {((double)m.Value!).ToString("0.####", CultureInfo.InvariantCulture)}")));
        if (LifecycleNoun.Find(entity, "status.artifacts.0.artifactName") is { } artifact)
            Say("artifact", $"{artifact} from commit {LifecycleNoun.Find(entity, "status.artifacts.0.commitID")?[..12]}");
        if (LifecycleNoun.Find(entity, "status.results.0.value") is { } image)
            Say("image", $"{image}, in the server's own registry");
    }

    private void Say(string what, string text) => Say(environment, what, text);

    public static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)}s";

    /// <summary>A line of the list that the demo prints.</summary>
    public static void Say(CliEnvironment environment, string what, string text) =>
        environment.Out.WriteLine($"  {(what.Length == 0 ? "" : $"{char.ToUpperInvariant(what[0])}{what[1..]}:"),-12}{text}");
}
