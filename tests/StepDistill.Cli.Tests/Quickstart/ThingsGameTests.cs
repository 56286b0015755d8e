using StepDistill.Cli.Quickstart;

namespace StepDistill.Cli.Tests.Quickstart;

public sealed class ThingsGameTests
{
    // Written a second time, in another form, so that a slip in the game shows.
    private const string Rocks =
        "pebble boulder brick marble ruby diamond sapphire meteorite fossil statue slate flint nugget crystal tile cobble";

    private const string Papers =
        "map letter napkin poster postcard ticket stamp diary leaflet cheque kite magazine receipt calendar notebook menu";

    private const string Blades =
        "knife razor saw sword scythe cutlass chisel sickle hatchet machete cleaver scalpel lawnmower guillotine sabre grater";

    public static IEnumerable<(string Anns, string Bens)> Pairs =>
        from anns in ThingsGame.Things
        from bens in ThingsGame.Things
        where anns != bens
        select (anns, bens);

    [Fact]
    public void Answers_follow_from_the_questions() => Assert.All(Pairs, pair =>
    {
        var (anns, bens) = pair;
        Assert.Equal(Solve(ThingsGame.Question(anns, bens)), ThingsGame.Winner(ThingsGame.Of(anns), ThingsGame.Of(bens)));
    });

    [Fact]
    public void Reasons_say_what_things_are_and_end_with_what_decides()
    {
        Assert.Equal(
            "A kite counts as paper, a brick counts as rock, and paper wraps rock.",
            ThingsGame.Reasons("kite", Hand.Paper, "brick", Hand.Rock));
        Assert.Equal(
            "A kite counts as paper, a saw counts as scissors, and scissors cut paper.",
            ThingsGame.Reasons("kite", Hand.Paper, "saw", Hand.Scissors));
        Assert.Equal(
            "A saw counts as scissors, a ruby counts as rock, and rock blunts scissors.",
            ThingsGame.Reasons("saw", Hand.Scissors, "ruby", Hand.Rock));
        Assert.Equal(
            "A saw counts as scissors, a sword counts as scissors, and that is a draw.",
            ThingsGame.Reasons("saw", Hand.Scissors, "sword", Hand.Scissors));
    }

    [Fact]
    public void No_thing_wins_more_often_than_another()
    {
        var wins = Pairs.GroupBy(
            pair => pair.Anns, pair => ThingsGame.Winner(ThingsGame.Of(pair.Anns), ThingsGame.Of(pair.Bens)));

        Assert.All(wins, thing => Assert.Equal(
            (16, 16, 15), (thing.Count(one => one == "Ann"), thing.Count(one => one == "Ben"), thing.Count(one => one == "nobody"))));
    }

    [Fact]
    public void Questions_are_read_back() => Assert.All(
        Pairs, pair => Assert.Equal(pair, ThingsGame.Read($" {ThingsGame.Question(pair.Anns, pair.Bens)}\n")));

    [Theory]
    [InlineData("")]
    [InlineData("Who wins?")]
    [InlineData("Ann shows a pebble. Ben shows a cloud. Who wins?")]
    [InlineData("Ann shows a pebble. Ben shows a map. Who wins? Answer Ann!")]
    public void Other_texts_are_no_questions(string text) => Assert.Null(ThingsGame.Read(text));

    internal static string Solve(string question)
    {
        var words = question.Split([' ', '.'], StringSplitOptions.RemoveEmptyEntries);
        return (Kind(words[3]) + Kind(words[7])) switch
        {
            "RS" or "SP" or "PR" => words[0],
            "SR" or "PS" or "RP" => words[4],
            _ => "nobody",
        };
    }

    private static string Kind(string thing) => Rocks.Split(' ').Contains(thing) ? "R"
        : Papers.Split(' ').Contains(thing) ? "P"
        : Blades.Split(' ').Contains(thing) ? "S"
        : throw new ArgumentException(thing);
}
