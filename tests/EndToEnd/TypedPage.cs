using System.Text;

namespace Odin.EndToEnd;

/// <summary>A page of the documentation as a person reads it: text, and blocks to be typed.</summary>
internal static class TypedPage
{
    /// <summary>The blocks as one script. What a block leaves running ends with the shell, also when a later block fails.</summary>
    public static string Script(string page, IEnumerable<TypedBlock> blocks)
    {
        var script = new StringBuilder("trap 'kill ${!:-} 2>/dev/null || true; wait' EXIT\n");
        foreach (var block in blocks)
            script.Append($"echo '### {page}:{block.Line}'\n{block.Text}");
        return script.ToString();
    }

    /// <summary>The fenced blocks, in their order.</summary>
    public static List<TypedBlock> Blocks(string page)
    {
        const string Fence = "```";
        var blocks = new List<TypedBlock>();
        (string Language, int Line, StringBuilder Text)? open = null;
        var number = 0;
        foreach (var line in File.ReadLines(Path.Combine(Programs.Root, page)))
        {
            number++;
            var isFence = line.TrimStart().StartsWith(Fence, StringComparison.Ordinal);
            if (isFence && open is { } ended)
            {
                blocks.Add(new TypedBlock(ended.Language, ended.Line, ended.Text.ToString()));
                open = null;
            }
            else if (isFence)
            {
                open = (line.Trim()[Fence.Length..], number, new StringBuilder());
            }
            else
            {
                open?.Text.Append(line).Append('\n');
            }
        }
        Assert.True(open is null, $"{page} ends within a block");
        return blocks;
    }
}

/// <summary>A fenced block, and the line where it begins.</summary>
internal sealed record TypedBlock(string Language, int Line, string Text);
