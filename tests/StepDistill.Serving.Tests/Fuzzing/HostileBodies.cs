using System.Text;

namespace StepDistill.Serving.Tests.Fuzzing;

/// <summary>Bodies that no client should send, from a seed: broken, huge, deep, not UTF-8, not numbers, and sound ones bent a little.</summary>
internal sealed class HostileBodies(int seed)
{
    private static readonly string[] Sound =
    [
        """{"input": "a crow"}""",
        """{"inputs": ["a", {"input": "b", "choices": ["x", "y"]}], "rationale": true}""",
        """{"model": "echo", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}], "stream": true, "stream_options": {"include_usage": true}}""",
        """{"model": "student", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}], "response_format": {"type": "json_schema", "json_schema": {"schema": {"properties": {"label": {}}}}}, "logprobs": true, "top_logprobs": 3}""",
    ];

    private static readonly string[] Words =
    [
        "NaN", "Infinity", "-Infinity", "1e999", "-1e-999", "00", "0x1F", "null", "true", "undefined", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"",
        "\"\\x41\"", "'single'", "[]", "{}", "[[]]", "\"\"", "\" \"", "//", "/*", "\uFEFF", "\"\u202E\"", "\"input\"", "\"inputs\"", "\"messages\"",
        "\"choices\"", "\"rationale\"", "{\"input\": 1}", "99999999999999999999", "1.5", "-1", "\"<script>\"", "\"'; DROP TABLE\"", "\"../../etc\"",
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next body, and whether it goes to the chat.</summary>
    public (byte[] Body, bool Chat) Next()
    {
        var sound = Sound[_random.Next(Sound.Length)];
        var chat = sound.Contains("model", StringComparison.Ordinal) != (_random.Next(10) == 0);
        byte[] body = _random.Next(10) switch
        {
            0 => Random(_random.Next(200)),
            1 => Encoding.UTF8.GetBytes(Deep(_random.Next(1, 5000))),
            2 => Encoding.UTF8.GetBytes(sound.Replace("\"a", "\"" + Huge(), StringComparison.Ordinal)),
            3 => Encoding.UTF8.GetBytes(Words[_random.Next(Words.Length)]),
            4 => Cut(Encoding.UTF8.GetBytes(sound)),
            5 or 6 => Encoding.UTF8.GetBytes(Exchange(sound)),
            7 => Encoding.Unicode.GetBytes(sound),
            _ => Bend(Encoding.UTF8.GetBytes(sound)),
        };
        return (body, chat);
    }

    private byte[] Random(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private string Deep(int levels) => _random.Next(3) switch
    {
        0 => new string('[', levels),
        1 => "{\"input\": " + new string('[', levels) + new string(']', levels) + "}",
        _ => string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "1" + new string('}', levels),
    };

    private string Huge() => new((char)_random.Next('a', 'z'), _random.Next(20) == 0 ? 70_000 : _random.Next(6000));

    private byte[] Cut(byte[] body) => body[.._random.Next(body.Length)];

    private byte[] Bend(byte[] body)
    {
        for (var i = _random.Next(1, 5); i > 0; i--)
        {
            body[_random.Next(body.Length)] = (byte)_random.Next(256);
        }

        return body;
    }

    /// <summary>Puts a strange word where some value stood.</summary>
    private string Exchange(string body)
    {
        var places = Enumerable.Range(0, body.Length).Where(at => body[at] is '"' or '[' or '{' or 't').ToList();
        var at = places[_random.Next(places.Count)];
        var end = Math.Min(body.Length, at + _random.Next(12));
        return body[..at] + Words[_random.Next(Words.Length)] + body[end..];
    }
}
