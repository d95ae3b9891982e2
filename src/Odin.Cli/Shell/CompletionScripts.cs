namespace Odin.Cli.Shell;

/// <summary>Scripts that teach a shell to complete the command lines of a program, which it asks for suggestions.</summary>
internal static class CompletionScripts
{
    private const string BashText = """
        # Completion of @program@ for bash. Load it with:  source <(@program@ completion bash)
        _@program@_complete() {
            local IFS=$'\n'
            COMPREPLY=( $(compgen -W "$(@program@ "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o default -F _@program@_complete @names@
        """;

    private const string ZshText = """
        #compdef @names@
        # Completion of @program@ for zsh. Load it with:  source <(@program@ completion zsh)
        _@program@() {
            local line="${(j: :)words[1,CURRENT]}"
            local -a found
            found=("${(@f)$(@program@ "[suggest:${#line}]" "$line" 2>/dev/null)}")
            (( ${#found} )) && [[ -n "${found[1]}" ]] && compadd -a found || _files
        }
        compdef _@program@ @names@
        """;

    /// <param name="program">The program that suggests.</param>
    /// <param name="aliases">Further names that it is typed by.</param>
    public static string Bash(string program, params IEnumerable<string> aliases) => Fill(BashText, program, aliases);

    /// <inheritdoc cref="Bash"/>
    public static string Zsh(string program, params IEnumerable<string> aliases) => Fill(ZshText, program, aliases);

    private static string Fill(string text, string program, IEnumerable<string> aliases) => text
        .Replace("@names@", string.Join(' ', aliases.Prepend(program)), StringComparison.Ordinal)
        .Replace("@program@", program, StringComparison.Ordinal);
}
