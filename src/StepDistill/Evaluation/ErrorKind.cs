namespace StepDistill.Evaluation;

/// <summary>Who is wrong about a row.</summary>
public enum ErrorKind
{
    /// <summary>The student is wrong and the teacher right: what distilling lost.</summary>
    StudentOnly,

    /// <summary>The teacher is wrong and the student right.</summary>
    TeacherOnly,

    /// <summary>Both are wrong: hard rows, or rows whose gold label is wrong.</summary>
    Both,

    /// <summary>The student is wrong, and the teacher was never asked.</summary>
    NoTeacher,
}
