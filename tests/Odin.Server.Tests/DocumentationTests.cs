using System.Reflection;
using System.Text.RegularExpressions;
using Odin.Execution;
using Odin.Server.Hosting;

namespace Odin.Server.Tests;

/// <summary>The reference pages leave nothing out: what there is, is found in the program itself.</summary>
public sealed partial class DocumentationTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public void Settings_AreAllInTheList()
    {
        var fields = typeof(Settings).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.FieldType == typeof(Setting)).Select(f => (Setting)f.GetValue(null)!);
        Assert.Equal(fields.Select(s => s.Key).Order(StringComparer.Ordinal), Settings.All.Select(s => s.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Configuration_HasEverySettingWithAllItsNames()
    {
        var page = Page("configuration.md");
        foreach (var setting in Settings.All)
        {
            var variables = string.Join(", ", setting.Inherited.Prepend(setting.Variable).Select(v => $"`{v}`"));
            var start = $"| `{setting.Key}` | {(setting.Flag is { } flag ? $"`{flag}`" : "none")} | {variables} | ";
            var row = page.Split('\n').SingleOrDefault(l => l.StartsWith(start, StringComparison.Ordinal));
            Assert.True(row is not null, $"configuration.md has no row that begins '{start}'");
            Assert.EndsWith($" | {setting.Description} |", row, StringComparison.Ordinal);
            Assert.Equal(setting.Default ?? "none", row[start.Length..^$" | {setting.Description} |".Length].Trim('`'));
        }
    }

    [Fact]
    public void Configuration_HasEveryOptionOfTheEngine()
    {
        var page = Page("configuration.md");
        Assert.All(OptionsOf(typeof(OdinOptions), ""), option => Assert.Contains($"| `{option}` | ", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Configuration_OrTheCommandLine_HasEveryVariableThatIsRead()
    {
        var pages = Page("configuration.md") + Page("cli.md") + Page("../concepts/task.md");
        var read = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => ReadVariable().Matches(File.ReadAllText(f)))
            .Select(m => m.Groups[1].Value)
            .ToHashSet();
        Assert.Contains("ODIN_CONFIG", read);
        Assert.All(read, variable => Assert.Contains($"`{variable}`", pages, StringComparison.Ordinal));
    }

    [Fact]
    public void Reasons_AreAllExplainedAndNoOthers()
    {
        var known = typeof(ExecutionReasons).Assembly.GetTypes()
            .Where(t => t.Name.EndsWith("Reasons", StringComparison.Ordinal))
            .SelectMany(Constants)
            .ToHashSet();
        Assert.Contains("NonZeroExit", known);
        var page = Page("reasons.md");
        var explained = page[..page.IndexOf("\n## Of events only", StringComparison.Ordinal)].Split('\n')
            .Select(l => FirstCell().Match(l))
            .Where(m => m.Success)
            .Select(m => m.Groups[1].Value)
            .ToHashSet();
        Assert.Empty(explained.Except(known));
        // The last section is of events, among them the milestones, which are no reasons of a task.
        var events = page[page.IndexOf("\n## Of events only", StringComparison.Ordinal)..];
        Assert.All(known.Except(explained), reason => Assert.Contains($"| `{reason}` |", events, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Api_HasEveryRoute()
    {
        var page = Page("api.md");
        var document = await fixture.Server.Client.GetJsonAsync("/openapi/v1.json");
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            foreach (var verb in operations!.Keys())
            {
                var route = $"{verb.ToUpperInvariant()} {Placeholder().Replace(path, "[A-Z]+")}";
                Assert.True(Regex.IsMatch(page, $@"\| `{route}(\?[^`]*)?` \|"), $"api.md has no row for {route}");
            }
        }
    }

    [Fact]
    public void ExitCodes_HasThoseOfTheServer()
    {
        var page = Page("exit-codes.md");
        var section = page[page.IndexOf("\n## `odin server`", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 1, StringComparison.Ordinal)];
        var codes = typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => $"{f.GetRawConstantValue()}").Append("0");
        var rows = section.Split('\n').Select(l => Regex.Match(l, @"^\| (\d+) \| ")).Where(m => m.Success).Select(m => m.Groups[1].Value);
        Assert.Equal(codes.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("""nvironment(?:Variable)?(?:\(|\[)"((?:ODIN|SQL|DB|XDG)_[A-Z_]+)"(?:\)|\](?! =[^=]))""")]
    private static partial Regex ReadVariable();

    [GeneratedRegex(@"^\| `([A-Za-z]+)` \| ")]
    private static partial Regex FirstCell();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Placeholder();

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral && f.FieldType == typeof(string)).Select(f => (string)f.GetRawConstantValue()!);

    // Groups of options by their parts: Storage.Database.
    private static IEnumerable<string> OptionsOf(Type type, string prefix) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(p => p.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
            ? OptionsOf(p.PropertyType, $"{prefix}{p.Name}.")
            : p.CanWrite ? [prefix + p.Name] : []);

    private static string Page(string name) => File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "reference", name));
}
