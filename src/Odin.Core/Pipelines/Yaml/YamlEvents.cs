using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Odin.Pipelines.Yaml;

/// <summary>The events of a YAML text. What the library's scanner fails on without saying so becomes a syntax error with a place.</summary>
internal sealed class YamlEvents : IParser
{
    private readonly Scanner scanner;
    private readonly Parser parser;

    public YamlEvents(string yaml)
    {
        scanner = new Scanner(new StringReader(yaml), skipComments: true);
        parser = new Parser(scanner);
    }

    public ParsingEvent? Current => parser.Current;

    public bool MoveNext()
    {
        try
        {
            return parser.MoveNext();
        }
        catch (InvalidOperationException)
        {
            // A plain scalar inside brackets ran into another bracket: [x{y}], [${NAME}].
            var place = scanner.CurrentPosition;
            throw new YamlException(place, place, "the text here cannot be read; quote a text inside [ ] or { } that holds a bracket or a question mark");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new YamlException(scanner.CurrentPosition, scanner.CurrentPosition, "this text cannot be read");
        }
    }
}
