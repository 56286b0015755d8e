using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using StepDistill.Recipes;

namespace StepDistill.Tests.Recipes;

public sealed class RecipeSchemaTests
{
    private static string SchemaFile => Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "recipes", "recipe.schema.json"));

    private static string Schema => RecipeSchema.Create(
        XDocument.Load(Path.ChangeExtension(typeof(Recipe).Assembly.Location, ".xml")));

    [Fact]
    public void The_published_schema_is_up_to_date()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(SchemaFile, Schema);
        }

        Assert.True(
            File.ReadAllText(SchemaFile) == Schema,
            "recipes/recipe.schema.json is out of date; run this test with UPDATE_SNAPSHOTS=1 and look at the difference.");
    }

    [Fact]
    public void Every_key_is_described_with_its_kind_and_range()
    {
        var root = JsonNode.Parse(Schema)!;
        foreach (var key in RecipeKey.Root.Leaves)
        {
            var node = key.Path.Split('.').Aggregate(root, (node, name) => node["properties"]![name]!);
            Assert.NotEmpty(node["description"]!.GetValue<string>());
            Assert.NotNull(node["type"]);
        }

        var alpha = root["properties"]!["training"]!["properties"]!["alpha"]!;
        Assert.Equal((0, 1), (alpha["minimum"]!.GetValue<int>(), alpha["maximum"]!.GetValue<int>()));
        Assert.Contains("lambda", alpha["description"]!.GetValue<string>(), StringComparison.Ordinal);
        var fraction = root["properties"]!["training"]!["properties"]!["fraction"]!;
        Assert.Equal(0, fraction["exclusiveMinimum"]!.GetValue<int>());
        Assert.Equal(["name", "task"], root["required"]!.AsArray().Select(name => name!.GetValue<string>()));
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
