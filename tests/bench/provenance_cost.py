"""What keeping the places of values costs: the engine beside one whose nodes do not know where they come from.

Both run turn about (provenance_cost.cpp), on a given tree and on a large one that is written for it. The table is printed and
written to provenance.md beside --work. The exit code is 1 where the required bounds are passed.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

MOST_TIME, MOST_MEMORY = 1.10, 1.30


def write_large_tree(folder):
    """40 groups of which each sets 500 keys, half of them again."""
    parts = range(40)
    folder.mkdir(parents=True, exist_ok=True)
    defaults = "".join(f"- part{part}: base\n- changes{part}@part{part}: changes\n" for part in parts)
    (folder / "config.yaml").write_text(f"defaults:\n{defaults}- _self_\nname: large\n")
    for part in parts:
        for group, option, count in ((f"part{part}", "base", 500), (f"changes{part}", "changes", 250)):
            lines = "".join(f"key{key}: {{value: {key}, text: 'text {option} {key}'}}\n" for key in range(count))
            (folder / group).mkdir(exist_ok=True)
            (folder / group / f"{option}.yaml").write_text(lines)


def measure(program, folder, config, rounds):
    words = [program, str(folder), config, str(rounds)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def ratios(arguments, folder, config, rounds):
    """The medians over turns of each figure with places to that without."""
    turns = []
    for _ in range(arguments.turns):
        with_places = measure(arguments.with_places, folder, config, rounds)
        without = measure(arguments.without_places, folder, config, rounds)
        if with_places["hash"] != without["hash"]:
            sys.exit(f"provenance_cost: {folder}: the two engines did not compose the same")
        turns.append({name: with_places[name] / without[name] for name in ("compose", "read", "heap")})
    medians = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    return medians | {"nodes": with_places["nodes"], "bytes": (with_places["node_bytes"], without["node_bytes"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--with-places", required=True)
    parser.add_argument("--without-places", required=True)
    parser.add_argument("--tree", type=pathlib.Path, required=True, help="a folder with a ppo_trainer.yaml")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--turns", type=int, default=15)
    arguments = parser.parse_args()
    large = arguments.work / "provenance_tree"
    write_large_tree(large)
    lines = [
        "| tree | nodes | composing | reading and composing | memory | at most 1.10, 1.10 and 1.30 |",
        "|---|---|---|---|---|---|",
    ]
    passed = True
    for name, folder, config, rounds in (
        ("`ppo_trainer`", arguments.tree, "ppo_trainer", 400),
        ("40 groups with 500 keys each, half of them set twice", large, "config", 10),
    ):
        of = ratios(arguments, folder, config, rounds)
        good = max(of["compose"], of["read"]) <= MOST_TIME and of["heap"] <= MOST_MEMORY
        passed = passed and good
        figures = f"{of['compose']:.2f} | {of['read']:.2f} | {of['heap']:.2f}"
        lines.append(f"| {name} | {of['nodes']} | {figures} | {'yes' if good else 'no'} |")
        size_with, size_without = of["bytes"]
    lines.append(f"\nA node has {size_with} bytes; without places {size_without}.")
    table = "\n".join(lines) + "\n"
    print(table)
    (arguments.work.parent / "provenance.md").write_text(table)
    return 0 if passed else 1


sys.exit(main())
