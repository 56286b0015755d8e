using System.Text;
using CsCheck;
using Microsoft.Extensions.AI;
using StepDistill.Teachers.Requests;

namespace StepDistill.Tests.Teachers.Requests;

public sealed class TokenBoundTests
{
    /// <summary>Whatever the tokenizer, as long as a token has at least a byte: the bound is one, and a close one soon.</summary>
    [Fact]
    public void No_prompt_has_more_tokens_than_its_bound() =>
        Gen.Select(Gen.String[0, 400], Gen.String[1, 60].Array[1, 20], Gen.Int[1, 8]).Sample((head, questions, bytesPerToken) =>
        {
            var bound = new TokenBound();
            List<ChatMessage> same = [new(ChatRole.System, head)];
            foreach (var question in questions)
            {
                ChatMessage[] prompt = [.. same, new(ChatRole.User, question)];
                var tokens = Tokens(head, bytesPerToken) + Tokens(question, bytesPerToken);
                Assert.True(tokens <= bound.Of(prompt));
                bound.Learn(prompt, tokens);
                Assert.True(bound.Of(prompt) <= tokens + Encoding.UTF8.GetByteCount(question) + 16);
            }
        });

    [Fact]
    public void What_was_learnt_holds_for_the_same_beginning_only()
    {
        var bound = new TokenBound();
        ChatMessage head = new(ChatRole.System, new string('a', 4_000));
        bound.Learn([head, new(ChatRole.User, "q")], 1_001);
        Assert.InRange(bound.Of([head, new(ChatRole.User, "question")]), 1_009, 1_100);
        Assert.InRange(bound.Of([new(ChatRole.System, head.Text), new(ChatRole.User, "question")]), 4_008, 4_100);
    }

    private static long Tokens(string text, int bytesPerToken) => (Encoding.UTF8.GetByteCount(text) + bytesPerToken - 1) / bytesPerToken;
}
