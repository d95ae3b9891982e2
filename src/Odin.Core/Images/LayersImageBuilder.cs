namespace Odin.Images;

/// <summary>
/// Builds images by itself, with no tool and no daemon: takes the base image's layers as they are, writes layers of files above
/// them and a configuration. It can run nothing inside the image. The same parts give the same image, to the byte.
/// </summary>
public sealed class LayersImageBuilder(ImageBuilderOptions options) : IImageBuilder
{
    private readonly LayerWriter writer = new(
        options.WorkDirectory, options.CacheDirectory is null ? null : new LayerCache(options.CacheDirectory, options.CacheLimit, options.Time));

    public string Name => "layers";

    public bool RunsCommands => false;

    public async Task<BuiltImage> BuildAsync(ImageBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        if (build.Commands.Count > 0)
        {
            throw new ImageException(
                "The image needs commands to be run in it, which the builder 'layers' cannot do. Use the builder 'containerfile', or a base image that has the environment already.", isPassing: false);
        }
        if (!ImageReference.IsTag(build.Tag))
            throw new ImageException($"'{build.Tag}' is no tag: use up to 128 letters, digits, '.', '_' and '-'.", isPassing: false);
        await log($"Building {build.Target.Name}:{build.Tag} on {build.Base.Name}{(build.Base.Digest is null ? "" : $" ({build.Base.Digest})")} for {build.Base.Platform}", cancellationToken);
        BuildLeftovers.Remove(options.WorkDirectory, options.Time);
        var layers = new WrittenLayer?[build.Layers.Count];
        try
        {
            await StoreBlobsAsync(build, layers, log, cancellationToken);
            var configuration = ConfigurationMerge.Write(build.Base, build.Configuration, layers!, build.Created);
            var manifest = new ImageManifest
            {
                MediaType = MediaTypes.Manifest,
                Config = await BlobTransfer.StoreAsync(build.Target, MediaTypes.Configuration, configuration, cancellationToken),
                Layers =
                [
                    .. build.Base.Layers.Select(l => new Descriptor(MediaTypes.ToOciLayer(l.MediaType)!, l.Digest, l.Size)),
                    .. layers.Select(l => l!.Descriptor),
                ],
            };
            var image = await ImagePublisher.PublishAsync(build, manifest, cancellationToken);
            await log($"Pushed {image.Reference}, {image.Digest}, {BlobTransfer.Size(image.Size)}", cancellationToken);
            return image;
        }
        finally
        {
            foreach (var layer in layers)
                layer?.Dispose();
        }
    }

    // The new layers first: they keep the processor busy while the base's blobs are asked for.
    private async Task StoreBlobsAsync(ImageBuild build, WrittenLayer?[] layers, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        using var gate = new SemaphoreSlim(1, 1);
        var work = build.Layers.Select((layer, index) => (Func<CancellationToken, Task>)(token => StoreLayerAsync(layer, index, token)))
            .Concat(build.Base.Layers.DistinctBy(l => l.Digest).Select(blob => (Func<CancellationToken, Task>)(token => StoreBaseAsync(blob, token))));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 2, 4), CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(work, parallel, (one, token) => new ValueTask(one(token)));

        async Task StoreLayerAsync(ImageLayer layer, int index, CancellationToken token)
        {
            var written = layers[index] = await writer.WriteAsync(layer, token);
            await build.Target.UploadBlobAsync(written.Descriptor, written.OpenAsync, token);
            await SayAsync($"Layer {layer.Name}: {written.Descriptor.Digest}, {BlobTransfer.Size(written.Descriptor.Size)}", token);
        }

        async Task StoreBaseAsync(Descriptor blob, CancellationToken token)
        {
            var how = await BlobTransfer.CopyAsync(build.Base.Repository!, build.Target, blob, token);
            await SayAsync($"Base layer {blob.Digest}, {BlobTransfer.Size(blob.Size)}: {how}", token);
        }

        async Task SayAsync(string line, CancellationToken token)
        {
            await gate.WaitAsync(token);
            try
            {
                await log(line, token);
            }
            finally
            {
                gate.Release();
            }
        }
    }
}
