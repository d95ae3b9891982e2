using System.Text.RegularExpressions;

namespace Odin.Tests;

/// <summary>Holds the source to the house rules: sizes, names of folders, and who may know whom inside the engine.</summary>
public sealed partial class ArchitectureTests
{
    private const int MaxSourceLines = 400, MaxTestLines = 800;

    private static readonly string[] BannedFolders =
    [
        "Abstractions", "Application", "Common", "Contracts", "Controllers", "DTOs", "Dtos", "Helpers", "Infrastructure", "Interfaces",
        "Managers", "Repositories", "Services", "Utils",
    ];

    /// <summary>What each folder of the engine may use beside itself and the folders of its own row's groups.</summary>
    private static readonly string[] Kernel = ["Files", "Resources", "Storage", "Reconciliation", "Execution", "ObjectStorage", "Git", "Templates", "Steps"];

    private static readonly string[] Leaves = ["Connections", "Toolchains", "Artifacts", "Images", "Users", "Nodes"];

    private static readonly string[] AboveRuns = ["Chores", "Trainings", "Packagings", "Deployments"];

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Files"] = [],
        ["Resources"] = [],
        ["Storage"] = ["Files", "Resources"],
        ["Reconciliation"] = ["Resources", "Storage"],
        ["Execution"] = ["Files", "Resources"],
        ["ObjectStorage"] = ["Files", "Resources"],
        ["Git"] = ["Files", "Resources"],
        ["Templates"] = ["Resources"],
        ["Steps"] = ["Files", "Resources", "Storage", "Reconciliation", "Execution"],
        // An artifact lies in a connection, and an image is pushed by one.
        ["Artifacts"] = [.. Kernel, "Connections"],
        ["Images"] = [.. Kernel, "Connections"],
        ["Pipelines"] = [.. Kernel, .. Leaves],
        ["Runs"] = [.. Kernel, .. Leaves, "Pipelines"],
        ["Chores"] = [.. Kernel, .. Leaves, "Pipelines", "Runs"],
        ["Trainings"] = [.. Kernel, .. Leaves, "Pipelines", "Runs"],
        ["Packagings"] = [.. Kernel, .. Leaves, "Pipelines", "Runs"],
        ["Deployments"] = [.. Kernel, .. Leaves, "Pipelines", "Runs"],
        ["Routes"] = [.. Kernel, .. Leaves, "Pipelines", "Runs", .. AboveRuns],
        ["Batch"] = [.. Kernel, .. Leaves, "Pipelines", "Runs", .. AboveRuns],
        ["Feedback"] = [.. Kernel, .. Leaves, "Pipelines", "Runs", .. AboveRuns, "Routes", "Batch"],
    };

    private static readonly string Root = SourceTree.Root;

    [Fact]
    public void Files_Length_IsWithinTheCap() => AssertNone(
        "files are longer than the cap (source 400 lines, tests 800); split them by what they do",
        Sources().Select(file => (file, Lines: File.ReadLines(Path.Combine(Root, file)).Count()))
            .Where(f => f.Lines > (IsTest(f.file) ? MaxTestLines : MaxSourceLines))
            .Select(f => $"{f.file}: {f.Lines} lines"));

    [Fact]
    public void Files_Text_HasNoLeftovers() => AssertNone(
        "places hold a mark for later, a region or a sleep",
        from file in Sources()
        where Path.GetFileName(file) != "ArchitectureTests.cs"
        from line in File.ReadLines(Path.Combine(Root, file)).Select((text, index) => (Text: text, Number: index + 1))
        where Leftover().IsMatch(line.Text)
        select $"{file}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void Folders_Names_SayWhatIsInThem() => AssertNone(
        "folders are named after a layer or after nothing; name them after the feature",
        Sources().Select(file => Path.GetDirectoryName(file)!).Distinct()
            .Where(folder => folder.Split('/').Any(BannedFolders.Contains)));

    [Fact]
    public void Types_Names_SayWhatTheyDo() => AssertNone(
        "types are called Utils, Helper, Common or Manager; say what they do",
        Sources().Where(file => VagueName().IsMatch(Path.GetFileNameWithoutExtension(file))));

    [Fact]
    public void Namespaces_FollowTheFolders() => AssertNone(
        "files declare a namespace that is not their folder's",
        from file in Sources()
        where file.StartsWith("src/", StringComparison.Ordinal)
        let declared = File.ReadLines(Path.Combine(Root, file)).Select(line => Declaration().Match(line)).FirstOrDefault(m => m.Success)?.Groups[1].Value
        where declared is not null && declared != ExpectedNamespace(file)
        select $"{file}: {declared} instead of {ExpectedNamespace(file)}");

    [Fact]
    public void Engine_Folders_KnowOnlyWhatIsBelowThem() => AssertNone(
        "uses go against the direction of the engine's folders (docs/decisions/0013-direction-inside-the-engine.md)",
        from file in Sources()
        let parts = file.Split('/')
        where parts is ["src", "Odin.Core", _, _, ..]
        from line in File.ReadLines(Path.Combine(Root, file))
        from Match match in UsedFeature().Matches(line)
        let used = match.Groups[1].Value
        where used != parts[2] && MayUse.ContainsKey(used)
        where MayUse.TryGetValue(parts[2], out var allowed) && !allowed.Contains(used)
        select $"{file}: {line.Trim()}");

    [Fact]
    public void Engine_Leaves_KnowOnlyTheKernelAndConnections() => AssertNone(
        "leaf features use more than the kernel",
        from file in Sources()
        let parts = file.Split('/')
        where parts is ["src", "Odin.Core", _, _, ..] && Leaves.Contains(parts[2])
        from line in File.ReadLines(Path.Combine(Root, file))
        from Match match in UsedFeature().Matches(line)
        let used = match.Groups[1].Value
        where used != parts[2] && (MayUse.ContainsKey(used) || Leaves.Contains(used)) && !Kernel.Contains(used)
        where !(MayUse.TryGetValue(parts[2], out var allowed) && allowed.Contains(used))
        select $"{file}: {line.Trim()}");

    private static void AssertNone(string what, IEnumerable<string> offenders)
    {
        var list = offenders.Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(list.Count == 0, $"These {what}:\n{string.Join('\n', list)}");
    }

    private static bool IsTest(string file) => file.StartsWith("tests/", StringComparison.Ordinal);

    private static string ExpectedNamespace(string file)
    {
        var parts = file.Split('/');
        var project = parts[1] == "Odin.Core" ? "Odin" : parts[1];
        return string.Join('.', [project, .. parts[2..^1]]);
    }

    /// <summary>Every C# file, relative to the root, with slashes; none that was generated.</summary>
    private static IEnumerable<string> Sources() =>
        from top in new[] { "src", "tests", "benchmarks", "examples" }
        let directory = Path.Combine(Root, top)
        where Directory.Exists(directory)
        from file in Directory.EnumerateFiles(directory, "*.cs", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, file).Replace(Path.DirectorySeparatorChar, '/')
        where !relative.Split('/').Any(part => part is "bin" or "obj" or "artifacts")
        select relative;

    [GeneratedRegex(@"\bTODO\b|\bFIXME\b|^\s*#region\b|\bThread\.Sleep\(")]
    private static partial Regex Leftover();

    [GeneratedRegex("(Utils?|Helpers?|Common|Manager)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"^namespace ([\w.]+)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\bOdin\.([A-Z]\w+)\b")]
    private static partial Regex UsedFeature();
}
