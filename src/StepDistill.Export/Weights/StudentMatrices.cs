using StepDistill.Students;
using StepDistill.Students.Weights;

namespace StepDistill.Export.Weights;

/// <summary>A student's published weights, looked up by name and checked by shape.</summary>
/// <param name="config">The sizes of its network.</param>
/// <param name="files">Its weights.</param>
internal sealed class StudentMatrices(T5Config config, WeightFiles files)
{
    // Older versions of transformers saved copies of the table, and some files hold those alone.
    private static readonly string[] TableNames = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"];

    public T5Config Config => config;

    /// <summary>[V, D]</summary>
    public Matrix Embedding => Of(
        TableNames.Take(config.TiedEmbeddings ? 4 : 3).FirstOrDefault(name => files.Find(name) is not null, TableNames[0]),
        config.VocabularySize, config.Width);

    /// <summary>[V, D]; the embedding table where the two are tied.</summary>
    public Matrix Head => config.TiedEmbeddings ? Embedding : Of("lm_head.weight", config.VocabularySize, config.Width);

    /// <summary>The weights of one map.</summary>
    public Matrix Of(string name, int outputs, int inputs)
    {
        Check(name, outputs, inputs);
        return new(name, outputs, inputs, () => Read(name));
    }

    /// <summary>The weights of maps that read the same input, as one: their outputs follow each other.</summary>
    public Matrix Joined(string name, int outputs, int inputs, params string[] names)
    {
        foreach (var part in names)
        {
            Check(part, outputs, inputs);
        }

        return new(name, outputs * names.Length, inputs, () => [.. names.SelectMany(Read)]);
    }

    /// <summary>[length]</summary>
    public float[] Vector(string name, int length)
    {
        Check(name, length);
        return Read(name);
    }

    /// <summary>Position scores by distance instead of by bucket, [distances, H]: the first distance is −max.</summary>
    /// <param name="name">The table by buckets.</param>
    /// <param name="bothDirections">
    /// True in the encoder, for distances to +max. False in the decoder: to +1, whose score is the lowest number, for no
    /// token sees what follows it.
    /// </param>
    public float[] DistanceScores(string name, bool bothDirections)
    {
        Check(name, config.PositionBuckets, config.Heads);
        var (table, far) = (Read(name), config.PositionMaxDistance);
        var scores = new List<float>();
        for (var distance = -far; distance <= (bothDirections ? far : 0); distance++)
        {
            var bucket = T5PositionBuckets.Of(distance, bothDirections, config.PositionBuckets, far);
            scores.AddRange(table.AsSpan(bucket * config.Heads, config.Heads));
        }

        if (!bothDirections)
        {
            scores.AddRange(Enumerable.Repeat(float.MinValue, config.Heads));
        }

        return [.. scores];
    }

    private float[] Read(string name)
    {
        var values = new float[files.Find(name)!.Count];
        files.Read(name, values);
        return values;
    }

    private void Check(string name, params long[] shape)
    {
        var found = files.Find(name) ?? throw new StepDistillException(
            $"{files.Path} holds no '{name}', which {T5ConfigFile.FileName} asks for. Take both files from the same student.");
        if (!found.Shape.SequenceEqual(shape))
        {
            throw new StepDistillException(
                $"{files.Path} has '{name}' as [{string.Join(", ", found.Shape)}]; {T5ConfigFile.FileName} says"
                + $" [{string.Join(", ", shape)}]. Take both files from the same student.");
        }
    }
}
