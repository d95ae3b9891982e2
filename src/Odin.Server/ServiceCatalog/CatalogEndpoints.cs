using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Odin.Server.Auth;
using Odin.Server.Lifecycle;
using Odin.Server.Routes;

namespace Odin.Server.ServiceCatalog;

/// <summary>The service catalog: one page over all models, at the addresses of both generations of the inherited one.</summary>
internal static class CatalogEndpoints
{
    /// <summary>The beginning of its addresses.</summary>
    public const string Root = "/service-catalog";

    private const string Document = "catalog", Title = "Service Catalog", Tag = "Service catalog";

    public static void AddServiceCatalog(this IServiceCollection services)
    {
        services.AddSingleton<CatalogReader>();
        services.AddOpenApi(Document, options =>
        {
            options.ShouldInclude = description => description.RelativePath?.StartsWith(Root[1..], StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = Title, Version = "1.0", Description = "The catalog's own addresses." };
                document.Servers = [];
                return Task.CompletedTask;
            });
        });
    }

    public static void MapServiceCatalog(this WebApplication app)
    {
        UsePage(app, "catalog", (Title, $"{Root}/catalog/data.json"));
        // The first generation had all models at this address, the second one what the catalog itself answers.
        UsePage(app, "swagger", (Title, $"{Root}/catalog/data.json"), ("The catalog itself", $"{Root}/swagger/data.json"));
        var catalog = app.MapGroup(Root);
        // Where a slash at the end leads nowhere, relative addresses of pages would.
        catalog.MapGet("/", () => Results.Redirect($"{Root}/catalog/index.html")).ExcludeFromDescription().WithAccess(AccessKind.Public);
        catalog.MapGet("/token.js", WriteScript).ExcludeFromDescription().WithAccess(AccessKind.Public);
        catalog.MapGet("/swagger/data.json", WriteOwnAsync).ExcludeFromDescription().WithAccess(AccessKind.Public);
        catalog.MapGet("/catalog/data.json", ListAsync).WithTags(Tag).WithName("ShowServiceCatalog").WithSummary("All models that are served, as one Swagger 2.0 document").Produces<JsonObject>();
        catalog.MapGet("/model-info/{deployment}", ShowAsync).WithTags(Tag).WithName("ShowServedModel").WithSummary("What one model says of itself")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
    }

    private static void UsePage(WebApplication app, string name, params (string Title, string Address)[] documents) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = $"{Root[1..]}/{name}";
        page.DocumentTitle = Title;
        // Whoever opens the page has no token in it yet, and reading the catalog may want one already.
        page.HeadContent = $"<script src=\"{Root}/token.js\"></script>";
        page.UseRequestInterceptor("(request) => { return window.catalogToken.add(request); }");
        foreach (var (title, address) in documents)
            page.SwaggerEndpoint(address, title);
    });

    private static async Task<IResult> ListAsync(CatalogReader reader, EdgeAddress edge, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(await reader.CombineAsync(edge.Scheme, cancellationToken));

    private static async Task<IResult> ShowAsync(string deployment, CatalogReader reader, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(await reader.ShowAsync(deployment, cancellationToken));

    private static IResult WriteScript() => Results.Stream(typeof(CatalogEndpoints).Assembly.GetManifestResourceStream("token.js")!, "text/javascript");

    private static async Task WriteOwnAsync(HttpContext context, [FromKeyedServices(Document)] IOpenApiDocumentProvider provider, CancellationToken cancellationToken)
    {
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        context.Response.ContentType = "application/json";
        using var text = new MemoryStream();
        await document.SerializeAsJsonAsync(text, OpenApiSpecVersion.OpenApi2_0, cancellationToken);
        await context.Response.Body.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), cancellationToken);
    }
}
