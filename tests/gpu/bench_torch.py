#!/usr/bin/env python3
"""Attention on this machine's GPU: ours beside torch's cuDNN and flash backends.

    tests/gpu/bench_torch.py --cfgtool build/release/cfgtool/cfgtool [--json FILE] [--quick]

Ours are the kernels that `cfgtool attention bench --device cuda` measures under the name sdpa. All are measured alike: the
forward pass alone, and forward and backward together; events of the GPU around groups of runs of a millisecond or more;
the median. Prints a Markdown table for docs/benchmarks.md. Needs torch and nothing else. Ours load the cuDNN that torch
brings, if torch has one as a wheel, so that both use the same.
"""
import argparse
import importlib.util
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

BACKWARD_FACTOR = 3.5  # forward and backward together, in forward passes, as cfgtool counts
TOKENS = 16384  # batch * sequence length
WIDTH = 2048  # heads * head_dim
GROUP_SECONDS = 1e-3
MOST_IN_GROUP = 100
TORCH_BACKENDS = {"torch cuDNN": "CUDNN_ATTENTION", "torch flash": "FLASH_ATTENTION"}


def problem(dtype, head_dim, seq, causal, backward, heads_kv=None):
    heads = WIDTH // head_dim
    name = "-".join([dtype, f"d{head_dim}", f"s{seq}", "causal" if causal else "full"]
                    + ([f"gqa{heads}:{heads_kv}"] if heads_kv else []) + ["train" if backward else "forward"])
    return {"name": name, "dtype": dtype, "batch": max(1, TOKENS // seq), "heads": heads, "heads_kv": heads_kv or heads,
            "head_dim": head_dim, "seq": seq, "causal": causal, "backward": backward}


def all_problems(quick):
    lengths = [512, 2048, 8192] if quick else [512, 1024, 2048, 4096, 8192]
    dtypes = ["bf16"] if quick else ["bf16", "fp16"]
    plain = [problem(dtype, head_dim, seq, causal, backward)
             for backward in (False, True) for dtype in dtypes for head_dim in (64, 128) for causal in (False, True)
             for seq in lengths]
    grouped = [problem("bf16", 128, seq, True, backward, heads_kv=4) for backward in (False, True) for seq in lengths]
    return plain + grouped


def flops(p):
    pairs = p["seq"] * p["seq"] / (2 if p["causal"] else 1)
    forward = 4 * p["batch"] * p["heads"] * p["head_dim"] * pairs
    return forward * (BACKWARD_FACTOR if p["backward"] else 1)


def line(p):
    """As a line of the file that `cfgtool attention bench` reads."""
    flags = [f"--dtype {p['dtype']}", f"--batch {p['batch']}", f"--heads {p['heads']}:{p['heads_kv']}",
             f"--head-dim {p['head_dim']}", f"--seq {p['seq']}"]
    flags += ["--causal"] if p["causal"] else []
    flags += ["--backward"] if p["backward"] else []
    return f"{p['name']} {' '.join(flags)}"


def cudnn_wheel_folder():
    """Where torch's own cuDNN lies, if it came as a wheel."""
    try:
        found = importlib.util.find_spec("nvidia.cudnn")
    except ModuleNotFoundError:
        return None
    folders = [pathlib.Path(place) / "lib" for place in found.submodule_search_locations] if found else []
    return next((str(folder) for folder in folders if folder.is_dir()), None)


def measure_ours(cfgtool, problems, seconds):
    """{name: seconds of a run or why there are none}, and the header of cfgtool's report."""
    environment = dict(os.environ)
    folder = cudnn_wheel_folder()
    if folder:
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [folder, environment.get("LD_LIBRARY_PATH")]))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(line(p) + "\n" for p in problems))
        file.flush()
        command = [cfgtool, "attention", "bench", file.name, "--device", "cuda", "--impl", "sdpa", "--json",
                   "--seconds", str(seconds)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if not done.stdout:
        sys.exit(f"{' '.join(command)} ended with {done.returncode} and printed nothing")
    report = json.loads(done.stdout)
    return {row["problem"]: row.get("median_seconds") or row.get("refusal") or row.get("failure")
            for row in report["rows"]}, report


def grouped_median(torch, run, seconds):
    """The median of the seconds that a run takes on the GPU, timed as cfgtool does."""
    def seconds_of_one(count):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(count):
            run()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3 / count

    seconds_of_one(4)
    once = max(seconds_of_one(1), GROUP_SECONDS / MOST_IN_GROUP)
    count = max(1, math.ceil(GROUP_SECONDS / once))
    times, begin = [], time.monotonic()
    while not times or time.monotonic() - begin < seconds:
        times.append(seconds_of_one(count))
    return statistics.median(times)


def measure_torch(torch, backend, p, seconds):
    """Seconds of a run, or why there are none."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[p["dtype"]]

    def tensor(heads):
        shape = (p["batch"], heads, p["seq"], p["head_dim"])
        return torch.randn(shape, device="cuda", dtype=dtype, requires_grad=p["backward"])

    query, key, value = tensor(p["heads"]), tensor(p["heads_kv"]), tensor(p["heads_kv"])
    d_output = torch.randn_like(query, requires_grad=False)
    options = {"is_causal": p["causal"], **({"enable_gqa": True} if p["heads_kv"] != p["heads"] else {})}

    def run():
        output = torch.nn.functional.scaled_dot_product_attention(query, key, value, **options)
        if p["backward"]:
            torch.autograd.grad(output, (query, key, value), d_output)

    try:
        with sdpa_kernel([getattr(SDPBackend, backend)]), torch.set_grad_enabled(p["backward"]):
            return grouped_median(torch, run, seconds)
    except (RuntimeError, TypeError, AttributeError) as error:  # no such backend for this problem, or in this torch
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def teraflops(p, measured):
    return flops(p) / measured / 1e12 if isinstance(measured, float) else None


def rows_of(problems, results):
    """One row a problem: {"problem", "ours", "torch cuDNN", …} in TFLOP/s or None, and ratios of ours to the others."""
    rows = []
    for p in problems:
        row = {"problem": p["name"]}
        for name, measured in results.items():
            row[name] = teraflops(p, measured.get(p["name"]))
            if row[name] is None:
                row[f"why no {name}"] = measured.get(p["name"])
        for name in TORCH_BACKENDS:
            both = row["ours"] and row.get(name)
            row[f"ours / {name}"] = row["ours"] / row[name] if both else None
        rows.append(row)
    return rows


def markdown(rows, about):
    columns = ["ours", "torch cuDNN", "ours / torch cuDNN", "torch flash", "ours / torch flash"]
    text = [f"{key}: {value}" for key, value in about.items()]
    text += ["", "TFLOP/s; `train` is forward and backward together.", "", "| problem | " + " | ".join(columns) + " |",
             "|---|" + "---:|" * len(columns)]
    for row in rows:
        cells = ["–" if row[c] is None else f"{row[c]:.2f}" if "/" in c else f"{row[c]:.0f}" for c in columns]
        text.append(f"| {row['problem']} | " + " | ".join(cells) + " |")
    reasons = sorted({f"{key}: {row[key]}" for row in rows for key in row if key.startswith("why no ")})
    return "\n".join(text + ([""] + reasons if reasons else [])) + "\n"


def about_machine(torch, report):
    return {"Card": torch.cuda.get_device_name(0), "torch": torch.__version__, "CUDA of torch": torch.version.cuda,
            "cuDNN of torch": torch.backends.cudnn.version(), "Card as cfgtool calls it": report.get("device"),
            "cuDNN folder that ours was given": cudnn_wheel_folder() or "none, so the system's"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--json", help="where to write all figures")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long each is repeated")
    parser.add_argument("--quick", action="store_true", help="fewer problems")
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("this python has no torch")
    if not torch.cuda.is_available():
        sys.exit("torch finds no GPU on this machine")

    problems = all_problems(arguments.quick)
    ours, report = measure_ours(arguments.cfgtool, problems, arguments.seconds)
    results = {"ours": ours}
    for name, backend in TORCH_BACKENDS.items():
        results[name] = {p["name"]: measure_torch(torch, backend, p, arguments.seconds) for p in problems}
    rows, about = rows_of(problems, results), about_machine(torch, report)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"about": about, "rows": rows}, file, indent=2)
    print(markdown(rows, about), end="")


if __name__ == "__main__":
    main()
