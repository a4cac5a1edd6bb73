"""Holds `cfgtool diff --json` against a dictionary diff of Hydra's own results for 300 pairs of corpus cases.

usage: check_diff.py CFGTOOL CORPUS [--show N]

Of each pair, the lines must be those of the dictionary diff, in its order; and of each line, what is said of both sides
must be what the model of expected_causes.py says. 100 more pairs, of cases that need resolvers of a project's own, are
compared as they are written (--no-resolve).
"""

import argparse
import collections
import hashlib
import itertools
import json
import pathlib
import subprocess
import sys

PAIRS = 300
PAIRS_AS_WRITTEN = 100

try:
    import yaml  # noqa: F401
except ModuleNotFoundError:
    print(f"SKIPPED: python3 has no yaml (python3-yaml), so that none of {PAIRS} pairs of configurations was compared")
    sys.exit(77)

from comparing import ahead, case_of, cause_problem, leaves, parsed, reads_problem, same

ABSENT = object()


def dictionary_diff(a, b, path=()):
    if isinstance(a, dict) and isinstance(b, dict):
        pairs = [(key, a[key], b.get(key, ABSENT)) for key in a] + [(key, ABSENT, b[key]) for key in b if key not in a]
    elif isinstance(a, list) and isinstance(b, list):
        pairs = [(i, *pair) for i, pair in enumerate(itertools.zip_longest(a, b, fillvalue=ABSENT))]
    else:
        if type(a) is not type(b) or repr(a) != repr(b):
            yield path, a, b
        return
    for key, left, right in pairs:
        here = path + (str(key),)
        if right is ABSENT:
            yield from ((leaf, value, ABSENT) for leaf, value in leaves(left, here))
        elif left is ABSENT:
            yield from ((leaf, ABSENT, value) for leaf, value in leaves(right, here))
        else:
            yield from dictionary_diff(left, right, here)


def side_problem(case, as_written, path, value, side):
    """What is wrong with one side of a line, in words."""
    if value is ABSENT or not isinstance(side, dict):
        return None if value is ABSENT and side is None else f"is {side!r}, not {value!r}"
    expected = case.expected
    through = expected.through(path)
    reads = expected.reads(through)
    origin = None if as_written else expected.origin(path)
    wanted = {"value", "set_by"}
    if expected.model.find(through).is_interpolation():
        wanted |= {"written", *["through"][: through != path], *["reads"][: len(reads)]}
        wanted |= {"from"} if origin not in (None, through) else set()
    if set(side) != wanted:
        return f"has the fields {sorted(side)}, not {sorted(wanted)}"
    if not same(value, side["value"]):
        return f"is {value!r}, not {side['value']!r}"
    for name, text in (("written", expected.model.find(through).data), ("through", ".".join(through))):
        if name in side and side[name] != text:
            return f"has {name} {side[name]!r}, not {text!r}"
    return (
        cause_problem(expected.setter(through), side["set_by"])
        or ("from" in side and cause_problem(expected.setter(origin), side["from"]))
        or reads_problem(reads, side.get("reads", []))
    )


def is_place(at):
    """Whether there are a line and a column of the file or override."""
    if not isinstance(at, dict) or at.get("kind") not in ("file", "override", "flag"):
        return False
    if at["kind"] != "file":
        return isinstance(at.get("column"), int)
    lines = pathlib.Path(at["file"]).read_text().splitlines()
    return at["line"] <= max(len(lines), 1) and at["column"] <= len((lines or [""])[at["line"] - 1]) + 1


def problems_of(pair, as_written, output, code, errors, counts):
    """What is wrong with all that cfgtool says of a pair, in words."""
    goldens = [case.unresolved if as_written else case.resolved for case in pair]
    expected = list(dictionary_diff(*goldens))
    if code != (1 if expected else 0):
        yield f"exit code {code}: {errors[:300]}"
    lines = parsed(output)
    counts["differences"] += len(lines)
    if len(expected) != len(lines):
        yield f"{len(lines)} differences, not {len(expected)}"
    for (path, *values), line in zip(expected, lines):
        has_absence = line is not None and "absent_by" in line
        if has_absence and (ABSENT not in values or not is_place(line["absent_by"])):
            yield f"{line['key']} is absent by {line['absent_by']}"
        if line is None or set(line) - {"absent_by"} != {"key", "left", "right"} or line["key"] != ".".join(path):
            yield f"{line} is not about {path}"
            continue
        for name, case, value in zip(("left", "right"), pair, values):
            problem = side_problem(case, as_written, path, value, line[name])
            if problem:
                yield f"{line['key']} {name} {problem}"
            elif line[name]:
                counts["causes"] += 1
                counts["causes with interpolations"] += "written" in line[name]
                counts["causes with a place elsewhere"] += "from" in line[name]


def records_of(corpus, as_written, count):
    """Pairs of accepted cases of the same tree, of all trees in turn; always the same."""
    groups = collections.defaultdict(list)
    for path in sorted((corpus / "cases").glob("*.jsonl")):
        for case in map(json.loads, path.read_text().splitlines()):
            if case["ok"] and "in_place" not in case and bool(case.get("needs_resolvers")) == as_written:
                groups[case["tree"], json.dumps(case.get("env"))].append(case)
    by_tree = collections.defaultdict(list)
    for (tree, _), cases in groups.items():
        by_tree[tree] += itertools.combinations(cases, 2)
    for pairs in by_tree.values():
        pairs.sort(key=lambda pair: hashlib.sha256((pair[0]["id"] + pair[1]["id"]).encode()).digest())
    rounds = itertools.chain.from_iterable(itertools.zip_longest(*by_tree.values()))
    return list(itertools.islice((pair for pair in rounds if pair), count))


def pairs_of(corpus, tool):
    """(pair, whether they are compared as written), each case read once."""
    trees, cases = str((corpus / "trees").resolve()), {}
    for as_written, count in ((False, PAIRS), (True, PAIRS_AS_WRITTEN)):
        for records in records_of(corpus, as_written, count):
            for record in records:
                if record["id"] not in cases:
                    cases[record["id"]] = case_of(record, corpus, trees, tool)
            yield [cases[record["id"]] for record in records], as_written


def differences(compared):
    pair, as_written = compared
    command = [pair[0].composing.tool, "diff", "--json"]
    command += ["--no-resolve"] if as_written else []
    for case in pair:
        command += ["--", *case.composing.flags(), *case.composing.words]
    return subprocess.run(command, capture_output=True, text=True, env=pair[0].composing.env, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    if not options.corpus.is_dir():
        print(f"SKIPPED: there is no {options.corpus}, so that none of {PAIRS} pairs of configurations was compared")
        return 77
    counts, shown = collections.Counter(), []
    for (pair, as_written), done in ahead(differences, list(pairs_of(options.corpus, options.cfgtool))):
        counts["pairs"] += 1
        counts["pairs as written"] += as_written
        problems = list(problems_of(pair, as_written, done.stdout, done.returncode, done.stderr, counts))
        shown += [f"{pair[0].id} {pair[1].id} {problem}" for problem in problems]
    counts["problems"] = len(shown)
    print("\n".join(shown[: options.show]))
    for name, count in counts.items():
        print(f"{count:6} {name}")
    return 1 if shown or counts["pairs"] != PAIRS + PAIRS_AS_WRITTEN or not counts["causes"] else 0


if __name__ == "__main__":
    sys.exit(main())
