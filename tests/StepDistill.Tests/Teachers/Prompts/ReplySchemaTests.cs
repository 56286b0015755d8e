using StepDistill.Tasks;
using StepDistill.Teachers.Prompts;

namespace StepDistill.Tests.Teachers.Prompts;

public sealed class ReplySchemaTests
{
    private static readonly Example Row = new() { Id = "1", Input = "Where?", Choices = ["pond ", "oak", "pond"], Label = "oak" };

    [Theory]
    [InlineData("nli", RationaleOrder.Before, """{"type":"object","properties":{"rationale":{"type":"string"},"label":{"type":"string","enum":["entailment","neutral","contradiction"]}},"required":["rationale","label"],"additionalProperties":false}""")]
    [InlineData("nli", RationaleOrder.After, """{"type":"object","properties":{"label":{"type":"string","enum":["entailment","neutral","contradiction"]},"rationale":{"type":"string"}},"required":["label","rationale"],"additionalProperties":false}""")]
    [InlineData("cqa", RationaleOrder.Before, """{"type":"object","properties":{"rationale":{"type":"string"},"label":{"type":"string","enum":["pond","oak"]}},"required":["rationale","label"],"additionalProperties":false}""")]
    [InlineData("svamp", RationaleOrder.Before, """{"type":"object","properties":{"rationale":{"type":"string"},"label":{"type":"string"}},"required":["rationale","label"],"additionalProperties":false}""")]
    [InlineData("cqa", RationaleOrder.ForGold, """{"type":"object","properties":{"rationale":{"type":"string"}},"required":["rationale"],"additionalProperties":false}""")]
    public void A_schema_allows_what_the_task_allows_in_the_order_asked_for(string task, RationaleOrder order, string schema) =>
        Assert.Equal(schema, ReplySchema.Of(TaskCatalog.Find(task)!, Row, order));      // part of keys: a change asks again
}
