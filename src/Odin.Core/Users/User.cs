using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Users;

/// <summary>Somebody who may use the server.</summary>
public sealed record User(ResourceMetadata Metadata, UserSpec Spec) : IResource<User>
{
    public static string Kind => "User";

    public static JsonTypeInfo<User> JsonType => UserJson.Default.User;

    public static User WithMetadata(User resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => null;

    public string Name => Metadata.Id;
}

/// <summary>What is kept of a user.</summary>
/// <param name="PasswordHash">See <c>PasswordHasher</c>; never leaves the server.</param>
public sealed record UserSpec(string PasswordHash, string? FirstName, string? LastName)
{
    /// <summary>Tokens issued before this are no longer good; a whole second, because the times in tokens are. Null: the password is the first.</summary>
    public DateTimeOffset? PasswordChanged { get; init; }

    /// <summary>The names of the roles of the user, who may do what they allow; null: everything.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    public override string ToString() => $"UserSpec {{ FirstName = {FirstName}, LastName = {LastName} }}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(User))]
internal sealed partial class UserJson : JsonSerializerContext;
