"""Whether cost grows as size does: generated trees and command lines at an eighth, a quarter, half and all of the size. Each
number is the processor time of a whole process per unit, an empty configuration's subtracted, relative to the smallest size."""

import json
import shutil
import statistics
import sys
from typing import Callable, NamedTuple

import scale_trees as trees
from batch import serve
from common import check_mark, progress, run

SHARES = (8, 4, 2, 1)
MOST_GROWTH = 2.0  # from an eighth to all: caches of the processor account for less
FILES, VALUES, REFERENCES, OVERRIDES = 10_000, 1_000_000, 100_000, 10_000


class Case(NamedTuple):
    name: str
    unit: str
    size: int
    make: Callable  # fills a folder, returns the number of lines to be printed
    words: Callable = None  # the overrides for a size; then it is a request to `cfgtool batch`
    lines: Callable = None  # how many lines the overrides leave, from lines and size


def change(size):
    return [f"values.k{i}={i + 1}" for i in range(size // 2)] + [f"items.{i}={i + 1}" for i in range(size // 2)]


def add(size):
    return [f"+values.new{i}={{a: [{i}, x]}}" for i in range(size)]


def delete(size):
    return [f"~values.k{i}" for i in range(size)]


def choose(size):
    """Groups in the order of the tree's wide_files."""
    return [f"g{i % min(trees.GROUPS, size)}@g{i % min(trees.GROUPS, size)}.p{i}=o{i}" for i in range(size)]


def drop(size):
    return ["~" + word.partition("=")[0] for word in choose(size)[:-1]]


CASES = [
    Case("files: one defaults list, 100 groups", "file", FILES, trees.wide_files),
    Case("files: groups in groups, ten each", "file", FILES, trees.nested_files),
    Case("files: each chosen by an interpolation", "file", FILES, trees.chosen_files),
    Case("files: each chooses one by an interpolation", "file", FILES, trees.choosing_files),
    Case("values: one map", "value", VALUES, trees.flat_map),
    Case("values: one list", "value", VALUES, trees.one_list),
    Case("values: maps in maps, ten each", "value", VALUES, trees.nested_maps),
    Case("values: 1,000 in each of 1,000 files", "value", VALUES, trees.many_files),
    Case("values: each a merge of an anchor", "value", REFERENCES, trees.merge_keys),
    Case("interpolations of four kinds", "interpolation", REFERENCES, trees.interpolations),
    Case("interpolations to what is missing", "interpolation", REFERENCES, trees.missing_in_list),
    Case("overrides that change a value", "override", OVERRIDES, trees.overridden, change, lambda lines, _: lines),
    Case("overrides that add a map", "override", OVERRIDES, trees.overridden, add, lambda lines, size: lines + 4 * size),
    Case("overrides that delete a value", "override", OVERRIDES, trees.overridden, delete, lambda lines, size: lines - size),
    Case("overrides that choose an option", "override", OVERRIDES, trees.wide_files, choose, lambda lines, _: lines),
    Case("overrides that drop a group", "override", OVERRIDES, trees.wide_files, drop, lambda *_: 3),
]


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def prepare(setup, case, size, folder):
    """(the command, the number of lines it must print)"""
    lines = case.make(folder, size)
    if not case.words:
        return [setup.cfgtool, "resolve", "--no-cache", "-cp", str(folder), "-cn", "main"], lines
    request = {"id": 1, "config_dir": [str(folder)], "config_name": "main", "overrides": case.words(size), "resolve": True}
    (folder / "request.jsonl").write_text(json.dumps(request) + "\n")
    # A shell only to redirect; it becomes cfgtool.
    script = f'exec "{setup.cfgtool}" batch < "{folder}/request.jsonl"'
    return ["/bin/sh", "-c", script], case.lines(lines, size)


def try_out(setup, case, command, folder):
    """(the number of lines printed, peak memory in bytes)"""
    if case.words:
        served = serve([setup.cfgtool, "batch"], [(folder / "request.jsonl").read_text().strip()], setup.work)
        answer = served.answers[0]
        if not answer["ok"]:
            sys.exit(f"refused: {answer['error']['message'][:1000]}")
        return answer["yaml"].count("\n"), served.peak
    peak = run(command, setup.work, folder / "printed.txt").peak
    with (folder / "printed.txt").open() as printed:
        return sum(1 for _ in printed), peak


def measure_one(setup, case, size):
    """(seconds of processor time, peak memory in bytes)"""
    folder = fresh(setup.work / "scale")
    command, lines = prepare(setup, case, size, folder)
    printed, peak = try_out(setup, case, command, folder)
    if printed != lines:
        sys.exit(f"{case.name}, {size}: {printed} lines instead of {lines}")
    # The least of a few is what the work takes; short ones vary more.
    seconds = [run(command, setup.work).cpu for _ in range(2)]
    while len(seconds) < 12 and sum(seconds) < 0.5:
        seconds.append(run(command, setup.work).cpu)
    return min(seconds), peak


def measure_case(setup, case, base, size):
    costs = []
    for share in SHARES:
        seconds, peak = measure_one(setup, case, size // share)
        costs.append((seconds - base) / (size // share))
    growth = [cost / costs[0] for cost in costs]
    return growth, peak / size


def no_words(_):
    return []


def measure_empty(setup, words):
    """Seconds of processor time for a configuration with nothing in it."""
    folder = fresh(setup.work / "scale")
    command, _ = prepare(setup, Case("", "", 1, trees.empty, words, lambda lines, _: lines), 1, folder)
    return statistics.median(run(command, setup.work).cpu for _ in range(9))


def measure_cached(setup, size, report):
    """The second run on many files must print the same, in no more time than without the cache."""
    folder = fresh(setup.work / "scale")
    trees.wide_files(folder, size)
    command = [setup.cfgtool, "resolve", "-cp", str(folder), "-cn", "main"]
    kinds = {"without": [*command, "--no-cache"], "cold": command, "warm": command}
    printed = {}
    for kind, words in kinds.items():
        run(words, setup.work, folder / "printed.txt")
        printed[kind] = (folder / "printed.txt").read_bytes()
    if len(set(printed.values())) > 1:
        sys.exit("cfgtool prints something else when its cache is filled")
    ratios = []
    for _ in range(7):
        without, warm = (run(kinds[kind], setup.work).cpu for kind in ("without", "warm"))
        ratios.append(warm / without)
    ratio = statistics.median(ratios)
    report.say(f"With the cache of parsed files filled, {size:,} files in one defaults list print the same and take "
               f"{ratio:.2f} of the processor time without it. Not slower: {check_mark(ratio <= 1.0)}.")


def measure_scale(setup, report):
    report.heading("Cost as size grows")
    report.say("Processor time per unit, relative to that at an eighth of the size. 1 is linear; what grew with the size "
               "squared would end at 8.")
    bases = {kind: measure_empty(setup, kind) for kind in (None, no_words)}
    rows = []
    for case in CASES:
        size = case.size // 10 if setup.quick else case.size
        progress(f"{case.name}: {size:,}")
        growth, memory = measure_case(setup, case, bases[case.words and no_words], size)
        rows.append([case.name, f"{size:,}", *(f"{value:.2f}" for value in growth), check_mark(growth[-1] <= MOST_GROWTH),
                     f"{memory:,.0f}"])
        progress(" ".join(rows[-1][2:6]))
    report.table(["what", "size", "1/8", "1/4", "1/2", "1", "linear", "peak bytes per unit"], rows)
    measure_cached(setup, FILES // 10 if setup.quick else FILES, report)
    shutil.rmtree(setup.work / "scale")
