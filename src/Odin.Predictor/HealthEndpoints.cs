namespace Odin.Predictor;

/// <summary>Says that the server is up.</summary>
internal static class HealthEndpoints
{
    /// <summary>As the inherited model server answers: <c>{"status": true}</c>.</summary>
    public static IResult Check() => Results.Text("""{"status":true}""", "application/json");
}
