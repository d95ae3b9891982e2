using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Odin.Server.Auth;
using Odin.Server.Health;

namespace Odin.Server.Hosting;

/// <summary>Describes the body of a request, for the OpenAPI document alone: whatever the content type, the handler looks for itself.</summary>
internal sealed record BodyMetadata(Type Type, IReadOnlyList<string> ContentTypes);

/// <summary>The OpenAPI document.</summary>
internal static class ApiDescription
{
    /// <summary>Of the inherited API of models.</summary>
    public const string LifecycleTitle = "API Gateway";

    private const string BearerScheme = "bearer", LifecycleDocument = "lifecycle";

    /// <summary>Says what the body is. The framework's own way would refuse other content types, which the inherited clients send.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder, params string[] contentTypes) =>
        builder.WithMetadata(new BodyMetadata(typeof(T), contentTypes));

    /// <summary>Adds the document of everything, and that of the inherited API.</summary>
    public static void AddApiDescription(this IServiceCollection services)
    {
        services.AddOpenApi(LifecycleDocument, options =>
        {
            options.ShouldInclude = description => description.RelativePath?.StartsWith("api/v1/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = LifecycleTitle,
                    Version = "1.0",
                    Description = "This is an API Gateway webServer.",
                    License = new OpenApiLicense { Name = "Apache 2.0", Url = new Uri("http://www.apache.org/licenses/LICENSE-2.0.html") },
                };
                document.Servers = [];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer(DescribeAsync);
        });
        services.AddMainDescription();
    }

    /// <summary>The inherited API in the form that its clients' generators read: Swagger 2.0.</summary>
    public static async Task WriteLifecycleAsync(HttpContext context, [FromKeyedServices(LifecycleDocument)] IOpenApiDocumentProvider provider, CancellationToken cancellationToken)
    {
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        context.Response.ContentType = "application/json";
        using var text = new MemoryStream();
        await document.SerializeAsJsonAsync(text, OpenApiSpecVersion.OpenApi2_0, cancellationToken);
        await context.Response.Body.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), cancellationToken);
    }

    private static void AddMainDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Odin",
                Version = AppEndpoints.Version,
                Description = "Pipelines, runs and jobs. In the ids of jobs '__' stands for '/'. Every error is JSON with 'detail', 'status' and 'errors'.",
            };
            // The address is that of whoever reads it.
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[BearerScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "The 'message' of POST /v1/auth.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeAsync);
    });

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<BodyMetadata>().FirstOrDefault() is { } body)
        {
            var schema = await context.GetOrCreateSchemaAsync(body.Type, cancellationToken: cancellationToken);
            operation.RequestBody = new OpenApiRequestBody
            {
                Content = body.ContentTypes.ToDictionary(t => t, _ => (OpenApiMediaType)new() { Schema = schema }),
            };
        }
        var isWrite = context.Description.HttpMethod is not ("GET" or "HEAD")
            && metadata.OfType<AccessKindMetadata>().FirstOrDefault()?.Kind is not AccessKind.Public;
        if (isWrite)
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, context.Document)] = [] }];
    }
}
