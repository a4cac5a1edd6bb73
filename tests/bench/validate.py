"""Measures `cfgtool validate` against composing alone and against Hydra with Python's jsonschema, and `--all-options` against
composing the same variants with Hydra. Reports ratios, since times say more about the machine.

    python3 validate.py --cfgtool PATH --list-variants PATH --schema FILE --trees FOLDER --work FOLDER
                        [--warm-validate PATH] [--quick]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import HERE, Report, check_mark, make_python, number, progress, run

TREES = {  # folders in the corpus
    "verl": "verl/config",
    "lightning-hydra-template": "lightning-hydra-template/configs",
    "isaacgymenvs": "isaacgymenvs/cfg",
}
CONFIG = "ppo_trainer"
WRONG = ("trainer.nnodes=many", "trainer.nnodes")  # an override, and the key that both sides must name
MOST_OF_COMPOSING = 2
LEAST_OF_PEER = 50


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--list-variants", required=True, help="the program of that name")
    parser.add_argument("--warm-validate", default="", help="the program of that name; without it, that part is left out")
    parser.add_argument("--schema", required=True, help="of VERL's ppo_trainer")
    parser.add_argument("--trees", required=True, type=Path, help="the corpus's folder of trees")
    parser.add_argument("--work", required=True, type=Path, help="a folder for what is installed and generated")
    parser.add_argument("--results", type=Path, help="where the tables go; default: validate.md beside --work")
    parser.add_argument("--quick", action="store_true", help="few turns, to try the benchmark itself")
    return parser.parse_args()


class Validation:
    def __init__(self, arguments, python):
        self.arguments = arguments
        self.python = python
        self.verl = str(arguments.trees.resolve() / TREES["verl"])
        flags = ["--config-path", self.verl, "--config-name", CONFIG]
        self.resolve = [arguments.cfgtool, "resolve", *flags]
        self.validate = [arguments.cfgtool, "validate", *flags, "--schema", arguments.schema]
        self.peer = [python, str(HERE / "validate_app.py"), self.verl, CONFIG, arguments.schema]

    def run(self, command):
        return run(command, self.arguments.work)

    def run_for_json(self, command):
        out = self.arguments.work / "answer.json"
        run(command, self.arguments.work, out)
        return json.loads(out.read_text())

    def compare_verdicts(self, report):
        """Neither finds anything in the tree as it is, both find what is wrong in it."""
        override, key = WRONG
        own = [self.own_verdict([]), self.own_verdict([override])]
        peer = [[".".join(map(str, path)) for path in self.run_for_json(self.peer + ["once", *overrides])]
                for overrides in ([], [override])]
        if own != [[], [key]] or peer != own:
            sys.exit(f"verdicts differ: cfgtool {own}, jsonschema {peer}")
        report.say(f"Both find no problem in VERL's `{CONFIG}`, and with `{override}` one, at `{key}`.")

    def own_verdict(self, overrides):
        done = subprocess.run([*self.validate, *overrides, "--json"], capture_output=True, text=True)
        if done.returncode > 1:
            sys.exit(done.stderr)
        return [json.loads(line)["key"] for line in done.stdout.splitlines()]


def spread(values):
    return [number(min(values)), f"**{number(statistics.median(values))}**", number(max(values))]


def at_most(values):
    return f"at most {MOST_OF_COMPOSING}: {check_mark(statistics.median(values) <= MOST_OF_COMPOSING)}"


def at_least(values):
    return f"at least {LEAST_OF_PEER}: {check_mark(statistics.median(values) >= LEAST_OF_PEER)}"


HEADER = ["what", "by", "min", "median", "max", "required"]


def measure_whole(bench, report):
    """Turns, as in whole.py; cfgtool's runs are short, so that a turn has several."""
    turns = 3 if bench.arguments.quick else 25
    ratios = {"elapsed": ([], []), "processor time": ([], [])}
    bench.run(bench.resolve)  # fills the cache
    for turn in range(turns + 1):
        progress(f"whole processes: turn {turn} of {turns}")
        own = [(bench.run(bench.resolve), bench.run(bench.validate)) for _ in range(4)]
        peer = bench.run(bench.peer + ["once"])
        if turn == 0:
            continue  # warms the file cache
        for name, of in (("elapsed", lambda run: run.wall), ("processor time", lambda run: run.cpu)):
            composing = statistics.median(of(resolve) for resolve, _ in own)
            validating = statistics.median(of(validate) for _, validate in own)
            ratios[name][0].append(validating / composing)
            ratios[name][1].append(of(peer) / validating)
    report.say(f"Whole processes, from start to exit, with cfgtool's cache filled; {turns} turns, each with 4 runs of cfgtool.")
    rows = []
    for name, (composing, peer) in ratios.items():
        rows.append([f"{name}: `cfgtool validate`", "`cfgtool resolve`", *spread(composing), at_most(composing)])
        rows.append([f"{name}: Hydra and jsonschema", "`cfgtool validate`", *spread(peer), at_least(peer)])
    report.table(HEADER, rows)


def measure_warm(bench, report):
    program = bench.arguments.warm_validate
    if not program:
        report.say("Not measured in one process: warm_validate was not built, since Google Benchmark (libbenchmark-dev) is missing.")
        return
    rounds, times, seconds = (2, 3, 0.02) if bench.arguments.quick else (5, 10, 0.1)
    composing, peer = [], []
    for turn in range(rounds):
        progress(f"one process: round {turn + 1} of {rounds}")
        answer = bench.run_for_json([program, bench.verl, CONFIG, bench.arguments.schema, "--benchmark_format=json",
                                     "--benchmark_repetitions=15", f"--benchmark_min_time={seconds}"])
        own = {entry["run_name"]: entry["real_time"] / 1000 for entry in answer["benchmarks"]
               if entry.get("aggregate_name") == "median"}
        composing.append(own["validate"] / own["compose"])
        peer.append(bench.run_for_json(bench.peer + [str(times)]) / own["validate"])
    report.say("Again in a process that has read the schema and composed the same before, with another override each time; medians "
               f"of {rounds} rounds. Composing includes evaluating interpolations.")
    check_alone = [ratio - 1 for ratio in composing]
    report.table(HEADER, [["compose and validate", "compose", *spread(composing), ""],
                          ["validate alone", "compose", *spread(check_alone), at_most(check_alone)],
                          ["Hydra and jsonschema", "validate", *spread(peer), at_least(peer)]])


def rounded(value):
    """Two digits."""
    return f"{float(f'{value:.2g}'):,g}"


def timed(command):
    """Where a tree has problems, the exit code says so; that is no failure here."""
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode > 1:
        sys.exit(done.stderr)
    return time.perf_counter() - begin


def measure_all_options(bench, report):
    work, turns = bench.arguments.work, 1 if bench.arguments.quick else 3
    rows = []
    for name, folder in TREES.items():
        progress(f"all options of {name}")
        tree = str(bench.arguments.trees.resolve() / folder)
        variants = work / "variants.txt"
        run([bench.arguments.list_variants, tree], work, variants)
        count = len(variants.read_text().splitlines())
        own, peer = [], []
        for _ in range(turns):
            command = [bench.arguments.cfgtool, "validate", "-cp", tree, "--all-options"]
            own.append(timed(command))
            answer = bench.run_for_json([bench.python, str(HERE / "variants_app.py"), tree, str(variants)])
            peer.append(answer["time"])
        rows.append([name, count, rounded(count / statistics.median(own)), rounded(count / statistics.median(peer)),
                     *spread([p / o for p, o in zip(peer, own)]), answer["composed"], answer["resolved"]])
    report.say(f"Every primary config with every option of every group, as `cfgtool validate --all-options` finds and composes "
               f"them (the whole process, {os.cpu_count()} jobs, no cache), and one process of Hydra that is given the same list; "
               f"both evaluate the interpolations. {turns} turns. Configurations per second, to two digits, are those of this "
               f"machine.")
    report.table(["tree", "configurations", "a second: cfgtool", "Hydra", "ratio: min", "median", "max", "Hydra composes",
                  "and resolves"], rows)


def main():
    arguments = read_arguments()
    arguments.work = arguments.work.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    os.environ["CFGTOOL_CACHE_DIR"] = str(arguments.work / f"cache-{os.getpid()}")  # begins empty, and is not the user's own
    bench = Validation(arguments, make_python(arguments.work / "venv"))
    report = Report()
    try:
        report.heading("Validation")
        bench.compare_verdicts(report)
        measure_whole(bench, report)
        measure_warm(bench, report)
        report.heading("All options of a repository")
        measure_all_options(bench, report)
    finally:
        shutil.rmtree(os.environ["CFGTOOL_CACHE_DIR"], ignore_errors=True)
    report.save(arguments.results or arguments.work.parent / "validate.md")


main()
