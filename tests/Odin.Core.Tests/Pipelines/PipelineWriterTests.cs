using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Pipelines.Yaml;
using static Odin.Tests.Pipelines.PipelineSamples;

namespace Odin.Tests.Pipelines;

public sealed class PipelineWriterTests
{
    private const string Everything = """
        name: all
        on_failure: continue
        parameters:
          rate: 0.5
          must: {type: list}
          model: {choices: [tree, "5"], default: "5", description: "it's #1"}
        tasks:
        - name: first
          image: busybox
          command: run
        - name: second
          image: repo:5000/i@sha256:abc
          command: [sh, -c, "echo 1\necho 2\n"]
          args: ["yes", "0644", "", " x", "a: b", "# c", "- d", "{^first.outputs.x}", "$$", "1:30", "~", "é\u0085\t", "2020-01-01", "*a", "line\n  two", "\n"]
          depends: first
          inputs: [a, b]
          outputs: {model: m.bin, parts: [a, b], "odd key:": x}
          env: {N: "3", ON: "yes"}
          working_dir: ${RUN_PATH}
          retries: {limit: 3, backoff: 2s, max_backoff: 1m30s}
          timeout: 1h30m
          pending_timeout: 0.5
          executor: process
          resource_type: MPIJob
          num_gpus: 2
          num_workers: 4
          cpu: {limits: 4.5, requests: 500m}
          memory: {limits: 2Gi}
          pull_policy: Never
          node_selector: {disk: ssd}
          tolerations: [{key: gpu, value: "1", effect: NoSchedule}, {operator: Exists, effect: NoExecute, seconds: 60}]
          security_context: {fs_group: 0, run_as_user: 1000}
          service_account: trainer
          secrets: [{name: odin-cred}, {name: s, path: /s}]
          config_maps: {name: c, path: /c, sub_path: k}
          ephem_volumes: [{name: dshm, type: emptyDir, medium: Memory, size_limit: 1Gi}, {name: tmp, type: emptyDir}]
          mounts: [{name: dshm, path: /dev/shm}, {name: d, path: /d, claim: c}]
        """;

    [Theory]
    [InlineData("all")]
    [InlineData("sst2")]
    [InlineData("bert-ner")]
    [InlineData("imagenet-elastic")]
    public void Write_Pipeline_IsReadAsTheSame(string name)
    {
        var pipeline = Parse(name == "all" ? Everything : PipelineSamples.Read(name));

        var text = PipelineWriter.Write(pipeline);

        Assert.Equal(JsonSerializer.Serialize(pipeline), JsonSerializer.Serialize(Parse(text)));
        Assert.Equal(text, PipelineWriter.Write(Parse(text)));
    }

    [Fact]
    public void Write_SmallPipeline_HoldsOnlyWhatIsSet() =>
        Assert.Equal("tasks:\n  - name: a\n    image: busybox\n    command: run\n    args:\n      - \"1\"\n      - x\n", PipelineWriter.Write(Parse(OneTask + "  args: ['1', x]\n  num_gpus: 0\n")));

    [Fact]
    public void Write_TasksOfTheApi_BecomeADefinition()
    {
        var tasks = JsonNode.Parse("""
            [{"id": "job--a", "name": "a", "image": "i", "command": "c", "args": ["x"], "mounts": [{"path": "/d", "name": "d", "claim": "c"}], "numGpus": 1,
              "pullPolicy": "Always", "nodeSelector": [{"key": "disk", "value": "ssd"}], "resourceType": "Pod", "numWorkers": 1, "depends": [], "inputs": [],
              "outputs": [{"key": "m", "value": "m.bin"}], "security_context": {"runAsUser": 5}, "executor": null},
             {"name": "b", "image": "i", "command": ["c", "d"], "depends": ["a"], "outputs": []}]
            """)!.AsArray();

        var pipeline = Parse(PipelineWriter.Write("job", tasks));

        Assert.Equal("job", pipeline.Name);
        var task = pipeline.Tasks[0];
        Assert.Equal((1, "Always", "ssd"), (task.NumGpus, task.PullPolicy, task.NodeSelector!["disk"]));
        Assert.Equal(["m.bin"], task.Outputs!["m"].Paths);
        Assert.Equal(5, task.SecurityContext!.RunAsUser);
        Assert.Equal("c", Assert.Single(task.Mounts).Claim);
        Assert.Equal(["a"], pipeline.Tasks[1].DependsOn);
    }

    [Theory]
    [InlineData("""{"a": [], "b": {}, "c": null, "d": [[1, [2]], {"x": {"y": "z"}}], "e": 1.5, "true": true}""")]
    [InlineData("\"just text\"")]
    [InlineData("[]")]
    [InlineData("""["- a", "a:b", "a #b", "'", "\"", "\\", "null", "0x1f", "1e3", "=", "<<", "y", "|", "@a", "`", "%a", "a\r\nb", "two\n\nlines\n", " lead\nx", "x\n ", "tab\tx\ny", "\u0007", "ends:", "?"]""")]
    public void YamlText_Json_IsReadAsTheSame(string json)
    {
        var value = JsonNode.Parse(json);
        var bag = new DiagnosticBag("f");

        var node = YamlComposer.Compose(YamlText.Write(value), PipelineParserOptions.Default, bag);

        Assert.Empty(bag.ToList());
        Assert.True(YamlJson.TryConvert(node!, out var read));
        Assert.True(JsonNode.DeepEquals(value, read), $"{YamlText.Write(value)}\n{read?.ToJsonString()}");
    }
}
