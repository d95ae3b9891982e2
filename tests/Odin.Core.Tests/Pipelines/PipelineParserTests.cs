using Odin.Execution;
using Odin.Pipelines;
using static Odin.Tests.Pipelines.PipelineSamples;

namespace Odin.Tests.Pipelines;

public sealed class PipelineParserTests
{
    [Fact]
    public void Parse_Sst2_TakesExplicitNullsAsNotGiven()
    {
        var pipeline = Parse(PipelineSamples.Read("sst2"));

        Assert.Equal("flow", pipeline.Name);
        var task = Assert.Single(pipeline.Tasks);
        Assert.Equal("sst2", task.Name);
        Assert.Equal(["mead-train"], task.Command);
        Assert.Equal("IfNotPresent", task.PullPolicy);
        Assert.Equal(1, task.NumWorkers);
        Assert.Empty(task.DependsOn);
        Assert.Null(task.Outputs);
        Assert.Null(task.Inputs);
        Assert.Equal(new VolumeMount("data", "/data", "data-rw-many"), Assert.Single(task.Mounts));
        Assert.Equal("${RUN_PATH}/${TASK_ID}", task.Args[1]);
    }

    [Fact]
    public void Parse_BertNer_ResolvesAnchorsAndTakesOneMountAsAMap()
    {
        var pipeline = Parse(PipelineSamples.Read("bert-ner"));

        Assert.Equal("bert-ner", pipeline.Name);
        var task = Assert.Single(pipeline.Tasks);
        Assert.Equal("interactions/mead-gpu:latest", task.Image);
        Assert.Equal(new VolumeMount("data", "/data", "data-rw-many"), Assert.Single(task.Mounts));
        Assert.Equal("Always", task.PullPolicy);
        Assert.Equal(1, task.NumGpus);
    }

    [Fact]
    public void Parse_ImagenetElastic_TakesAListCommandAndForcesOneGpu()
    {
        var task = Assert.Single(Parse(PipelineSamples.Read("imagenet-elastic")).Tasks);

        Assert.Equal(ResourceTypes.ElasticJob, task.ResourceType);
        Assert.Equal(["python", "-m", "torchelastic.distributed.launch"], task.Command);
        Assert.Equal(2, task.NumWorkers);
        Assert.Equal(1, task.NumGpus);
    }

    [Fact]
    public void Parse_EveryKey_IsRead()
    {
        var task = Task("""
              args: [x, "1"]
              inputs: data.csv
              outputs: {model: m.bin, parts: [a, b]}
              env: {N: 3, ON: yes, MODE: 0644, T: "x"}
              working_dir: ${RUN_PATH}
              retries: {limit: 3, backoff: 2s, max_backoff: 1m}
              timeout: 1h30m
              pending_timeout: 90
              executor: process
              resource_type: mpijob
              num_gpus: 2
              num_workers: 4
              cpu: {limits: 4.5, requests: 500m}
              memory: {limits: 2Gi, requests: 512Mi}
              pull_policy: Never
              node_selector: {disk: ssd}
              security_context: {fs_group: 1152, run_as_group: 1000, run_as_user: 1000}
              secret: {name: s, path: /s, sub_path: k, mode: 0400}
              config_maps: [{name: c, path: /c, sub_path: k}]
              ephem_volume: {name: dshm, type: emptyDir, medium: Memory, size_limit: 1Gi}
              mounts: {name: dshm, path: /dev/shm}
            """);

        Assert.Equal(["x", "1"], task.Args);
        Assert.Equal(["data.csv"], task.Inputs);
        Assert.Equal(["m.bin"], task.Outputs!["model"].Paths);
        Assert.False(task.Outputs["model"].IsList);
        Assert.True(task.Outputs["parts"].IsList);
        Assert.Equal("3 yes 0644 x", string.Join(' ', task.Env["N"], task.Env["ON"], task.Env["MODE"], task.Env["T"]));
        Assert.Equal(new RetryPolicy(3, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)), task.Retries);
        Assert.Equal(TimeSpan.FromMinutes(90), task.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(90), task.PendingTimeout);
        Assert.Equal("process", task.Executor);
        Assert.Equal(ResourceTypes.MPIJob, task.ResourceType);
        Assert.Equal((2, 4), (task.NumGpus, task.NumWorkers));
        Assert.Equal(new ResourceAmounts("4.5", "500m"), task.Cpu);
        Assert.Equal(new ResourceAmounts("2Gi", "512Mi"), task.Memory);
        Assert.Equal("Never", task.PullPolicy);
        Assert.Equal("ssd", task.NodeSelector!["disk"]);
        Assert.Equal(new SecurityContext(1152, 1000, 1000), task.SecurityContext);
        Assert.Equal(new SecretMount("s", "/s", "k", 256), Assert.Single(task.Secrets));
        Assert.Equal(new ConfigMapMount("c", "/c", "k"), Assert.Single(task.ConfigMaps));
        Assert.Equal(new EphemeralVolume("dshm", "emptyDir", "Memory", "1Gi"), Assert.Single(task.EphemeralVolumes));
        Assert.Equal(new VolumeMount("dshm", "/dev/shm", null), Assert.Single(task.Mounts));
    }

    [Fact]
    public void Parse_WellKnownSecrets_GetTheirPlaces()
    {
        var task = Task("  secrets:\n  - name: odin-cred\n  - name: ssh-key\n  - {name: ssh-key, path: /elsewhere}\n");

        Assert.Equal(
            [
                new SecretMount("odin-cred", "/etc/odind/odin-cred.yml", "odin-cred.yml", 420),
                new SecretMount("ssh-key", "/etc/odind/identity", "identity", 256),
                new SecretMount("ssh-key", "/elsewhere", "identity", 256),
            ],
            task.Secrets);
    }

    [Fact]
    public void Parse_BothSpellings_FirstWinsWithAWarning()
    {
        var result = PipelineParser.Parse(OneTask + "  mounts: {name: b, path: /b, claim: c}\n  mount: {name: a, path: /a, claim: c}\n");

        Assert.Equal("a", Assert.Single(result.Pipeline!.Tasks[0].Mounts).Name);
        Assert.Equal(DiagnosticCodes.AmbiguousKey, Assert.Single(result.Diagnostics).Code);
    }

    [Fact]
    public void Parse_MergeKeys_OwnKeysWinAndEarlierMapsWin()
    {
        var pipeline = Parse("""
            base: &base {image: one, command: run, num_gpus: 1}
            more: &more {image: two, pull_policy: Always}
            tasks:
            - {<<: [*base, *more], name: a}
            - {<<: *base, name: b, image: own}
            """);

        Assert.Equal(("one", "Always", 1), (pipeline.Tasks[0].Image, pipeline.Tasks[0].PullPolicy, pipeline.Tasks[0].NumGpus));
        Assert.Equal("own", pipeline.Tasks[1].Image);
    }

    [Theory]
    [InlineData("pytorchelastic", ResourceTypes.ElasticJob)]
    [InlineData("pod", ResourceTypes.Pod)]
    [InlineData("pytjob", ResourceTypes.PyTorchJob)]
    public void Parse_ResourceType_BecomesCanonical(string spelling, string expected) =>
        Assert.Equal(expected, Task($"  resource_type: {spelling}\n").ResourceType);

    [Theory]
    [InlineData("stop", FailurePolicy.Stop)]
    [InlineData("fail_fast", FailurePolicy.FailFast)]
    [InlineData("continue", FailurePolicy.Continue)]
    public void Parse_OnFailure_IsRead(string text, FailurePolicy expected) =>
        Assert.Equal(expected, Parse($"on_failure: {text}\n{OneTask}").OnFailure);

    [Fact]
    public void Parse_References_BecomeDependenciesInOrderOfAppearance()
    {
        var pipeline = Parse("""
            tasks:
            - {name: a, image: i, command: run}
            - {name: b, image: i, command: run}
            - {name: c, image: i, command: run}
            - name: d
              image: i
              command: run
              depends: ^c
              args: ["x-{^a.outputs.label}-y", ^c.outputs.x, "^^a is no reference", "{^{^b.q}.z}"]
              env: {V: ^b.outputs.y}
            """);

        Assert.Equal(["c", "a", "b"], pipeline.Tasks[3].DependsOn);
    }

    [Fact]
    public void Parse_Parameters_AreTypedOrInferred()
    {
        var pipeline = Parse("""
            parameters:
              rate: 0.1
              epochs: 3
              fast: yes
              tag: v1
              layers: [1, 2]
              must:
              model: {type: string, default: tree, description: Which one, choices: [tree, forest]}
              extra: {type: map, default: {a: 1}}
            tasks:
            - {name: a, image: i, command: run, args: ["${rate}", "$must"]}
            """);

        Assert.Equal(
            [ParameterType.Number, ParameterType.Integer, ParameterType.Boolean, ParameterType.String, ParameterType.List, ParameterType.String, ParameterType.String, ParameterType.Map],
            pipeline.Parameters.Select(parameter => parameter.Type));
        Assert.Null(pipeline.Parameters[5].Default);
        Assert.Equal("Which one", pipeline.Parameters[6].Description);
        Assert.Equal(2, pipeline.Parameters[6].Choices!.Count);
    }

    [Fact]
    public void Parse_SpecFourTasks_OrdersByDependencies()
    {
        var pipeline = Parse("""
            name: sst2
            tasks:
            - {name: train-sst2-2, image: i, command: mead-train, depends: train-sst2-1}
            - {name: hello-python, image: i, command: python, args: ["-c", "print('hello ${TASK_ID}')"]}
            - {name: train-sst2-1, image: i, command: mead-train, depends: [hello-python]}
            - {name: goodbye-python, image: i, command: python, depends: [train-sst2-1, train-sst2-2]}
            """);

        Assert.Equal([1, 2, 0, 3], TaskGraph.Create(pipeline.Tasks).TopologicalOrder);
    }

    [Fact]
    public void Parse_TenThousandTasks_FitTheDefaultLimits()
    {
        var yaml = "tasks:\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"- {{name: t-{i}, image: i, command: \"true\", depends: [t-{Math.Max(0, i - 1)}]}}\n")).Replace("- {name: t-0, image: i, command: \"true\", depends: [t-0]}", "- {name: t-0, image: i, command: run}", StringComparison.Ordinal);

        Assert.Equal(10_000, Parse(yaml).Tasks.Count);
    }
}
