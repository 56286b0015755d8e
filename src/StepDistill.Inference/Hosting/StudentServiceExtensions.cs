using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StepDistill.Inference.Typed;

namespace StepDistill.Inference.Hosting;

/// <summary>Puts students among an application's services.</summary>
/// <remarks>
/// Each is one <see cref="IStudentClassifier"/> for the whole application, opened once, observed by traces and meters
/// (<see cref="Telemetry.StudentTelemetry"/>) and disposed with the container. Options are checked, and the student warms up,
/// while the host starts. A student with a name is a keyed service: <c>[FromKeyedServices("NAME")] IStudentClassifier</c>.
/// Further settings may follow by <c>services.Configure&lt;StudentOptions&gt;(…)</c>, under the same name.
/// </remarks>
public static class StudentServiceExtensions
{
    /// <summary>Adds the application's only student without a name.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="StepDistillException">One was added already.</exception>
    public static IServiceCollection AddStudent(this IServiceCollection services, Action<StudentOptions> configure) =>
        Add(services, Options.DefaultName, configure);

    /// <summary>Adds a student under a name.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The service's key, and the name of its options.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="StepDistillException">One was added already under that name.</exception>
    public static IServiceCollection AddStudent(this IServiceCollection services, string name, Action<StudentOptions> configure) =>
        Add(services, Named(name), configure);

    /// <summary>Adds the application's only student without a name, as a section of its configuration says.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">A section with the keys of <see cref="StudentOptions"/>; one with others is refused when the host starts.</param>
    /// <exception cref="StepDistillException">One was added already.</exception>
    public static IServiceCollection AddStudent(this IServiceCollection services, IConfigurationSection section) =>
        Add(services, Options.DefaultName, section);

    /// <summary>Adds a student under a name, as a section of the application's configuration says.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The service's key, and the name of its options.</param>
    /// <param name="section">A section with the keys of <see cref="StudentOptions"/>; one with others is refused when the host starts.</param>
    /// <exception cref="StepDistillException">One was added already under that name.</exception>
    public static IServiceCollection AddStudent(this IServiceCollection services, string name, IConfigurationSection section) =>
        Add(services, Named(name), section);

    /// <summary>Adds a student and its typed use, <see cref="IStudentClassifier{TLabel}"/>; both without a name.</summary>
    /// <typeparam name="TLabel">An enum with one member for each label of the student.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="StepDistillException">One was added already.</exception>
    public static IServiceCollection AddStudent<[DynamicallyAccessedMembers(EnumLabels.Needs)] TLabel>(
        this IServiceCollection services, Action<StudentOptions> configure) where TLabel : struct, Enum =>
        Type<TLabel>(Add(services, Options.DefaultName, configure, Resolve<TLabel>), Options.DefaultName);

    /// <summary>Adds a student and its typed use, <see cref="IStudentClassifier{TLabel}"/>, under a name.</summary>
    /// <typeparam name="TLabel">An enum with one member for each label of the student.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The services' key, and the name of the options.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="StepDistillException">One was added already under that name.</exception>
    public static IServiceCollection AddStudent<[DynamicallyAccessedMembers(EnumLabels.Needs)] TLabel>(
        this IServiceCollection services, string name, Action<StudentOptions> configure) where TLabel : struct, Enum =>
        Type<TLabel>(Add(services, Named(name), configure, Resolve<TLabel>), name);

    /// <summary>Adds a student and its typed use, as a section of the application's configuration says; both without a name.</summary>
    /// <typeparam name="TLabel">An enum with one member for each label of the student.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="section">A section with the keys of <see cref="StudentOptions"/>; one with others is refused when the host starts.</param>
    /// <exception cref="StepDistillException">One was added already.</exception>
    public static IServiceCollection AddStudent<[DynamicallyAccessedMembers(EnumLabels.Needs)] TLabel>(
        this IServiceCollection services, IConfigurationSection section) where TLabel : struct, Enum =>
        Type<TLabel>(Add(services, Options.DefaultName, section, Resolve<TLabel>), Options.DefaultName);

    /// <summary>Adds a student and its typed use under a name, as a section of the application's configuration says.</summary>
    /// <typeparam name="TLabel">An enum with one member for each label of the student.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The services' key, and the name of the options.</param>
    /// <param name="section">A section with the keys of <see cref="StudentOptions"/>; one with others is refused when the host starts.</param>
    /// <exception cref="StepDistillException">One was added already under that name.</exception>
    public static IServiceCollection AddStudent<[DynamicallyAccessedMembers(EnumLabels.Needs)] TLabel>(
        this IServiceCollection services, string name, IConfigurationSection section) where TLabel : struct, Enum =>
        Type<TLabel>(Add(services, Named(name), section, Resolve<TLabel>), name);

    private static string Named(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return name;
    }

    private static IServiceCollection Add(
        IServiceCollection services, string name, IConfigurationSection section, Action<IServiceProvider, string>? check = null)
    {
        var reader = new StudentSection(name, section);
        services.AddSingleton<IValidateOptions<StudentOptions>>(reader);
        return Add(services, name, reader.Read, check);
    }

    private static IServiceCollection Add(
        IServiceCollection services, string name, Action<StudentOptions> configure, Action<IServiceProvider, string>? check = null)
    {
        if (services.Any(service => service.ServiceType == typeof(HostedStudent) && name.Equals(service.ServiceKey)))
        {
            throw new StepDistillException(name.Length == 0
                ? "A student without a name was added already; give this one a name: services.AddStudent(\"name\", …)."
                : $"A student named '{name}' was added already; give this one another name.");
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StudentOptions>, StudentOptionsValidation>());
        services.AddOptions<StudentOptions>(name).Configure(configure).PostConfigure<IServiceProvider>(FindFolder).ValidateOnStart();
        services.AddKeyedSingleton(name, (provider, _) => new HostedStudent(
            name, provider.GetRequiredService<IOptionsMonitor<StudentOptions>>(), provider.GetService<IMeterFactory>(), Time(provider)));
        services.AddSingleton<IHostedService>(provider => new WarmUpService(
            Hosted(provider, name), () => check?.Invoke(provider, name), Time(provider),
            provider.GetService<ILogger<WarmUpService>>() ?? NullLogger<WarmUpService>.Instance));
        return name.Length == 0
            ? services.AddSingleton<IStudentClassifier>(provider => Hosted(provider, name).Student)
            : services.AddKeyedSingleton<IStudentClassifier>(name, (provider, _) => Hosted(provider, name).Student);
    }

    private static IServiceCollection Type<[DynamicallyAccessedMembers(EnumLabels.Needs)] TLabel>(IServiceCollection services, string name)
        where TLabel : struct, Enum => name.Length == 0
            ? services.AddSingleton(provider => Hosted(provider, name).Student.As<TLabel>())
            : services.AddKeyedSingleton(name, (provider, _) => Hosted(provider, name).Student.As<TLabel>());

    /// <summary>Makes the typed student while the host starts: labels that do not fit the enum are told then.</summary>
    private static void Resolve<TLabel>(IServiceProvider services, string name) where TLabel : struct, Enum
    {
        _ = name.Length == 0
            ? services.GetRequiredService<IStudentClassifier<TLabel>>()
            : services.GetRequiredKeyedService<IStudentClassifier<TLabel>>(name);
    }

    private static void FindFolder(StudentOptions options, IServiceProvider services)
    {
        if (services.GetService<IHostEnvironment>() is { ContentRootPath.Length: > 0 } host && !string.IsNullOrWhiteSpace(options.Folder))
        {
            options.Folder = Path.GetFullPath(options.Folder, Path.GetFullPath(host.ContentRootPath));
        }
    }

    private static HostedStudent Hosted(IServiceProvider services, string name) => services.GetRequiredKeyedService<HostedStudent>(name);

    private static TimeProvider Time(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;
}
