using Microsoft.Extensions.Configuration;
using StepDistill.Recipes;

namespace StepDistill.Cli.Teachers;

/// <summary>Finds the key of a teacher's provider: in the environment, or else among .NET's user secrets. It goes nowhere but to the server.</summary>
internal static class TeacherKeys
{
    /// <summary>The id of the user secrets: <c>dotnet user-secrets set OPENAI_API_KEY … --id stepdistill</c>.</summary>
    public const string SecretsId = "stepdistill";

    /// <summary>The name of the variable or secret that holds the key.</summary>
    public static string NameOf(TeacherSection section) => section.KeyVariable ?? section.Provider switch
    {
        "azure" => "AZURE_OPENAI_API_KEY",
        "anthropic" => "ANTHROPIC_API_KEY",
        _ => "OPENAI_API_KEY",
    };

    /// <summary>Finds the key.</summary>
    /// <exception cref="StepDistillException">There is none, and the server answers nobody without one.</exception>
    public static string Find(TeacherSection section)
    {
        var name = NameOf(section);
        if ((Text(Environment.GetEnvironmentVariable(name)) ?? Text(Secret(name))) is { } key)
        {
            return key;
        }

        // Servers of one's own seldom ask for a key, and the client wants some text.
        return section is { Provider: "openai", Endpoint: not null } ? "none" : throw new StepDistillException(
            $"The environment variable {name} is not set, there is no user secret of that name, and the server answers nobody "
            + $"without a key. Set the variable, or the secret with: dotnet user-secrets set {name} KEY --id {SecretsId}. "
            + "teacher.key_variable can name another"
            + (section.Provider == "openai" ? "; teacher.endpoint can give the address of a server of your own." : "."));
    }

    private static string? Secret(string name)
    {
        try
        {
            return new ConfigurationBuilder().AddUserSecrets(SecretsId).Build()[name];
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // The reader's own message quotes the line that it cannot read, and a key may stand in it.
            throw new StepDistillException(
                $"The user secrets '{SecretsId}' cannot be read: they are not JSON, or not yours to read. Correct them with: dotnet "
                + $"user-secrets set {name} KEY --id {SecretsId}, or set the environment variable {name}.");
        }
    }

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
