namespace Odin.Cli.Tests.Lifecycle;

/// <summary>A git repository with a program that makes a model of nothing but Python, and manifests that use it.</summary>
internal sealed class ModelSource
{
    public const string Program = """
        import os
        target = os.environ["ODIN_OUTPUT_DIR"]
        print("training with", os.environ.get("ODIN_PARAM_FACTOR"))
        with open(os.path.join(target, "entrypoint.py"), "w") as out:
            out.write("def init():\n    return 'matrix'\n\n\ndef predict_on_matrix(rows, provided_columns_names=None):\n    return [[2 * row[0]] for row in rows], ('result',)\n\n\ndef info():\n    return [], []\n")
        """;

    private ModelSource(string id, string repository) => (Id, Repository) = (id, repository);

    /// <summary>Of the training; the connection is called the same with <c>-git</c> behind it.</summary>
    public string Id { get; }

    public string Repository { get; }

    public string Connection => $"""
        kind: Connection
        id: {Id}-git
        spec:
          type: git
          uri: {Repository}
        """;

    /// <summary>In the words of the older dialect.</summary>
    public string Training => $"""
        kind: ModelTraining
        id: {Id}
        spec:
          model: {"{"}name: doubler, version: "1.0"{"}"}
          toolchain: script
          entrypoint: python3 train.py
          vcsName: {Id}-git
          hyperParameters:
            factor: 2
        """;

    /// <summary>Makes the repository below a directory.</summary>
    public static async Task<ModelSource> CreateAsync(string directory, string program = Program)
    {
        var repository = Directory.CreateDirectory(Path.Combine(directory, "source")).FullName;
        await File.WriteAllTextAsync(Path.Combine(repository, "train.py"), program);
        await TestProgram.GitAsync(repository, "init", "--quiet");
        await TestProgram.GitAsync(repository, "add", ".");
        await TestProgram.GitAsync(repository, "commit", "--quiet", "-m", "source");
        return new ModelSource($"m-{Guid.NewGuid():n}"[..12], repository);
    }
}
