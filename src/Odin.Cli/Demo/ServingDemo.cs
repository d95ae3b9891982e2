using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Cli.Feedback;
using Odin.Cli.Lifecycle;
using Odin.Cli.Rest;

namespace Odin.Cli.Demo;

/// <summary>The last part of the demo: the image is served, asked, and told what became of its prediction.</summary>
/// <param name="directory">Of the tutorial's files.</param>
internal sealed class ServingDemo(OdinClient client, CliEnvironment environment, string directory)
{
    private const string Deployment = "wine";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private string RequestFile => Path.Combine(directory, "request.json");

    /// <summary>Deploys the model, asks it and gives feedback, and prints what comes of it.</summary>
    /// <exception cref="CliException">Something of that failed.</exception>
    public async Task ShowAsync(CancellationToken cancellationToken)
    {
        var started = environment.Time.GetTimestamp();
        foreach (var entity in Manifest.Read(Path.Combine(directory, "deployment.yaml"), LifecycleNoun.Deployment, TextReader.Null))
            (await client.PostAsync(LifecycleNoun.Deployment.Path, entity, cancellationToken)).EnsureSuccess();
        await Waiter.WaitAsync(Deployment, cancellationToken);
        ModelDemo.Say(environment, "deployment", $"{Deployment} is ready after {ModelDemo.Seconds(environment.Time.GetElapsedTime(started))}");

        started = environment.Time.GetTimestamp();
        var body = JsonNode.Parse(await File.ReadAllTextAsync(RequestFile, cancellationToken))!;
        var (answer, headers) = await client.AskAsync(HttpMethod.Post, Address("api/model/invoke"), body, [], cancellationToken);
        var prediction = answer.EnsureSuccess().Body!;
        var id = headers.GetValues("Request-Id").First();
        ModelDemo.Say(environment, "prediction", string.Create(CultureInfo.InvariantCulture, $"{prediction["columns"]?[0]} {(double)prediction["prediction"]![0]!:0.##} after {environment.Time.GetElapsedTime(started).TotalMilliseconds:0} ms (Request-Id {id})"));

        (await new FeedbackClient(client).PostAsync(id, "wine", "1.0", new JsonObject { ["truthful"] = 1 }, cancellationToken)).EnsureSuccess();
        ModelDemo.Say(environment, "feedback", "truthful, kept with the prediction: `odin feedback join` shows both");
    }

    /// <summary>Says how to ask the model, for as long as the server runs.</summary>
    public void PrintHowToAsk()
    {
        environment.Out.WriteLine();
        environment.Out.WriteLine("Ask the model yourself:");
        environment.Out.WriteLine($"  curl -s -d '@{RequestFile}' {Address("api/model/invoke")}");
        environment.Out.WriteLine($"All that are served, to look at and try: {new Uri(client.Connection.Url, "service-catalog/")}");
    }

    /// <summary>Ends the model's process, which would outlive the server.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await client.DeleteAsync(LifecycleNoun.Deployment.PathOf(Deployment), cancellationToken);
        await Waiter.WaitUntilGoneAsync(Deployment, cancellationToken);
    }

    private ReadinessWaiter Waiter => new(client, LifecycleNoun.Deployment, TextWriter.Null, Patience);

    private Uri Address(string path) => new(client.Connection.Url, $"model/{Deployment}/{path}");
}
