namespace StepDistill.Students.Weights;

/// <summary>What the two formats of <c>torch.save</c> have in common: a pickled state dictionary over storages of numbers.</summary>
internal static class TorchWeights
{
    /// <summary>Takes the tensors out of a state dictionary.</summary>
    /// <param name="value">What was pickled.</param>
    /// <param name="path">The file, for messages.</param>
    /// <returns>Name → tensor, in order.</returns>
    /// <exception cref="StepDistillException">It is something else than a dictionary of tensors by name.</exception>
    public static List<(string Name, PickledTensor Tensor)> StateOf(object? value, string path)
    {
        if (value is not TensorPickle.Dictionary dictionary)
        {
            throw NotTensors(path, $"holds {KindOf(value)}");
        }

        var state = new List<(string Name, PickledTensor Tensor)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, entry) in dictionary.Entries)
        {
            if (key is not string name || entry is not PickledTensor tensor)
            {
                throw NotTensors(path, $"has the entry '{key as string ?? KindOf(key)}', which is {KindOf(entry)}");
            }

            if (!names.Add(name))
            {
                throw NotTensors(path, $"has two entries '{name}'");
            }

            state.Add((name, tensor));
        }

        return state;
    }

    /// <summary>The strides to read a tensor by, or null where its numbers simply follow one another.</summary>
    /// <param name="tensor">The tensor.</param>
    public static long[]? GapsOf(PickledTensor tensor)
    {
        var step = 1L;
        for (var i = tensor.Shape.Length - 1; i >= 0; i--)
        {
            if (tensor.Shape[i] > 1 && tensor.Strides[i] != step)
            {
                return tensor.Strides;
            }

            step *= tensor.Shape[i];
        }

        return null;
    }

    private static StepDistillException NotTensors(string path, string what) => new(
        $"{path} {what}; expected is a dictionary of tensors by name. If this is a training checkpoint, save its"
        + " state_dict alone with torch.save(model.state_dict(), …).");

    private static string KindOf(object? value) => value switch
    {
        null => "None",
        TensorPickle.Dictionary => "a dictionary",
        PickledTensor => "a tensor",
        object?[] => "a tuple",
        List<object?> => "a list",
        string => "a text",
        _ => "a number or a type",
    };
}
