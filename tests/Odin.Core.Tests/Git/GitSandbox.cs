using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Git;
using Odin.Pipelines;

namespace Odin.Tests.Git;

/// <summary>Repositories in a temporary directory, and catalogs over them.</summary>
internal sealed class GitSandbox : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<GitRepository> opened = [];
    private int count;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string this[string relative] => directory[relative];

    /// <summary>A catalog with a data directory of its own.</summary>
    public PipelineCatalog Catalog(
        string? source, Action<GitOptions>? configure = null, Action<PipelineCatalogOptions>? limit = null, TimeProvider? time = null, ILoggerFactory? logs = null)
    {
        var git = new GitOptions { Source = source, DataDirectory = directory[$"data{++count}"], AuthorName = "Odin Test", AuthorEmail = "odin@example.org" };
        configure?.Invoke(git);
        var limits = new PipelineCatalogOptions();
        limit?.Invoke(limits);
        var factory = logs ?? NullLoggerFactory.Instance;
        var repository = new GitRepository(git, time ?? TimeProvider.System, factory.CreateLogger<GitRepository>());
        opened.Add(repository);
        return new PipelineCatalog(repository, limits, time ?? TimeProvider.System, factory.CreateLogger<PipelineCatalog>());
    }

    /// <summary>A work tree with a first commit, made with plain git.</summary>
    public async Task<string> WorkTreeAsync(string name, string job = "team/wine")
    {
        var path = directory[name];
        Directory.CreateDirectory(path);
        await TestProgram.GitAsync(path, "init", "-q", "-b", "master");
        await CommitAsync(path, $"{job}/main.yml", "tasks: []\n");
        return path;
    }

    /// <summary>A bare repository with a first commit.</summary>
    public async Task<string> BareAsync(string name, string job = "team/wine")
    {
        var seed = await WorkTreeAsync(name + "-seed", job);
        await TestProgram.GitAsync(seed, "clone", "-q", "--bare", seed, directory[name]);
        return directory[name];
    }

    /// <summary>A bare repository without a commit.</summary>
    public async Task<string> EmptyBareAsync(string name)
    {
        await TestProgram.GitAsync(directory.Path, "init", "-q", "--bare", "-b", "master", directory[name]);
        return directory[name];
    }

    /// <summary>Writes and commits a file in a work tree with plain git; returns the SHA.</summary>
    public static async Task<string> CommitAsync(string workTree, string path, string text)
    {
        var file = Path.Combine(workTree, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text);
        return await CommitAllAsync(workTree);
    }

    public static async Task<string> CommitAllAsync(string workTree)
    {
        await TestProgram.GitAsync(workTree, "add", "-A");
        await TestProgram.GitAsync(workTree, "commit", "-q", "-m", "by a person");
        return await TestProgram.GitAsync(workTree, "rev-parse", "HEAD");
    }

    /// <summary>Commits a file to a bare repository, as another person would: clone, commit, push.</summary>
    public async Task<string> PushAsync(string bare, string path, string text)
    {
        var clone = directory[$"clone{++count}"];
        await TestProgram.GitAsync(directory.Path, "clone", "-q", bare, clone);
        var sha = await CommitAsync(clone, path, text);
        await TestProgram.GitAsync(clone, "push", "-q", "origin", "HEAD:master");
        return sha;
    }

    public static Stream Text(string text) => new MemoryStream(Encoding.UTF8.GetBytes(text));

    public static Task<FileWritten> WriteAsync(PipelineCatalog catalog, string job, string file, string text) =>
        catalog.WriteFileAsync(job, file, Text(text), null, Token);

    public static async Task<string?> ReadAsync(PipelineCatalog catalog, string job, string file) =>
        await catalog.ReadFileAsync(job, file, Token) is { } found ? Encoding.UTF8.GetString(found.Content.Span) : null;

    public void Dispose()
    {
        foreach (var repository in opened)
            repository.Dispose();
        directory.Dispose();
    }
}
