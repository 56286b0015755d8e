"""Makes the reference numbers beside this file: a second T5, written for this purpose alone, in PyTorch.

    python3 make_t5.py        (PyTorch 1.13 or newer; takes half a minute)

It shares nothing with the C# sources: attention is one einsum per head, distances are sorted into buckets one by one
with Python's integers, texts are written by running the whole network on every prefix, and the optimizer is spelled
out. Each folder has the form that `stepdistill verify FOLDER --against FOLDER` reads.
"""

import json
import math
import struct
from pathlib import Path

import torch

HERE = Path(__file__).parent
START, PAD, END = 0, 0, 1
LOWEST = torch.finfo(torch.float32).min

CONFIGS = {
    # Gated SiLU, one encoder block and three decoder blocks, heads that are together wider than the model.
    "silu": dict(feed_forward_proj="gated-silu", d_model=12, d_kv=5, num_heads=3, d_ff=14, num_layers=1,
                 num_decoder_layers=3, vocab_size=24, tie_word_embeddings=False, relative_attention_num_buckets=8,
                 relative_attention_max_distance=10),
    # The first T5's form, deeper on the encoder's side, heads together narrower than the model.
    "tied": dict(feed_forward_proj="relu", d_model=14, d_kv=3, num_heads=2, d_ff=10, num_layers=3,
                 num_decoder_layers=1, vocab_size=24, tie_word_embeddings=True, relative_attention_num_buckets=12,
                 relative_attention_max_distance=20),
}


# Found by counting up from 0: the first that make() accepts.
FIRST_SEED = {"silu": 15, "tied": 550}


def make_weights(c, seed):
    g = torch.Generator().manual_seed(seed)
    d, a, h, f = c["d_model"], c["d_kv"], c["num_heads"], c["d_ff"]

    def normal(*shape, std):
        return torch.randn(*shape, generator=g) * std

    w = {"shared.weight": normal(c["vocab_size"], d, std=1)}
    if not c["tie_word_embeddings"]:
        w["lm_head.weight"] = normal(c["vocab_size"], d, std=0.5)

    def norm(name):
        w[name + ".layer_norm.weight"] = 1 + normal(d, std=0.1)

    def attention(name):
        w[name + ".q.weight"] = normal(h * a, d, std=(d * a) ** -0.5)
        for part in "kv":
            w[f"{name}.{part}.weight"] = normal(h * a, d, std=d ** -0.5)
        w[name + ".o.weight"] = normal(d, h * a, std=(h * a) ** -0.5)

    for side, blocks in ("encoder", c["num_layers"]), ("decoder", c["num_decoder_layers"]):
        for b in range(blocks):
            layers = ["SelfAttention"] + ["EncDecAttention"] * (side == "decoder") + ["DenseReluDense"]
            for n, layer in enumerate(layers):
                name = f"{side}.block.{b}.layer.{n}"
                norm(name)
                if layer == "DenseReluDense":
                    for wi in ["wi"] if c["feed_forward_proj"] == "relu" else ["wi_0", "wi_1"]:
                        w[f"{name}.{layer}.{wi}.weight"] = normal(f, d, std=d ** -0.5)
                    w[f"{name}.{layer}.wo.weight"] = normal(d, f, std=f ** -0.5)
                else:
                    attention(f"{name}.{layer}")
                    if layer == "SelfAttention" and b == 0:
                        table = normal(c["relative_attention_num_buckets"], h, std=1)
                        w[f"{name}.{layer}.relative_attention_bias.weight"] = table
        w[f"{side}.final_layer_norm.weight"] = 1 + normal(d, std=0.1)
    return w


def bucket(distance, both, c):
    """The bucket of a key that stands `distance` tokens after the query."""
    count, limit = c["relative_attention_num_buckets"], c["relative_attention_max_distance"]
    first = 0
    if both:
        count //= 2
        first = count if distance > 0 else 0
        distance = abs(distance)
    else:
        distance = max(0, -distance)
    exact = count // 2
    if distance >= exact:
        distance = min(count - 1, exact + int(math.log(distance / exact) / math.log(limit / exact) * (count - exact)))
    return first + distance


def rms_norm(x, weight):
    return weight * x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def attend(w, name, c, x, memory, bias):
    out = 0
    for h in range(c["num_heads"]):
        rows = slice(h * c["d_kv"], (h + 1) * c["d_kv"])
        q, k, v = (torch.einsum("bnd,ad->bna", source, w[f"{name}.{part}.weight"][rows])
                   for part, source in (("q", x), ("k", memory), ("v", memory)))
        weights = (torch.einsum("bqa,bka->bqk", q, k) + bias[:, h]).softmax(-1)
        out = out + torch.einsum("bqk,bka,da->bqd", weights, v, w[f"{name}.o.weight"][:, rows])
    return out


def feed_forward(w, name, c, x):
    if c["feed_forward_proj"] == "relu":
        inner = (x @ w[name + ".wi.weight"].T).clamp(min=0)
    else:
        gate = x @ w[name + ".wi_0.weight"].T
        inner = gate * torch.sigmoid(gate) * (x @ w[name + ".wi_1.weight"].T)
    return inner @ w[name + ".wo.weight"].T


def positions(w, side, c, length):
    table = w[f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    rows = [[bucket(k - q, side == "encoder", c) for k in range(length)] for q in range(length)]
    return table[torch.tensor(rows)].permute(2, 0, 1).unsqueeze(0)


def encode(w, c, ids, mask, states):
    forbidden = torch.zeros(mask.shape).to(w["shared.weight"].dtype).masked_fill(mask == 0, LOWEST)
    bias = positions(w, "encoder", c, ids.shape[1]) + forbidden[:, None, None, :]
    x = w["shared.weight"][ids]
    for b in range(c["num_layers"]):
        states.append(("encoder_hidden_%d" % b, x))
        name = f"encoder.block.{b}.layer"
        normed = rms_norm(x, w[name + ".0.layer_norm.weight"])
        x = x + attend(w, name + ".0.SelfAttention", c, normed, normed, bias)
        x = x + feed_forward(w, name + ".1.DenseReluDense", c, rms_norm(x, w[name + ".1.layer_norm.weight"]))
    x = rms_norm(x, w["encoder.final_layer_norm.weight"])
    states.append(("encoder_last_hidden_state", x))
    return x, forbidden[:, None, None, :]


def decode(w, c, encoded, cross, ids, states):
    length = ids.shape[1]
    future = torch.ones(length, length).triu(1) == 1
    bias = positions(w, "decoder", c, length).masked_fill(future, LOWEST)
    cross = cross.expand(-1, c["num_heads"], -1, -1)
    x = w["shared.weight"][ids]
    for b in range(c["num_decoder_layers"]):
        states.append(("decoder_hidden_%d" % b, x))
        name = f"decoder.block.{b}.layer"
        normed = rms_norm(x, w[name + ".0.layer_norm.weight"])
        x = x + attend(w, name + ".0.SelfAttention", c, normed, normed, bias.expand(len(ids), -1, -1, -1))
        x = x + attend(w, name + ".1.EncDecAttention", c, rms_norm(x, w[name + ".1.layer_norm.weight"]), encoded, cross)
        x = x + feed_forward(w, name + ".2.DenseReluDense", c, rms_norm(x, w[name + ".2.layer_norm.weight"]))
    x = rms_norm(x, w["decoder.final_layer_norm.weight"])
    states.append(("decoder_hidden_%d" % c["num_decoder_layers"], x))
    if c["tie_word_embeddings"]:
        return x * c["d_model"] ** -0.5 @ w["shared.weight"].T
    return x @ w["lm_head.weight"].T


def shift(labels):
    return [[START] + [PAD if i == -100 else i for i in row[:-1]] for row in labels]


def pad(rows, value=PAD):
    width = max(len(row) for row in rows)
    return [row + [value] * (width - len(row)) for row in rows]


def run(w, c, ids, mask, labels, states=None):
    states = [] if states is None else states
    encoded, cross = encode(w, c, torch.tensor(ids), torch.tensor(mask), states)
    logits = decode(w, c, encoded, cross, torch.tensor(shift(labels)), states)
    targets = torch.tensor(labels)
    losses = -logits.log_softmax(-1).gather(2, targets.clamp(min=0)[..., None])[..., 0] * (targets != -100)
    return logits, losses


def mean_loss(w, c, texts, labels):
    _, losses = run(w, c, pad(texts), pad([[1] * len(t) for t in texts]), pad(labels, -100))
    return losses.sum() / sum(len(row) for row in labels)


def next_scores(w, c, text, prefix):
    with torch.no_grad():
        encoded, cross = encode(w, c, torch.tensor([text]), torch.ones(1, len(text)), [])
        return decode(w, c, encoded, cross, torch.tensor([prefix]), [])[0, -1].log_softmax(-1)


def greedy(w, c, text, max_length):
    out, margin = [START], math.inf
    while len(out) < max_length and out[-1] != END:
        (best, second), (token, _) = (pair.tolist() for pair in next_scores(w, c, text, out).topk(2))
        margin = min(margin, best - second)
        out.append(token)
    return out, margin


def beam(w, c, text, max_length, beams):
    """As transformers v4.24 with length penalty 1 and no early stopping."""
    running, ended = [([START], 0.0)], []
    for length in range(1, max_length):
        ways = [(total + score, prefix, token)
                for prefix, total in running
                for token, score in enumerate(next_scores(w, c, text, prefix).tolist())]
        ways = sorted(ways, key=lambda way: -way[0])[:2 * beams]
        ended += [(total / length, prefix) for total, prefix, token in ways[:beams] if token == END]
        ended = sorted(ended, key=lambda e: -e[0])[:beams]
        running = [(prefix + [token], total) for total, prefix, token in ways if token != END][:beams]
        if len(ended) == beams and ended[-1][0] >= ways[0][0] / length:
            break
    else:
        ended += [(total / max_length, prefix) for prefix, total in running]
    best = max(ended, key=lambda e: e[0])[1]
    return best + [END] if len(best) < max_length else best


def train(start, c, examples, batch, parts, steps, alpha, rate, limit):
    """The paper's program: two losses, clipping, linear decay, and AdamW with epsilon before the bias correction."""
    w = {name: value.clone().requires_grad_() for name, value in start.items()}
    m, v = ({name: torch.zeros_like(value) for name, value in w.items()} for _ in range(2))
    losses, norms, rates = [], [], []
    for t in range(steps):
        for part in range(parts):
            rows = examples[(t * parts + part) * batch:][:batch]
            label = mean_loss(w, c, [r["input_ids"] for r in rows], [r["labels"] for r in rows])
            reason = mean_loss(w, c, [r["expl_input_ids"] for r in rows], [r["aux_labels"] for r in rows])
            loss = alpha * label + (1 - alpha) * reason
            (loss / parts).backward()
            losses.append({"pred_loss": label.item(), "expl_loss": reason.item(), "loss": loss.item()})
        norm = math.sqrt(sum(value.grad.double().pow(2).sum().item() for value in w.values()))
        norms.append(norm)
        now, scale = rate * (steps - t) / steps, min(1.0, limit / (norm + 1e-6))
        rates.append(rate * (steps - t - 1) / steps)
        with torch.no_grad():
            for name, value in w.items():
                gradient = value.grad * scale
                m[name] = 0.9 * m[name] + 0.1 * gradient
                v[name] = 0.999 * v[name] + 0.001 * gradient ** 2
                size = now * math.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
                value -= size * m[name] / (v[name].sqrt() + 1e-8)
                value.grad = None
    return w, losses, norms, rates


def norms_of(tensors):
    return {name: value.detach().double().norm().item() for name, value in tensors.items()}


def write_safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors):
        raw = tensors[name].detach().float().contiguous().numpy().tobytes()
        place = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": place}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def make(name, c):
    g = torch.Generator().manual_seed(7)

    def text(length):
        return torch.randint(2, c["vocab_size"], (length,), generator=g).tolist() + [END]

    texts, targets = [text(n) for n in (27, 9, 2)], [text(n) for n in (6, 1, 4)]
    ids, mask, labels = pad(texts), pad([[1] * len(t) for t in texts]), pad(targets, -100)

    # Weights with which some texts end by themselves and others are cut, and no choice is close.
    for seed in range(FIRST_SEED[name], 10_000):
        w = make_weights(c, seed)
        written = [greedy(w, c, t, 12) for t in texts]
        lengths = {len(out) for out, _ in written}
        if min(margin for _, margin in written) < 0.01 or len(lengths) == 1 or 12 not in lengths:
            continue
        beams = {n: [beam(w, c, t, 12, n) for t in texts] for n in (2, 3)}
        exact = {key: value.double() for key, value in w.items()}
        same = beams == {n: [beam(exact, c, t, 12, n) for t in texts] for n in (2, 3)}
        if same and len({len(out) for out in beams[3]}) > 1:
            break

    folder = HERE / name
    folder.mkdir(exist_ok=True)
    write_json(folder / "config.json", dict(
        c, model_type="t5", architectures=["T5ForConditionalGeneration"], is_encoder_decoder=True, dropout_rate=0.0,
        layer_norm_epsilon=1e-6, initializer_factor=1.0,
        decoder_start_token_id=START, pad_token_id=PAD, eos_token_id=END))
    write_safetensors(folder / "model.safetensors", w)
    write_json(folder / "inputs.json", {"input_ids": ids, "attention_mask": mask, "labels": labels})

    live, states = {key: value.clone().requires_grad_() for key, value in w.items()}, []
    logits, losses = run(live, c, ids, mask, labels, states)
    loss = losses.sum() / sum(len(t) for t in targets)
    loss.backward()
    gradients = {key: value.grad for key, value in live.items()}
    write_json(folder / "expected.json", {
        "loss": loss.item(),
        "per_row_loss_sum": losses.sum(1).tolist(),
        "decoder_input_ids": shift(labels),
        "grad_norm_total": math.sqrt(sum(norm ** 2 for norm in norms_of(gradients).values())),
        "grad_norms": norms_of(gradients),
        "greedy_max_length_12": pad([out for out, _ in written]),
        "beam2_max_length_12": pad(beams[2]),
        "beam3_max_length_12": pad(beams[3]),
    })
    write_safetensors(folder / "expected.safetensors", {
        **dict(states), "logits": logits, "decoder_position_bias": positions(w, "decoder", c, len(labels[0])),
        **{"grad." + key: gradients[key] for key in (
            "shared.weight", "decoder.block.0.layer.1.EncDecAttention.q.weight")}})

    examples = []
    for n in (5, 9, 3, 12, 7, 4, 10, 6, 8, 5, 11, 3):
        source = text(n)
        examples.append({"input_ids": [2, 3] + source, "labels": text(n % 3 + 1),
                         "expl_input_ids": [4, 3] + source, "aux_labels": text(n % 5 + 2)})
    write_json(folder / "train_features.json", examples)
    settings = dict(alpha=0.3, rate=1e-3)
    trained, losses, norms, rates = train(w, c, examples, batch=3, parts=1, steps=4, limit=1.0, **settings)
    accumulated = train(w, c, examples, batch=2, parts=2, steps=3, limit=1.0, **settings)
    unclipped = train(w, c, examples, batch=3, parts=1, steps=2, limit=1000.0, **settings)
    write_json(folder / "training.json", {
        "batch_size": 3, "steps": 4, "alpha": 0.3, "learning_rate": 1e-3,
        "per_step": losses, "grad_norm_before_clip": norms, "lr_after_step": rates,
        "trainer": {"optimizer": "transformers.optimization.AdamW", "lr_scheduler_type": "linear", "max_grad_norm": 1.0,
                    "warmup_steps": 0, "defaults": {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0}},
        "initial_param_norms": norms_of(w), "final_param_norms": norms_of(trained),
        "final_param_delta_norms": norms_of({key: trained[key].detach() - w[key] for key in w}),
        "clip_inactive": {
            "max_grad_norm": 1000.0, "batch_size": 3, "steps": 2, "per_step": unclipped[1],
            "grad_norm_before_clip": unclipped[2], "lr_after_step": unclipped[3],
            "final_param_norms": norms_of(unclipped[0])},
        "grad_accumulation_2": {
            "batch_size": 2, "grad_steps": 2, "optimizer_steps": 3, "per_micro_batch": accumulated[1],
            "grad_norm_before_clip": accumulated[2], "lr_after_step": accumulated[3],
            "final_param_norms": norms_of(accumulated[0])},
    })
    write_safetensors(folder / "trained_params.safetensors", {key: trained[key] for key in (
        "shared.weight", "decoder.final_layer_norm.weight",
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight")})
    print(name, "seed", seed, "loss", loss.item(), "lengths", sorted(lengths))


torch.set_num_threads(1)
for name, config in CONFIGS.items():
    make(name, config)
