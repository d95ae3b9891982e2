namespace Odin.Images;

/// <summary>Who we are to a registry. Its text never has the password.</summary>
public sealed record RegistryCredentials(string UserName, string Password)
{
    public override string ToString() => $"{nameof(RegistryCredentials)} {{ UserName = {UserName} }}";
}
