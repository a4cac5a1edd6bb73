#!/usr/bin/env python3
"""Attention on the CPU: cfgtool's `sdpa` beside torch's scaled_dot_product_attention, in turns, in one run.

Makes a virtual environment with torch once (a download of some 700 MB; torch's shared objects also need CUDA 13's libraries, looked for in
/usr/local/cuda/lib64). Writes attention_results.md into the work folder."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What cfgtool shall reach, in torch's time by its own.
REQUIRED = {
    "fp32-d64-full": 1.0, "fp32-d128-full": 1.0, "fp32-d64-causal": 1.25, "fp32-d128-causal": 1.25,
    "bf16-d64-full": 1.7, "bf16-d128-full": 1.7, "bf16-d64-causal": 2.0, "bf16-d128-causal": 2.0,
    "fp32-d64-train": 1.1, "fp32-d128-train": 1.1, "bf16-d64-train": 1.7, "bf16-d128-train": 1.7,
    "fp32-d64-short": 1.6, "fp32-d128-short": 1.6, "bf16-d128-short": 1.6, "fp32-decode": 1.0, "bf16-decode": 1.0,
}


def torch_python(work):
    """A Python with torch. Once, and again when the requirements change."""
    folder = work / "torch"
    python = folder / "bin/python"
    wanted = (HERE / "attention_requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing torch into {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "-r",
                        HERE / "attention_requirements.txt"], check=True)
        stamp.write_text(wanted)
    return python


def library_path(python):
    packages = next(Path(python).parent.parent.glob("lib/python3*/site-packages"))
    folders = sorted(str(folder) for folder in (packages / "nvidia").glob("*/lib"))
    return ":".join(folders + ["/usr/local/cuda/lib64", os.environ.get("LD_LIBRARY_PATH", "")])


def read_problems(path):
    """name -> flags, as problems.txt has them."""
    problems = {}
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith(("#", "small", "large")):
            continue
        flags = {}
        for i, word in enumerate(words):
            if word.startswith("--"):
                is_last = i + 1 == len(words) or words[i + 1].startswith("--")
                flags[word[2:]] = True if is_last else words[i + 1]
        problems[words[0]] = flags
    return problems


class TorchProblem:
    """A problem's tensors, and one run of it in torch."""

    def __init__(self, torch, flags):
        self.torch = torch
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[flags["dtype"]]
        seq_q, _, seq_kv = flags["seq"].partition(":")
        heads, head_dim, seq_q = int(flags["heads"]), int(flags["head-dim"]), int(seq_q)
        seq_kv = int(seq_kv or seq_q)
        self.backward = "backward" in flags
        self.causal = "causal" in flags
        make = lambda length: torch.randn(1, heads, length, head_dim).to(dtype).requires_grad_(self.backward)
        self.query, self.key, self.value = make(seq_q), make(seq_kv), make(seq_kv)
        self.d_output = torch.randn(1, heads, seq_q, head_dim).to(dtype)

    def run(self):
        torch = self.torch
        from torch.nn.attention import SDPBackend, sdpa_kernel
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION), torch.set_grad_enabled(self.backward):
            output = torch.nn.functional.scaled_dot_product_attention(self.query, self.key, self.value,
                                                                      is_causal=self.causal)
            if self.backward:
                self.query.grad = self.key.grad = self.value.grad = None
                output.backward(self.d_output)

    def read(self):
        """Keys and values, read and nothing else."""
        for tensor in (self.key, self.value):
            tensor.detach().view(self.torch.float32).sum()


def median_time(function, seconds):
    function()
    times = []
    begin = time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def own_row(arguments, name, threads):
    line = next(line for line in (HERE.parent / "attention/problems.txt").read_text().splitlines() if line.split()[:1] == [name])
    file = arguments.work / "problem.txt"
    file.write_text(line + "\n")
    answer = subprocess.run([arguments.cfgtool, "attention", "bench", file, "--impl", "sdpa", "--json", "--threads",
                             str(threads), "--seconds", str(arguments.seconds)], check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)["rows"][0]


def spread(values):
    return f"{min(values):.2f} | **{statistics.median(values):.2f}** | {max(values):.2f}"


def measure(arguments, torch, threads, out):
    torch.set_num_threads(threads)
    out(f"\n### {threads} thread{'s' if threads > 1 else ''}\n\n"
        "| problem | torch's time by cfgtool's: min | median | max | required | share of peak |\n|---|---|---|---|---|---|")
    reads = {}
    for name, flags in read_problems(HERE.parent / "attention/problems.txt").items():
        if arguments.only not in name:
            continue
        problem = TorchProblem(torch, flags)
        ratios, shares, read_ratios = [], [], []
        for _ in range(arguments.turns):
            row = own_row(arguments, name, threads)
            ratios.append(median_time(problem.run, arguments.seconds) / row["median_seconds"])
            shares.append(row["peak_share"] or 0)
            if name.endswith("decode"):
                read_ratios.append(row["median_seconds"] / median_time(problem.read, arguments.seconds))
        wanted = REQUIRED.get(name) if threads == 1 else None
        verdict = "" if wanted is None else f"{wanted}: " + ("yes" if statistics.median(ratios) >= wanted else "**no**")
        out(f"| {name} | {spread(ratios)} | {verdict} | {statistics.median(shares) * 100:.0f}% |")
        if read_ratios:
            reads[name] = read_ratios
    out("\nDecoding against a plain read of the same keys and values (torch's sum over them), cfgtool's time by the read's:\n\n"
        "| problem | min | median | max | required |\n|---|---|---|---|---|")
    for name, ratios in reads.items():
        wanted = ("1.25: " + ("yes" if statistics.median(ratios) <= 1.25 else "**no**")) if threads == 1 else ""
        out(f"| {name} | {spread(ratios)} | {wanted} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="how long each is repeated in a turn")
    parser.add_argument("--only", default="", help="only problems whose names contain this")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if os.environ.get("CFGTOOL_BENCH_IN_TORCH") is None:
        python = torch_python(arguments.work)
        # The loader reads the path when a process starts.
        os.execve(python, [str(python), *sys.argv],
                  os.environ | {"CFGTOOL_BENCH_IN_TORCH": "1", "LD_LIBRARY_PATH": library_path(python)})
    import torch
    pieces = []

    def out(text):
        pieces.append(text)
        print(text, flush=True)

    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    out(f"torch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), {model}; {arguments.turns} turns of "
        f"{arguments.seconds} s each.")
    for threads in arguments.threads:
        measure(arguments, torch, threads, out)
    (arguments.work / "attention_results.md").write_text("\n".join(pieces) + "\n")


main()
