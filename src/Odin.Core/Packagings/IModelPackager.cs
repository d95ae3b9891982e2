using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>Describes one kind of image that is made of models. It makes nothing, so that all of it can be looked at.</summary>
internal interface IModelPackager
{
    /// <summary>The entry points of integrations that mean this one, those of the inherited system among them.</summary>
    IReadOnlyList<string> Entrypoints { get; }

    /// <summary>What goes into the image above its base and the Python environment.</summary>
    /// <param name="model">What is packaged.</param>
    /// <param name="artifact">The directory of the unpacked artifact.</param>
    /// <param name="arguments">Of the packaging, with defaults.</param>
    /// <exception cref="InvalidDataException">An argument or the model does not fit; the message is for the user.</exception>
    ImageRecipe Describe(ModelManifest model, string artifact, JsonObject arguments);
}

/// <summary>What makes an image of a model, besides what it is built upon.</summary>
/// <param name="Layers">The lowest first.</param>
/// <param name="Programs">Programs of this machine in the layers whose shared libraries the image needs.</param>
internal sealed record ImageRecipe(IReadOnlyList<ImageLayer> Layers, ImageConfiguration Configuration, IReadOnlyList<string> Programs);

/// <summary>Reads arguments as the inherited packagers do: a number may come as text.</summary>
internal static class PackagerArguments
{
    public static string Text(this JsonObject arguments, string name) => arguments[name] switch
    {
        null => "",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        var value => value.ToJsonString(),
    };

    public static int Number(this JsonObject arguments, string name, int least, int most) =>
        int.TryParse(arguments.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new InvalidDataException($"the argument {name} is '{arguments.Text(name)}'; it must be a whole number from {least} to {most}");
}
