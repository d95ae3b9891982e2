namespace Odin.Images;

/// <summary>Says what a registry's refusal means and what to do.</summary>
/// <param name="registry">Its host.</param>
/// <param name="name">Of the repository, with the registry.</param>
/// <param name="userName">Null: without a name.</param>
internal sealed class RegistryRefusals(string registry, string name, string? userName)
{
    private string User => userName is null ? "somebody without a name" : $"the user '{userName}'";

    /// <param name="action">What was tried: "push to", "pull from".</param>
    public ImageException Explain(RegistryAnswer answer, string action)
    {
        var (codes, words) = answer.Errors();
        var said = words.Length > 0 ? $" It says: {words}" : "";
        var (text, isPassing) = answer.Status switch
        {
            401 when userName is null => ($"The registry '{registry}' wants a user name and a password to {action} '{name}'. Give them in its connection.{said}", false),
            401 => ($"The registry '{registry}' does not accept the password of the user '{userName}' to {action} '{name}'. Check the connection's user name and password; a token may have expired.{said}", false),
            403 => ($"The registry '{registry}' does not let {User} {action} '{name}'. Ask its administrators for that right, or use another repository.{said}", false),
            404 when codes.Contains("NAME_UNKNOWN") => ($"There is no repository '{name}'. Create it first; this registry does not do so by itself.{said}", false),
            404 => ($"'{name}' was not found in the registry '{registry}'. Is its address right?{said}", false),
            405 or 501 => ($"The registry '{registry}' does not support what is needed to {action} '{name}'.{said}", false),
            413 => ($"A part of the image is too large for the registry '{registry}'.{said}", false),
            429 => ($"The registry '{registry}' has had too many requests.{said}", true),
            >= 300 and < 400 => ($"The registry '{registry}' sends to '{answer.Location}', which is not followed here. If that is right, use that address.", false),
            507 => ($"The registry '{registry}' has no room left.{said}", true),
            408 or >= 500 => ($"The registry '{registry}' could not {action} '{name}' now: it answered {answer.Status}.{said}", true),
            _ => ($"The registry '{registry}' refused to {action} '{name}' with the status {answer.Status}.{said}", false),
        };
        return new ImageException(text, isPassing) { Status = answer.Status, RetryAfter = answer.RetryAfter };
    }

    public ImageException WantsUnknown() =>
        new($"The registry '{registry}' wants proof of who we are in a way that is not understood here; Basic and Bearer are.", isPassing: false) { Status = 401 };

    public ImageException TooLong(string what) => new($"{what} in '{name}' is too long for an image.", isPassing: false);
}
