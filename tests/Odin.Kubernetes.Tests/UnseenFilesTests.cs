using Odin.Kubernetes.Api;
using Odin.Pipelines;
using Odin.Runs;

namespace Odin.Kubernetes.Tests;

/// <summary>Tasks that name files of the server, where pods share none with it: told when they are submitted. Needs no cluster.</summary>
public sealed class UnseenFilesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("command: cat, args: ['${WORK_PATH}/data.txt']", "${WORK_PATH} in its args")]
    [InlineData("command: cat, args: ['${ROOT_PATH}/shared.txt']", "${ROOT_PATH} in its args")]
    [InlineData("command: [sh, -c, 'cat $WORK_PATH/data.txt']", "${WORK_PATH} in its command")]
    [InlineData("command: run, env: {DATA: '${WORK_PATH}'}", "${WORK_PATH} in its env")]
    [InlineData("command: run, working_dir: '${WORK_PATH}'", "${WORK_PATH} in its working_dir")]
    [InlineData("command: run, outputs: {model: '${TASK_PATH}/m'}", "the output \"model\" in the workspace")]
    [InlineData("command: run, outputs: {model: ['${RUN_PATH}/m']}, args: ['${WORK_PATH}']", "the output \"model\" in the workspace, ${WORK_PATH} in its args")]
    public async Task Submit_TaskNeedsFilesOfTheServer_IsRefusedWithTheRemedy(string task, string needs)
    {
        await using var engine = await StartAsync(claim: null);

        foreach (var error in new[] { await RefusedAsync(engine, task, plan: false), await RefusedAsync(engine, task, plan: true) })
        {
            Assert.Equal((DiagnosticSeverity.Error, DiagnosticCodes.FilesNotShared), (error.Severity, error.Code));
            Assert.Contains($"Task \"a\" needs files of the server, {needs}, but the executor \"kubernetes\"", error.Message, StringComparison.Ordinal);
            Assert.Contains("set kubernetes.workspace_claim", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("command: run, outputs: {model: 's3://bucket/m', rows: /data/rows}")]
    [InlineData("command: echo, args: ['1 > $$ODIN_OUTPUTS', '${TASK_PATH}']")]
    [InlineData("command: run, args: ['${WORK_PATH}'], executor: process")]
    [InlineData("command: run, args: ['${WORK_PATHS}']", true)]
    public async Task Submit_TaskNeedsNone_IsTaken(string task, bool parameter = false)
    {
        await using var engine = await StartAsync(claim: null);
        Assert.Empty((await PlanAsync(engine, task, parameter ? "parameters: {WORK_PATHS: {type: string, default: x}}\n" : "")).Warnings);
    }

    // The inherited system shares files like this.
    [Fact]
    public async Task Submit_TheTaskMountsTheVolumeItself_IsTaken()
    {
        await using var engine = await StartAsync(claim: null);
        var mount = $"mounts: {{name: d, path: {directory.Path}, claim: data}}";

        Assert.Empty((await PlanAsync(engine, $"command: run, args: ['${{WORK_PATH}}'], outputs: {{model: '${{TASK_PATH}}/m'}}, {mount}")).Warnings);
    }

    [Fact]
    public async Task Submit_WithAWorkspaceClaim_IsTaken()
    {
        await using var engine = await StartAsync(claim: "workspaces");
        Assert.Empty((await PlanAsync(engine, "command: run, args: ['${WORK_PATH}'], outputs: {model: '${TASK_PATH}/m'}")).Warnings);
    }

    [Fact]
    public async Task Submit_RelativeOutput_IsAWarning()
    {
        await using var engine = await StartAsync(claim: null);

        var warning = Assert.Single((await PlanAsync(engine, "command: run, outputs: {model: m.bin}")).Warnings);
        Assert.Equal((DiagnosticSeverity.Warning, DiagnosticCodes.FilesNotShared), (warning.Severity, warning.Code));
        Assert.Contains("the output \"model\"", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fails_ItNamesTheWorkspace_TheMessageSaysThatItIsNotThere()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var cluster = await KubernetesCluster.StartAsync();
        await using var engine = await StartAsync(claim: null, KubernetesCluster.Kubeconfig, cluster.Namespace);
        var run = await engine.SubmitAsync("job", $$"""
            tasks:
            - {name: a, image: '{{TestCluster.Image}}', command: [sh, -c], args: ['echo 1 > ${TASK_PATH}/f']}
            - {name: b, image: '{{TestCluster.Image}}', command: [sh, -c], args: ['exit 3']}
            on_failure: continue
            """);
        await Eventually.True(
            async () => (await engine.Store.FindAsync<Run>(run.Id, Cancellation))!.Status.IsEnded, $"run {run.Id} ends", TimeSpan.FromMinutes(3));

        var tasks = await engine.TasksAsync(run);
        Assert.StartsWith("exit code 1; it names the workspace in its args, which it does not see on the executor 'kubernetes': set kubernetes.workspace_claim", tasks["a"].Status.Message, StringComparison.Ordinal);
        Assert.Equal("exit code 3", tasks["b"].Status.Message);
    }

    private async Task<EngineHost> StartAsync(string? claim, string? kubeconfig = null, string @namespace = "tasks")
    {
        if (kubeconfig is null)
        {
            // Nobody listens there, and nothing is asked.
            await File.WriteAllTextAsync(kubeconfig = directory["kubeconfig"], """
                {clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}], users: [{name: u, user: {token: t}}],
                 contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}
                """);
        }
        return await EngineHost.StartAsync(
            directory,
            options => options.DefaultExecutor = "kubernetes",
            services => services.AddKubernetes(
                new KubernetesApiOptions { Kubeconfig = kubeconfig, Namespace = @namespace },
                new KubernetesExecutorOptions { Namespace = @namespace, PullSecrets = [], WorkspaceClaim = claim }));
    }

    private static async Task<Diagnostic> RefusedAsync(EngineHost engine, string task, bool plan)
    {
        engine.Write("job", "main.yml", $"tasks: [{{name: a, image: i, {task}}}]\n");
        var request = new RunRequest { Job = "job" };
        var submitter = engine.Get<RunSubmitter>();
        var diagnostics = plan
            ? Assert.IsType<PlanResult.Refused>(await submitter.PlanAsync(request, Cancellation)).Diagnostics
            : Assert.IsType<SubmitResult.Refused>(await submitter.SubmitAsync(request, Cancellation)).Diagnostics;
        return Assert.Single(diagnostics, d => d.Severity == DiagnosticSeverity.Error);
    }

    private static async Task<RunPlan> PlanAsync(EngineHost engine, string task, string head = "")
    {
        engine.Write("job", "main.yml", $"{head}tasks: [{{name: a, image: i, {task}}}]\n");
        return Assert.IsType<PlanResult.Planned>(await engine.Get<RunSubmitter>().PlanAsync(new RunRequest { Job = "job" }, Cancellation)).Plan;
    }
}
