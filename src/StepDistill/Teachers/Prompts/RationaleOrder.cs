namespace StepDistill.Teachers.Prompts;

/// <summary>Where a teacher's reasons stand.</summary>
public enum RationaleOrder
{
    /// <summary>Before the label: a chain of thought (Wei et al. 2022, https://arxiv.org/abs/2201.11903).</summary>
    Before,

    /// <summary>After the label, which they then explain.</summary>
    After,

    /// <summary>
    /// For the gold label, which the prompt gives: "rationalization" (Zelikman et al. 2022, STaR,
    /// https://arxiv.org/abs/2203.14465, section 3.2). Rows without a gold label cannot be asked about.
    /// </summary>
    ForGold,
}
