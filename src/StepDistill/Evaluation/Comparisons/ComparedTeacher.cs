namespace StepDistill.Evaluation.Comparisons;

/// <summary>The teacher as a row of a report.</summary>
/// <param name="Name">Who answered.</param>
/// <param name="Simulated">Whether it is a program that only plays a teacher.</param>
/// <param name="Accuracy">Share of rows answered right.</param>
/// <param name="Correct">Rows answered right.</param>
/// <param name="Rows">Rows that it was asked about.</param>
/// <param name="Low">Lower end of the accuracy's interval.</param>
/// <param name="High">Upper end of the accuracy's interval.</param>
/// <param name="Unreadable">Rows whose answer could not be read; they count as wrong.</param>
/// <param name="Note">What else readers must know about it, or null.</param>
public sealed record ComparedTeacher(
    string Name,
    bool Simulated,
    double Accuracy,
    int Correct,
    int Rows,
    double Low,
    double High,
    int Unreadable,
    string? Note = null);
