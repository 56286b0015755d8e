using CsCheck;
using StepDistill.Recipes;
using StepDistill.Teachers.Prices;

namespace StepDistill.Tests.Teachers.Prices;

public sealed class PriceTableTests : IDisposable
{
    private const string Sound = """
        {
          // ours
          "providers": {
            "openai": {
              "source": "our contract", "date": "2026-11",
              "models": { "gpt-4o": { "input": 2, "output": 8.00, "cached_input": 1e-1, "batch_share": 0.25 }, "own": { "input": 0, "output": 0.5 } },
            },
            "azure": { "like": "openai", "models": { "own": { "input": 1, "output": 1 } } },
            "house": { "models": { "*": { "input": 0, "output": 0 } } },
          },
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("prices-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_table_gives_prices_and_where_they_are_from()
    {
        var path = Write(Sound);
        var table = PriceTable.Read(path);
        Assert.Equal(
            new ModelPrice(2m, 8m) { CachedInput = 0.1m, BatchShare = 0.25m, Source = $"{path}, 2026-11, our contract" },
            table.Find("openai", "gpt-4o"));
        Assert.Equal(table.Find("openai", "gpt-4o"), table.Find("azure", "gpt-4o"));
        Assert.Equal((1m, 0.5m), (table.Find("azure", "own")!.Input, table.Find("openai", "own")!.Output));
        Assert.Equal(new ModelPrice(0, 0) { Source = path }, table.Find("house", "whatever"));
        Assert.Null(table.Find("openai", "gpt-4"));
        Assert.Null(table.Find("elsewhere", "gpt-4o"));
    }

    [Theory]
    [InlineData("gpt-4o-2024-11-20", 2.50)]
    [InlineData("gpt-4o-2024-05-13", 5.00)]       // a price of its own
    [InlineData("gpt-4o-mini-2024-07-18", 0.15)]
    [InlineData("gpt-4o-latest", 2.50)]
    [InlineData("gpt-4o-2024-11-2x", null)]
    [InlineData("gpt-4o-audio-preview", null)]
    [InlineData("-2024-11-20", null)]
    public void A_dated_version_costs_what_its_model_does(string model, double? input) =>
        Assert.Equal((decimal?)input, PriceTable.Builtin.Find("openai", model)?.Input);

    [Fact]
    public void The_built_in_table_says_when_and_where_each_price_was_read()
    {
        var all = PriceTable.Builtin.All.ToList();
        Assert.All(["openai", "azure", "anthropic", "ollama"], provider => Assert.Contains(all, price => price.Provider == provider));
        Assert.All(
            all.Where(price => price.Provider != "ollama"),
            price => Assert.Matches(@"^StepDistill's own price table, 20\d\d-\d\d, https://\S+$", price.Price.Source));
        Assert.All(all, price => Assert.True(price.Price.CachedInput is null || price.Price.CachedInput <= price.Price.Input, price.Model));
        Assert.Equal(3m, PriceTable.Builtin.Find("anthropic", "claude-sonnet-4-5-20250929")!.Input);
        Assert.Equal(PriceTable.Builtin.Find("openai", "o3"), PriceTable.Builtin.Find("azure", "o3"));
        Assert.Equal(0m, PriceTable.Builtin.Find("ollama", "llama3")!.Of(1_000_000, 1_000_000));
    }

    [Fact]
    public void A_recipes_price_goes_before_its_table_and_that_before_the_built_in_one()
    {
        var section = new TeacherSection { Name = "chat", Model = "gpt-4o" };
        Assert.Equal(2.5m, PriceTable.Of(section)!.Input);
        section = section with { Prices = Write(Sound) };
        Assert.Equal(2m, PriceTable.Of(section)!.Input);
        Assert.Equal(0.4m, PriceTable.Of(section with { Model = "gpt-4.1-mini" })!.Input);
        section = section with { Price = new() { Input = 1.5m, Output = 2m, CachedInput = 1m, BatchShare = 1m } };
        Assert.Equal(
            new ModelPrice(1.5m, 2m) { CachedInput = 1m, BatchShare = 1m, Source = "teacher.price of the recipe" }, PriceTable.Of(section));
    }

    [Theory]
    [InlineData("openai", "http://localhost:8000/v1", "gpt-4o", null)]     // may be a way to anyone's model
    [InlineData("openai", "https://notopenai.com/v1", "gpt-4o", null)]
    [InlineData("openai", "https://api.openai.com/v1", "gpt-4o", 2.5)]
    [InlineData("openai", null, "my-model", null)]
    [InlineData("ollama", "http://10.0.0.7:11434", "gpt-oss", 0.0)]
    [InlineData("ollama", "https://ollama.com", "gpt-oss", null)]
    public void The_built_in_prices_hold_for_the_providers_own_servers(string provider, string? endpoint, string model, double? input) =>
        Assert.Equal(
            (decimal?)input,
            PriceTable.Of(new TeacherSection { Name = "chat", Provider = provider, Endpoint = endpoint, Model = model })?.Input);

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var path = Write("""
            {
              "provider": {},
              "providers": {
                "a": { "models": { "m": { "input": -1, "output": "2" }, "n": { "input": 0.123456789, "cost": 3 }, "o": {}, "p": 5 } },
                "b": { "like": "c", "source": 7, "price": 1, "models": { "m": { "input": 1e-30, "output": 2e6, "batch_share": 1.5 } } },
                "b": {}
              }
            }
            """);
        var fault = Assert.Throws<StepDistillException>(() => PriceTable.Read(path));
        Assert.Equal(
            [
                $"The price table {path} cannot be used:",
                "provider is not a key of a price table; its one key is providers.",
                "providers.a.models.m.input is -1; it must be a number of dollars for a million tokens, from 0 to 1000000, with at most 8 decimals.",
                "providers.a.models.m.output is \"2\"; it must be a number of dollars for a million tokens, from 0 to 1000000, with at most 8 decimals.",
                "providers.a.models.n.input is 0.123456789; it must be a number of dollars for a million tokens, from 0 to 1000000, with at most 8 decimals.",
                "providers.a.models.n.cost is not a key of a price; those are input, output, cached_input and batch_share.",
                "providers.a.models.o.input is missing; it must be a number of dollars for a million tokens.",
                "providers.a.models.o.output is missing; it must be a number of dollars for a million tokens.",
                "providers.a.models.p is 5; it must be an object in braces.",
                "providers.b.source is 7; it must be the address of the page that says so.",
                "providers.b.price is not a key of a provider; those are models, source, date and like.",
                "providers.b.models.m.input is 1e-30; it must be a number of dollars for a million tokens, from 0 to 1000000, with at most 8 decimals.",
                "providers.b.models.m.output is 2e6; it must be a number of dollars for a million tokens, from 0 to 1000000, with at most 8 decimals.",
                "providers.b.models.m.batch_share is 1.5; it must be a share from 0 to 1, with at most 4 decimals.",
                "providers holds b more than once; a key may stand only once.",
                "providers.b.like is 'c'; it must name a provider of this table that has models.",
            ],
            fault.Message.Split($"{Environment.NewLine}  - "));
    }

    [Theory]
    [InlineData("", "It is not JSON")]
    [InlineData("[]", "it is []; it must be an object in braces.")]
    [InlineData("{}", "providers is missing")]
    public void What_is_no_table_is_refused(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<StepDistillException>(() => PriceTable.Read(Write(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_is_named()
    {
        var fault = Assert.Throws<StepDistillException>(() => PriceTable.Read(Path.Combine(_folder, "none.json")));
        Assert.Contains("none.json cannot be read", fault.Message, StringComparison.Ordinal);
        Assert.Contains("teacher.prices", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_price_comes_back_as_it_was_written() => Gen.Select(
        Gen.Long[0, 100_000_000_000_000], Gen.Long[0, 100_000_000_000_000], Gen.Long[0, 100_000_000_000_000].Nullable(), Gen.Int[0, 10_000])
        .Sample((input, output, cached, share) =>
        {
            var price = new ModelPrice(input / 100_000_000m, output / 100_000_000m)
            {
                CachedInput = cached / 100_000_000m,
                BatchShare = share / 10_000m,
            };
            var discount = cached is null ? "" : FormattableString.Invariant($", \"cached_input\": {price.CachedInput}");
            var path = Write("{ \"providers\": { \"p\": { \"models\": { \"m\": { " + FormattableString.Invariant(
                $"\"input\": {price.Input}, \"output\": {price.Output}, \"batch_share\": {price.BatchShare}{discount}") + " } } } } }");
            Assert.Equal(price with { Source = path }, PriceTable.Read(path).Find("p", "m"));
            File.Delete(path);
        }, iter: 300);

    [Fact]
    public void Whatever_a_file_holds_it_is_read_or_refused_in_words() =>
        Gen.Select(Gen.Int[0, Sound.Length - 1], Gen.Int[0, 20], Gen.String).Sample((at, drop, insert) =>
        {
            var path = Write(Sound[..at] + insert + Sound[Math.Min(Sound.Length, at + drop)..]);
            try
            {
                Assert.NotEmpty(PriceTable.Read(path).All);
            }
            catch (StepDistillException e)
            {
                Assert.Contains(path, e.Message, StringComparison.Ordinal);
            }

            File.Delete(path);
        }, iter: 500);

    private string Write(string text)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid()}.json");
        File.WriteAllText(path, text);
        return path;
    }
}
