using System.Collections.Concurrent;
using System.Diagnostics;

namespace StepDistill.Benchmarks.Serving;

/// <summary>Connections that each ask one question after the other for some time.</summary>
internal static class Load
{
    /// <summary>Asks. A client that is told to come back later does so.</summary>
    public static async Task<LoadResult> RunAsync(Uri server, byte[][] requests, int connections, TimeSpan time)
    {
        var (statuses, faults) = (new ConcurrentDictionary<int, long>(), new ConcurrentQueue<string>());
        var begun = Stopwatch.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, connections).Select(number => Task.Run(async () =>
        {
            var times = new List<float>();
            using var connection = new LoadConnection();
            try
            {
                await connection.OpenAsync(server);
                for (var i = number * 7919; Stopwatch.GetElapsedTime(begun) < time; i++)
                {
                    var asked = Stopwatch.GetTimestamp();
                    var (status, retryAfter) = await connection.AskAsync(requests[i % requests.Length], default);
                    statuses.AddOrUpdate(status, 1, (_, before) => before + 1);
                    if (status == 200)
                    {
                        times.Add((float)Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                    }
                    else if (status == 429)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(retryAfter));
                    }
                }
            }
            catch (Exception e)
            {
                faults.Enqueue($"{e.GetType().Name}: {e.Message}");
            }

            return times;
        })));
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var sorted = all.SelectMany(times => times).Order().ToArray();
        float At(double share) => sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
        return new LoadResult(
            connections, seconds, sorted.Length / seconds, At(0.5), At(0.95), At(0.99), sorted.LastOrDefault(),
            statuses.OrderBy(pair => pair.Key).ToDictionary(pair => pair.Key, pair => pair.Value), [.. faults.Distinct().Take(5)], faults.Count);
    }
}
