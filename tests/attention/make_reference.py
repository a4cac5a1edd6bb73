#!/usr/bin/env python3
"""Records in reference.txt what torch gives in double precision: attention by scaled_dot_product_attention, gradients by autograd.

Masks, lengths and heads are spelled out here, one head of one sequence at a time. The C++ test makes the same inputs from the
formula in `values`, so only results are recorded: of each tensor the number of elements, the step between samples, the largest magnitude, the
product with a vector of +1 and -1, which any wrong element disturbs, and about SAMPLES elements, evenly spread.

Run with a Python that has torch and numpy, such as the one that tests/bench/attention.py makes:  make_reference.py > reference.txt
"""
import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

SAMPLES = 48
TENSORS = {"query": 1, "key": 2, "value": 3, "d_output": 4, "bias": 5}


def mix(x):
    """The 32-bit finaliser of MurmurHash3."""
    x = np.asarray(x, dtype=np.uint64)
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x85EBCA6B)) & np.uint64(0xFFFFFFFF)
    x ^= x >> np.uint64(13)
    x = (x * np.uint64(0xC2B2AE35)) & np.uint64(0xFFFFFFFF)
    x ^= x >> np.uint64(16)
    return x


def values(seed, stream, count, amplitude):
    """Multiples of amplitude * 2^-11 in [-amplitude, amplitude), exact in fp32 and nearly so in fp16."""
    index = np.arange(count, dtype=np.uint64)
    key = (index * np.uint64(0x9E3779B1) + np.uint64(seed * 0x10001 + stream * 0x1000193)) & np.uint64(0xFFFFFFFF)
    return ((mix(key) >> np.uint64(20)).astype(np.float64) - 2048.0) / 2048.0 * amplitude


def round_to(x, dtype):
    if dtype == "fp32":
        return x.astype(np.float32).astype(np.float64)
    if dtype == "fp16":
        return x.astype(np.float16).astype(np.float64)
    bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + np.uint64(0x7FFF) + ((bits >> np.uint64(16)) & np.uint64(1))) >> np.uint64(16) << np.uint64(16)
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def visible(sq, skv, left, right, diagonal):
    position = np.arange(sq)[:, None] + (skv - sq if diagonal == 1 else 0)
    key = np.arange(skv)[None, :]
    mask = np.ones((sq, skv), dtype=bool)
    if left >= 0:
        mask &= key >= position - left
    if right >= 0:
        mask &= key <= position + right
    return mask, np.abs(position - key)


def one_head(q, k, v, do, scale, mask, bias):
    """Output, lse, dq, dk, dv, dbias of one head of one sequence."""
    inputs = [torch.from_numpy(np.ascontiguousarray(x)).requires_grad_() for x in (q, k, v, bias)]
    query, key, value, added = inputs
    assert all(x.dtype == torch.float64 for x in inputs)
    masked = added + torch.zeros(mask.shape, dtype=torch.float64).masked_fill(torch.from_numpy(~mask), -torch.inf)
    with sdpa_kernel(SDPBackend.MATH):
        o = scaled_dot_product_attention(query[None, None], key[None, None], value[None, None],
                                         attn_mask=masked[None, None], scale=scale)[0, 0]
    # Without keys nothing depends on the inputs: zeros.
    gradients = torch.autograd.grad(o, inputs, torch.from_numpy(np.ascontiguousarray(do)), materialize_grads=True)
    with torch.no_grad():
        lse = torch.logsumexp(scale * (query @ key.T) + masked, dim=1)
    return [result.detach().numpy() for result in (o, lse, *gradients)]


def sequences(case):
    """(tensor batch, first row, rows, first key, keys) of each sequence."""
    b, sq, skv = case["batch"], case["seq_q"], case["seq_kv"]
    if case["varlen"] == 0:
        return [(i, 0, sq, 0, skv) for i in range(b)]
    lq, lkv = case["lengths_q"], case["lengths_kv"]
    if case["varlen"] == 1:
        return [(i, 0, lq[i], 0, lkv[i]) for i in range(b)]
    oq, okv = np.cumsum([0] + lq), np.cumsum([0] + lkv)
    return [(0, oq[i], lq[i], okv[i], lkv[i]) for i in range(b)]


def compute(case):
    b, hq, hkv, sq, skv, dqk, dv = (case[n] for n in
                                    ("batch", "heads_q", "heads_kv", "seq_q", "seq_kv", "head_dim_qk", "head_dim_v"))
    packed = case["varlen"] == 2
    rows, keys, tb = (sum(case["lengths_q"]), sum(case["lengths_kv"]), 1) if packed else (sq, skv, b)
    shapes = {"query": (tb, hq, rows, dqk), "key": (tb, hkv, keys, dqk), "value": (tb, hkv, keys, dv),
              "d_output": (tb, hq, rows, dv)}
    x = {}
    for name, shape in shapes.items():
        amplitude = case["amplitude"] if name in ("query", "key") else 1.0
        flat = values(case["seed"], TENSORS[name], int(np.prod(shape)), amplitude)
        x[name] = round_to(flat, case["dtype"]).reshape(shape)
    bias_shape = (1 if case["bias_batch"] == 0 else b, 1 if case["bias_heads"] == 0 else hq, sq, skv)
    bias = np.zeros(bias_shape)
    if case["bias"] == 1:
        flat = values(case["seed"], TENSORS["bias"], int(np.prod(bias_shape)), 2.0)
        bias = round_to(flat, case["dtype"]).reshape(bias_shape)
        bias[..., np.arange(skv) % 11 == 7] = -np.inf
    scale = float(np.float32(case["scale"]))
    out = {"output": np.zeros((tb, hq, rows, dv)), "lse": np.full((tb, hq, rows), -np.inf),
           "d_query": np.zeros(shapes["query"]), "d_key": np.zeros(shapes["key"]), "d_value": np.zeros(shapes["value"]),
           "d_bias": np.zeros(bias_shape)}
    for s, (t, q0, nq, k0, nk) in enumerate(sequences(case)):
        mask, distance = visible(nq, nk, case["window_left"], case["window_right"], case["diagonal"])
        for h in range(hq):
            g = h // (hq // hkv)
            sb, sh = (s if case["bias_batch"] else 0), (h if case["bias_heads"] else 0)
            extra = bias[sb, sh, :nq, :nk] if case["bias"] == 1 else np.zeros((nq, nk))
            if case["bias"] == 2:
                extra = -float(np.float32(2.0 ** -(h + 1))) * distance
            r, c = slice(q0, q0 + nq), slice(k0, k0 + nk)
            o, lse, dq, dk, dvv, ds = one_head(x["query"][t, h, r], x["key"][t, g, c], x["value"][t, g, c],
                                               x["d_output"][t, h, r], scale, mask, extra)
            out["output"][t, h, r], out["lse"][t, h, r], out["d_query"][t, h, r] = o, lse, dq
            out["d_key"][t, g, c] += dk
            out["d_value"][t, g, c] += dvv
            out["d_bias"][sb, sh, :nq, :nk] += ds
    if case["bias"] != 1:
        del out["d_bias"]
    return out


DEFAULTS = dict(dtype="fp32", batch=1, heads_q=2, heads_kv=2, seq_q=7, seq_kv=7, head_dim_qk=16, head_dim_v=16,
                window_left=-1, window_right=-1, diagonal=0, varlen=0, lengths_q=[], lengths_kv=[], bias=0, bias_batch=1,
                bias_heads=1, amplitude=1.0, scale=None, layout=0)


def cases():
    table = []

    def add(name, **fields):
        case = {**DEFAULTS, **fields, "name": name, "seed": len(table) + 1}
        for target, source in (("seq_kv", "seq_q"), ("head_dim_v", "head_dim_qk"), ("heads_kv", "heads_q")):
            if source in fields and target not in fields:
                case[target] = case[source]
        if case["scale"] is None:
            case["scale"] = 1.0 / np.sqrt(case["head_dim_qk"])
        case["scale"] = float(np.float32(case["scale"]))
        table.append(case)

    for s in (1, 2, 7, 15, 16, 17, 33, 64, 100):
        add(f"seq_{s}", seq_q=s, layout=s % 4)
        add(f"seq_{s}_causal", seq_q=s, window_right=0, layout=(s + 1) % 4)
    for d in (1, 3, 20, 32, 64, 80, 96, 128, 192, 256):
        add(f"head_dim_{d}", head_dim_qk=d, seq_q=19, window_right=0, layout=d % 4)
    add("head_dim_192_128", head_dim_qk=192, head_dim_v=128, seq_q=9)
    add("head_dim_8_24", head_dim_qk=8, head_dim_v=24, seq_q=21, window_right=0, layout=1)
    for sq, skv in ((1, 40), (5, 33), (33, 5), (17, 64), (64, 17), (31, 32), (40, 1)):
        for diagonal in (0, 1):
            add(f"seq_{sq}x{skv}_causal_{'bottom_right' if diagonal else 'top_left'}", seq_q=sq, seq_kv=skv,
                window_right=0, diagonal=diagonal, layout=diagonal)
        add(f"seq_{sq}x{skv}_full", seq_q=sq, seq_kv=skv)
    for hq, hkv in ((4, 1), (8, 2), (6, 3), (3, 1), (5, 5)):
        add(f"heads_{hq}_{hkv}", heads_q=hq, heads_kv=hkv, batch=2, seq_q=18, window_right=0, diagonal=1, layout=hq % 4)
    for left, right in ((0, 0), (3, 0), (15, 0), (2, 2), (0, 5), (-1, 4), (6, -1), (16, 1), (1000, 1000)):
        for diagonal in (0, 1):
            add(f"window_{left}_{right}_{'bottom_right' if diagonal else 'top_left'}".replace("-1", "open"), seq_q=37,
                seq_kv=45, window_left=left, window_right=right, diagonal=diagonal, layout=2)
    add("empty_rows_window", seq_q=40, seq_kv=10, window_left=2, window_right=0)
    add("empty_rows_bottom_right", seq_q=20, seq_kv=6, window_right=0, diagonal=1, heads_q=4, heads_kv=2)
    add("nearly_all_rows_empty", seq_q=30, seq_kv=2, window_left=0, window_right=0)
    add("large_scores", seq_q=33, amplitude=64.0, scale=1.0, window_right=0)
    add("larger_scores", seq_q=20, amplitude=2048.0, scale=1.0)
    add("scale_zero", seq_q=12, scale=0.0, window_right=0)
    add("scale_negative", seq_q=12, scale=-0.7)
    add("batch_3", batch=3, heads_q=3, seq_q=23, window_right=0, layout=3)
    for dtype in ("fp16", "bf16"):
        for s in (1, 7, 33, 64):
            add(f"{dtype}_seq_{s}", dtype=dtype, seq_q=s, head_dim_qk=64, window_right=0, layout=s % 4)
        add(f"{dtype}_full", dtype=dtype, seq_q=31, head_dim_qk=128)
        add(f"{dtype}_head_dim_80", dtype=dtype, seq_q=20, head_dim_qk=80, heads_q=4, heads_kv=2, layout=1)
        add(f"{dtype}_head_dim_20", dtype=dtype, seq_q=20, head_dim_qk=20, window_right=0, layout=3)
        add(f"{dtype}_head_dim_256", dtype=dtype, seq_q=12, head_dim_qk=256)
        add(f"{dtype}_window", dtype=dtype, seq_q=29, seq_kv=41, window_left=7, window_right=3, diagonal=1)
        add(f"{dtype}_empty_rows", dtype=dtype, seq_q=24, seq_kv=9, window_left=4, window_right=0)
        add(f"{dtype}_large_scores", dtype=dtype, seq_q=18, amplitude=64.0, scale=1.0, window_right=0)
        add(f"{dtype}_bias", dtype=dtype, seq_q=18, bias=1, bias_batch=0)
    add("bias", batch=2, heads_q=4, heads_kv=2, seq_q=18, seq_kv=23, bias=1)
    add("bias_causal", batch=2, seq_q=20, bias=1, window_right=0)
    add("bias_broadcast_batch", batch=3, seq_q=17, bias=1, bias_batch=0, layout=1)
    add("bias_broadcast_heads", batch=2, heads_q=4, heads_kv=2, seq_q=17, bias=1, bias_heads=0)
    add("bias_broadcast_both", batch=2, heads_q=3, seq_q=5, seq_kv=40, bias=1, bias_batch=0, bias_heads=0)
    add("alibi", heads_q=4, seq_q=33, bias=2)
    add("alibi_causal_bottom_right", heads_q=4, heads_kv=2, seq_q=9, seq_kv=26, bias=2, window_right=0, diagonal=1)
    for varlen, kind in ((1, "padded"), (2, "packed")):
        add(f"{kind}", batch=3, seq_q=20, varlen=varlen, lengths_q=[5, 20, 17], lengths_kv=[5, 20, 17], layout=varlen)
        add(f"{kind}_causal_bottom_right", batch=4, heads_q=4, heads_kv=2, seq_q=18, seq_kv=30, varlen=varlen,
            lengths_q=[18, 1, 16, 7], lengths_kv=[30, 9, 16, 3], window_right=0, diagonal=1)
        add(f"{kind}_with_empty_sequences", batch=4, seq_q=16, seq_kv=17, varlen=varlen, lengths_q=[0, 16, 3, 8],
            lengths_kv=[4, 0, 17, 2], window_right=0)
        add(f"{kind}_alibi_window", batch=2, seq_q=19, varlen=varlen, lengths_q=[19, 12], lengths_kv=[11, 19], bias=2,
            window_left=5, window_right=2)
        add(f"{kind}_bias", batch=2, seq_q=18, seq_kv=20, varlen=varlen, lengths_q=[18, 7], lengths_kv=[13, 20], bias=1,
            bias_heads=0)
    return table


def text(number):
    return "-inf" if np.isneginf(number) else f"{number + 0.0:.9g}"  # no -0


def main():
    print("# Made by make_reference.py, which explains it. One case: its name, its fields, its tensors, 'end'.")
    for case in cases():
        print("case", case["name"])
        for field, value in case.items():
            if field in ("name", "lengths_q", "lengths_kv"):
                continue
            print(field, repr(value) if isinstance(value, float) else value)
        for field in ("lengths_q", "lengths_kv"):
            if case["varlen"]:
                print(field, *case[field])
        for name, tensor in compute(case).items():
            flat = tensor.reshape(-1)
            signs = np.where(mix(np.arange(flat.size)) & np.uint64(1), 1.0, -1.0)
            finite = np.where(np.isneginf(flat), 0.0, flat)
            step = max(1, flat.size // SAMPLES)
            step -= step > 1 and step % 2 == 0  # an odd step meets all columns
            print("tensor", name, flat.size, step, text(np.abs(finite).max()), text(float(np.dot(signs, finite))),
                  *(text(n) for n in flat[::step]))
        print("end")


main()
