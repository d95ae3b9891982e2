using System.Text.Json;

namespace Odin.Batch;

/// <summary>
/// Requests and responses of the Open Inference Protocol, version 2: whether a document is one, as far as its types say. What is missing
/// does no harm. It is read piece by piece: whoever reads puts each into <see cref="Room"/> and says how much it was.
/// </summary>
internal sealed class PredictDocument
{
    /// <summary>The longest text or number in a document, in bytes.</summary>
    public const int LongestValue = 16 << 20;

    private const int FirstRoom = 64 << 10;

    private readonly bool isResponse;
    private JsonReaderState state = new(new JsonReaderOptions { MaxDepth = 64 });
    private byte[] buffer = new byte[FirstRoom];
    private int start, end;
    private string? broken, flaw;

    // Where the reader is: the member of the document, which of its list, and the member of that.
    private string? member, field;
    private int index;
    private bool isInList, isInShape;

    private PredictDocument(bool isResponse) => this.isResponse = isResponse;

    public static PredictDocument Request() => new(isResponse: false);

    public static PredictDocument Response() => new(isResponse: true);

    /// <summary>Where the next piece goes; never empty.</summary>
    public Memory<byte> Room => buffer.AsMemory(end);

    /// <summary>There is nothing more to be found out.</summary>
    public bool IsBroken => broken is not null;

    /// <summary>So much has been put into <see cref="Room"/>.</summary>
    public void Advance(int count)
    {
        end += count;
        Read(isFinal: false);
        if (end < buffer.Length)
            return;
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        if (end <= buffer.Length / 2)
            return;
        if (buffer.Length < LongestValue)
            Array.Resize(ref buffer, buffer.Length * 2);
        else if (end == buffer.Length)
            broken ??= $"it has a text or number of more than {LongestValue >> 20} MiB";
        // What is broken is not looked at any more.
        if (IsBroken)
            end = 0;
    }

    /// <summary>What is wrong with the document, with the place, now that all of it has been put in; null: nothing.</summary>
    public string? Finish()
    {
        Read(isFinal: true);
        return broken ?? flaw;
    }

    private void Read(bool isFinal)
    {
        if (IsBroken)
        {
            (start, end) = (0, 0);
            return;
        }
        var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), isFinal, state);
        try
        {
            while (reader.Read())
            {
                // All of it has to be JSON, and that is said before anything else.
                if (flaw is null)
                    Take(ref reader);
            }
            state = reader.CurrentState;
            start += (int)reader.BytesConsumed;
        }
        catch (JsonException e)
        {
            broken = $"it is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";
        }
    }

    private void Take(ref Utf8JsonReader reader)
    {
        var token = reader.TokenType;
        if (token is JsonTokenType.EndObject or JsonTokenType.EndArray)
            return;
        switch (reader.CurrentDepth)
        {
            case 0 when token != JsonTokenType.StartObject:
                flaw = "it is no JSON object";
                break;
            case 1 when token == JsonTokenType.PropertyName:
                (member, isInList, isInShape) = (MemberOf(ref reader), false, false);
                break;
            case 1:
                flaw = FindFlaw(token);
                break;
            case 2 when isInList:
                (index, field, isInShape) = (index + 1, null, false);
                if (token != JsonTokenType.StartObject)
                    flaw = $"'{member}[{index}]' is no object";
                break;
            case 3 when isInList && token == JsonTokenType.PropertyName:
                (field, isInShape) = (FieldOf(ref reader), false);
                break;
            case 3 when isInList:
                flaw = FindFieldFlaw(token);
                break;
            case 4 when isInShape && (token != JsonTokenType.Number || !reader.TryGetInt64(out _)):
                flaw = ShapeFlaw();
                break;
        }
    }

    // Null: nobody asks what it is.
    private string? MemberOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("id"u8) ? "id"
        : reader.ValueTextEquals("outputs"u8) ? "outputs"
        : reader.ValueTextEquals("parameters"u8) ? "parameters"
        : !isResponse ? reader.ValueTextEquals("inputs"u8) ? "inputs" : null
        : reader.ValueTextEquals("model_name"u8) ? "model_name"
        : reader.ValueTextEquals("model_version"u8) ? "model_version"
        : null;

    // Of the outputs that a request names there are no values.
    private string? FieldOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("name"u8) ? "name"
        : reader.ValueTextEquals("parameters"u8) ? "parameters"
        : member == "outputs" && !isResponse ? null
        : reader.ValueTextEquals("shape"u8) ? "shape"
        : reader.ValueTextEquals("data"u8) ? "data"
        : reader.ValueTextEquals("datatype"u8) ? "datatype"
        : null;

    // Null counts as missing.
    private string? FindFlaw(JsonTokenType token)
    {
        if (token == JsonTokenType.Null)
            return null;
        switch (member)
        {
            case null:
                return null;
            case "inputs" or "outputs":
                (index, isInList) = (-1, token == JsonTokenType.StartArray);
                return isInList ? null : $"'{member}' is no list";
            case "parameters":
                return token == JsonTokenType.StartObject ? null : "'parameters' is no object";
            default:
                return token == JsonTokenType.String ? null : $"'{member}' is no text";
        }
    }

    private string? FindFieldFlaw(JsonTokenType token)
    {
        if (token == JsonTokenType.Null)
            return null;
        isInShape = field == "shape" && token == JsonTokenType.StartArray;
        return field switch
        {
            null => null,
            "shape" => isInShape ? null : ShapeFlaw(),
            "data" => token == JsonTokenType.StartArray ? null : $"'{member}[{index}].data' is no list",
            "parameters" => token == JsonTokenType.StartObject ? null : $"'{member}[{index}].parameters' is no object",
            _ => token == JsonTokenType.String ? null : $"'{member}[{index}].{field}' is no text",
        };
    }

    private string ShapeFlaw() => $"'{member}[{index}].shape' is no list of whole numbers";
}
