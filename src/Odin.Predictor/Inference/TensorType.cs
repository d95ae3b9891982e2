using System.Text.Json;

namespace Odin.Predictor.Inference;

/// <summary>The data types of tensors.</summary>
internal static class TensorType
{
    /// <summary>Those that rows can be made of.</summary>
    public static readonly string[] Known =
        ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"];

    /// <summary>Whether a JSON value is one of the type; null, for a missing one, always is.</summary>
    public static bool Fits(string type, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.True or JsonValueKind.False => type == "BOOL",
        JsonValueKind.String => type == "BYTES",
        JsonValueKind.Number => type switch
        {
            "UINT8" => value.TryGetByte(out _),
            "UINT16" => value.TryGetUInt16(out _),
            "UINT32" => value.TryGetUInt32(out _),
            "UINT64" => value.TryGetUInt64(out _),
            "INT8" => value.TryGetSByte(out _),
            "INT16" => value.TryGetInt16(out _),
            "INT32" => value.TryGetInt32(out _),
            "INT64" => value.TryGetInt64(out _),
            "FP16" or "FP32" or "FP64" => true,
            _ => false,
        },
        _ => false,
    };

    /// <summary>The type of a model's column.</summary>
    public static string Of(string? type) => type switch
    {
        "integer" => "INT64",
        "string" => "BYTES",
        "boolean" => "BOOL",
        _ => "FP64",
    };

    /// <summary>The type of the values of an answer.</summary>
    public static string Of(IEnumerable<JsonElement> values)
    {
        var found = "";
        foreach (var value in values)
        {
            var type = value.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => "BOOL",
                JsonValueKind.Number => value.TryGetInt64(out _) ? "INT64" : "FP64",
                JsonValueKind.Null => found,
                _ => "BYTES",
            };
            found = found is "" || found == type ? type : (found, type) is ("INT64", "FP64") or ("FP64", "INT64") ? "FP64" : "BYTES";
        }
        return found is "" ? "FP64" : found;
    }
}
