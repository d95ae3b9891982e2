namespace Odin.Server.Auth;

/// <summary>Which roles of users mean what in the API. Every other role counts for the models alone that name it.</summary>
internal sealed record RoleOptions
{
    /// <summary>Everything.</summary>
    public string Admin { get; init; } = "odahu_admin";

    /// <summary>Trainings, packagings, deployments and batches, and a look at what they need.</summary>
    public string DataScientist { get; init; } = "odahu_data_scientist";

    /// <summary>A look at all that a data scientist sees.</summary>
    public string Viewer { get; init; } = "odahu_viewer";
}
