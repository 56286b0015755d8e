using System.Globalization;
using StepDistill.Inference;

// Asks a student and writes label and confidence, then its reasons where it gives some: StepDistill.PublishedApp FOLDER TEXT
using var student = OnnxStudent.Open(args[0]);
var answer = student.Classify([new(args[1])])[0];
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{answer.Label} {answer.Confidence:R}"));
if (student.Description.GivesRationales)
{
    await foreach (var piece in student.ExplainAsync(new(args[1])))
    {
        Console.Write(piece);
    }

    Console.WriteLine();
}
