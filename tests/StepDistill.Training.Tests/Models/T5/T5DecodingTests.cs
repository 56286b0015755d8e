using CsCheck;
using StepDistill.Students;
using StepDistill.Training.Models.T5;
using TorchSharp;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed class T5DecodingTests
{
    // A vocabulary this small makes random networks write the end mark often, at different places in different rows.
    private static readonly Gen<(T5Config Config, int Seed, int[][] Inputs)> Cases = Gen.Select(
        Gen.Int[0, 2].Select(i => new[] { TinyNetworks.Gated, TinyNetworks.Tied, TinyNetworks.Silu }[i]),
        Gen.Int[0, 1000],
        Gen.Int[2, 7].Array[1, 9].Array[1, 4],
        (config, seed, inputs) => (config with { VocabularySize = 8 }, seed, inputs));

    [Fact]
    public void Remembering_keys_and_values_changes_no_token() => Cases.Sample(
        c =>
        {
            using var _ = NewDisposeScope();
            using var network = TinyNetworks.Evaluating(c.Config, c.Seed);
            var (ids, mask) = Batch(c.Inputs);

            var texts = Greedy(network, ids, mask, 20);

            Assert.Equal(c.Inputs.Select(input => GreedyWithoutMemory(network, input, 20)), texts);
        },
        iter: 20,
        threads: 1);

    [Fact]
    public void Beams_are_those_of_a_search_without_memory() => Cases.Sample(
        c =>
        {
            using var _ = NewDisposeScope();
            using var network = TinyNetworks.Evaluating(c.Config, c.Seed);
            var (ids, mask) = Batch(c.Inputs);

            var texts = Beam(network, ids, mask, 12, 3);

            Assert.Equal(c.Inputs.Select(input => BeamWithoutMemory(network, input, 12, 3)), texts);
        },
        iter: 20,
        threads: 1);

    [Fact]
    public void One_beam_is_greedy()
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(TinyNetworks.Gated);
        var (ids, mask) = Batch([[5, 6, 7], [8]]);

        Assert.Equal(Greedy(network, ids, mask, 10), Beam(network, ids, mask, 10, 1));
    }

    [Fact]
    public void The_start_token_counts_in_the_length()
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(TinyNetworks.Gated with { EndId = 49 });
        var (ids, mask) = Batch([[5, 6, 7]]);

        Assert.Equal(4, Assert.Single(Greedy(network, ids, mask, 5)).Length);
        Assert.Empty(Assert.Single(Greedy(network, ids, mask, 1)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Another_start_token_is_as_if_the_configuration_named_it(int beams) => Cases.Sample(
        c =>
        {
            using var _ = NewDisposeScope();
            using var network = TinyNetworks.Evaluating(c.Config, c.Seed);
            using var named = TinyNetworks.Evaluating(c.Config with { StartId = 6 }, c.Seed);
            var (ids, mask) = Batch(c.Inputs);

            var texts = T5Decoding.Beam(network, ids, mask, 10, beams, startId: 6, TestContext.Current.CancellationToken);

            Assert.Equal(Beam(named, ids, mask, 10, beams), texts);
        },
        iter: 10,
        threads: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Decoding_leaves_no_tensor_behind_and_the_mode_as_it_was(int beams)
    {
        using var _ = NewDisposeScope();
        using var network = T5Network.FromSeed(TinyNetworks.Gated with { VocabularySize = 8 }, seed: 2);
        var (ids, mask) = Batch([[5, 6, 7], [4]]);
        Beam(network, ids, mask, 20, beams);

        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Beam(network, ids, mask, 20, beams);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.True(network.training);
        Assert.True(is_grad_enabled());
    }

    [Fact]
    public void Cancelling_stops_between_two_tokens()
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(TinyNetworks.Gated);
        var (ids, mask) = Batch([[5, 6, 7]]);

        Assert.Throws<OperationCanceledException>(
            () => T5Decoding.Greedy(network, ids, mask, 10, cancellation: new CancellationToken(canceled: true)));
    }

    private static int[][] Greedy(T5Network network, Tensor ids, Tensor mask, int maxLength) =>
        T5Decoding.Greedy(network, ids, mask, maxLength, cancellation: TestContext.Current.CancellationToken);

    private static int[][] Beam(T5Network network, Tensor ids, Tensor mask, int maxLength, int beams) =>
        T5Decoding.Beam(network, ids, mask, maxLength, beams, cancellation: TestContext.Current.CancellationToken);

    private static int[] GreedyWithoutMemory(T5Network network, int[] input, int maxLength)
    {
        using var frozen = no_grad();
        List<int> text = [];
        while (text.Count + 1 < maxLength && (text.Count == 0 || text[^1] != network.Config.EndId))
        {
            text.Add((int)NextLogits(network, input, text).argmax().item<long>());
        }

        return [.. text];
    }

    /// <summary>Beam search written for one input, as plainly as it can be, over whole prefixes.</summary>
    private static int[] BeamWithoutMemory(T5Network network, int[] input, int maxLength, int beams)
    {
        using var frozen = no_grad();
        List<(int[] Tokens, float Sum)> open = [([], 0)];
        List<(int[] Tokens, double Score)> ended = [];
        for (var length = 1; length < maxLength; length++)
        {
            var ways = open
                .SelectMany(text => NextLogits(network, input, text.Tokens).log_softmax(-1).data<float>()
                    .Select((log, token) => (text.Tokens, Token: token, Sum: text.Sum + log)))
                .OrderByDescending(way => way.Sum).Take(2 * beams).ToList();
            foreach (var (tokens, _, sum) in ways.Take(beams).Where(way => way.Token == network.Config.EndId))
            {
                ended = [.. ended.Append((tokens, sum / (double)length)).OrderByDescending(e => e.Item2).Take(beams)];
            }

            open = [.. ways.Where(way => way.Token != network.Config.EndId).Take(beams)
                .Select(way => ((int[])[.. way.Tokens, way.Token], way.Sum))];
            if (ended.Count == beams && ended[^1].Score >= ways[0].Sum / (double)length)
            {
                return [.. ended[0].Tokens, network.Config.EndId];
            }
        }

        var all = ended.Concat(open.Select(text => (text.Tokens, Score: text.Sum / (double)maxLength)));
        var best = all.MaxBy(text => text.Score).Tokens;
        return best.Length + 1 < maxLength ? [.. best, network.Config.EndId] : best;
    }

    private static Tensor NextLogits(T5Network network, int[] input, IReadOnlyList<int> text)
    {
        var (ids, mask) = Batch([input]);
        var target = tensor(text.Prepend(network.Config.StartId).Select(id => (long)id).ToArray()).unsqueeze(0);
        return network.forward(ids, mask, target)[0, text.Count];
    }

    private static (Tensor Ids, Tensor Mask) Batch(int[][] inputs)
    {
        var length = inputs.Max(input => input.Length);
        var ids = zeros(inputs.Length, length, ScalarType.Int64);
        var mask = zeros(inputs.Length, length, ScalarType.Bool);
        for (var row = 0; row < inputs.Length; row++)
        {
            ids[row, ..inputs[row].Length] = tensor(inputs[row]).to_type(ScalarType.Int64);
            mask[row, ..inputs[row].Length] = true;
        }

        return (ids, mask);
    }
}
