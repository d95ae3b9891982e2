using System.Globalization;
using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>What there is: repositories, tags, and what is attached to a manifest.</summary>
internal sealed class RegistryLists(StoredRegistry registry)
{
    private const int LargestPage = 1000;

    public async Task CatalogAsync(HttpContext context)
    {
        var page = await PageAsync(context, registry.ListAsync(context.RequestAborted));
        await RegistryAnswers.WriteAsync(context, new RepositoryList(page), RegistryJson.Default.RepositoryList);
    }

    public static async Task TagsAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var page = await PageAsync(context, repository.ListTagsAsync(context.RequestAborted));
        if (page.Count == 0 && !await repository.ExistsAsync(context.RequestAborted))
            throw new RegistryException(StatusCodes.Status404NotFound, "NAME_UNKNOWN", $"There is no repository '{path.Repository}'.");
        await RegistryAnswers.WriteAsync(context, new TagList(path.Repository, page), RegistryJson.Default.TagList);
    }

    public static async Task ReferrersAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var digest = RegistryBlobs.CheckDigest(path.Reference);
        var type = context.Request.Query["artifactType"].ToString() is { Length: > 0 } wanted ? wanted : null;
        var found = await repository.ListReferrersAsync(digest, type, context.RequestAborted);
        if (type is not null)
            context.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        await RegistryAnswers.WriteAsync(context, new ReferrerIndex(2, MediaTypes.Index, found), RegistryJson.Default.ReferrerIndex, MediaTypes.Index);
    }

    private static async Task<List<string>> PageAsync(HttpContext context, IAsyncEnumerable<string> names)
    {
        var query = context.Request.Query;
        var size = LargestPage;
        if (query["n"].ToString() is { Length: > 0 } text)
        {
            size = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? Math.Min(number, LargestPage)
                : throw new RegistryException(StatusCodes.Status400BadRequest, "PAGINATION_NUMBER_INVALID", $"'{text}' is no number of entries.");
        }
        var last = query["last"].ToString();
        var page = new List<string>();
        await foreach (var name in names)
        {
            if (string.CompareOrdinal(name, last) <= 0)
                continue;
            if (page.Count == size)
            {
                if (size > 0)
                    context.Response.Headers.Link = $"<{context.Request.Path}?n={size}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"";
                break;
            }
            page.Add(name);
        }
        return page;
    }
}
