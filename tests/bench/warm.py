"""A second compose and resolve in a process that has done it before, with another override each time: files are checked for
change, nothing is printed."""

import json
import statistics

from common import HERE, check_mark, number, progress, run

ROUNDS = 5
LARGEST_SHARE = 10  # of hydra-fast's time: a tenth


def own_medians(setup):
    """Microseconds for (compose, resolve). The benchmark knows compose alone, and both."""
    out = setup.work / "warm.json"
    run([setup.warm_compose, setup.tree, setup.config, "--benchmark_format=json", "--benchmark_repetitions=15",
         "--benchmark_min_time=" + ("0.02" if setup.quick else "0.1")], setup.work, out)
    medians = {entry["run_name"]: entry["real_time"] for entry in json.loads(out.read_text())["benchmarks"]
               if entry.get("aggregate_name") == "median"}
    compose = medians["compose"] / 1000
    return compose, medians["compose and resolve"] / 1000 - compose


def peer_medians(setup, module, times):
    out = setup.work / "warm.json"
    run([setup.python, str(HERE / "warm_app.py"), module, setup.tree, setup.config, str(times)], setup.work, out)
    medians = json.loads(out.read_text())
    return medians["compose"], medians["resolve"]


def measure_warm(setup, report):
    report.heading("Composing again in one process")
    if not setup.warm_compose:
        report.say("Not measured: warm_compose was not built, since Google Benchmark (libbenchmark-dev) is missing.")
        return
    few = 4 if setup.quick else 1
    programs = {
        "cfgtool": lambda: own_medians(setup),
        "Hydra": lambda: peer_medians(setup, "hydra", 20 // few),
        "hydra-fast": lambda: peer_medians(setup, "hydra_fast", 300 // few),
    }
    rounds = 2 if setup.quick else ROUNDS
    medians = {name: [] for name in programs}
    for turn in range(rounds):
        progress(f"round {turn + 1} of {rounds}")
        for name, measure in programs.items():
            medians[name].append(measure())
    times = {name: [statistics.median(column) for column in zip(*values)] for name, values in medians.items()}
    own = times.pop("cfgtool")
    rows = []
    for name, (compose, resolve) in times.items():
        both = (compose + resolve) / sum(own)
        verdict = f"{LARGEST_SHARE}: {check_mark(both >= LARGEST_SHARE)}" if name == "hydra-fast" else ""
        rows.append([name, number(compose / own[0]), number(resolve / own[1]), f"**{number(both)}**", verdict])
    report.say(f"How many times as long as cfgtool; the programs took turns, {rounds} rounds, medians.")
    report.table(["program", "compose", "resolve", "compose and resolve", "required"], rows)
