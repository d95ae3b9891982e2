using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Odin.Storage;

/// <summary>A change with the kind of its resource.</summary>
internal readonly record struct KindChange(string Kind, ResourceChange Change);

/// <summary>
/// Committed changes as the text of PostgreSQL's notifications: a JSON array whose first item is where they come from, and
/// each further one a change <c>[kind, what, id, parent]</c>. An array without changes means that anything may have changed.
/// </summary>
/// <param name="origin">Names this store, so that it can tell its own notices.</param>
internal sealed class ChangeNotices(string origin)
{
    public const string Channel = "odin_changes";

    // The database's own limit is 8,000 bytes. Beyond so many messages others do better to look for themselves.
    private const int MaxBytes = 7_900, MaxMessages = 64;

    private static readonly NoticeJson Json = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Anything may have changed, for everybody who listens.</summary>
    public static string Resync => "[\"\"]";

    /// <summary>As many messages as it takes.</summary>
    public IReadOnlyList<string> Write(IEnumerable<KindChange> changes)
    {
        var (messages, current) = (new List<string>(), Begin());
        var bytes = current.Length;
        foreach (var (kind, change) in changes)
        {
            string?[] item = [kind, ((int)change.Kind!.Value).ToString(System.Globalization.CultureInfo.InvariantCulture), change.Id, change.Parent];
            var text = JsonSerializer.Serialize(item, Json.StringArray);
            var size = Encoding.UTF8.GetByteCount(text) + 2;
            if (size > MaxBytes - 100 || messages.Count == MaxMessages)
                return [Begin().Append(']').ToString()];
            if (bytes + size > MaxBytes)
            {
                messages.Add(current.Append(']').ToString());
                current = Begin();
                bytes = current.Length;
            }
            current.Append(',').Append(text);
            bytes += size;
        }
        messages.Add(current.Append(']').ToString());
        return messages;
    }

    /// <summary>The changes of others; null: anything may have changed; empty: it is our own notice.</summary>
    public IReadOnlyList<KindChange>? Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var items = document.RootElement.EnumerateArray().ToList();
            if (items[0].GetString() == origin)
                return [];
            return items.Count == 1 ? null : [.. items.Skip(1).Select(ReadChange)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentOutOfRangeException or FormatException or IndexOutOfRangeException)
        {
            // Written by a newer program, or by somebody's hand.
            return null;
        }
    }

    private static KindChange ReadChange(JsonElement item) => new(
        item[0].GetString()!,
        new ResourceChange((WriteKind)int.Parse(item[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture), item[2].GetString()!, item[3].GetString())
        {
            IsRemote = true,
        });

    private StringBuilder Begin() => new StringBuilder("[").Append(JsonSerializer.Serialize(origin, Json.String));
}

[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(string))]
internal sealed partial class NoticeJson : JsonSerializerContext;
