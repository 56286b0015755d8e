namespace StepDistill.Serving.Http;

/// <summary>Who may use an endpoint.</summary>
internal enum Access
{
    /// <summary>Everyone who reaches the server.</summary>
    Everyone,

    /// <summary>Whoever shows a key, where there are keys.</summary>
    Key,

    /// <summary>Whoever shows an administrator's key; nobody where there is none.</summary>
    AdminKey,
}
