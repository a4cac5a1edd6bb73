"""Holds `cfgtool diff --json` against a dictionary diff of Hydra's own results for 300 pairs of corpus cases.

usage: check_diff.py CFGTOOL CORPUS [--show N]

Of each pair, the lines must be those of the dictionary diff, in its order; and of each line, the places of both sides
are held against the files by check_places.py. 100 more pairs, of cases that need resolvers of a project's own, are
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
    import yaml
except ModuleNotFoundError:
    print(f"SKIPPED: python3 has no yaml (python3-yaml), so that none of {PAIRS} pairs of configurations was compared")
    sys.exit(77)

from check_places import Loader, begins_with, check, check_earlier, file_of, same, words_of

ABSENT = object()


def leaves(value, path):
    """(path, value) of everything that has nothing below it."""
    if not isinstance(value, (dict, list)) or not value:
        yield path, value
        return
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(member, path + (str(key),))


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


def as_json(value):
    """A value as JSON has it: keys are texts."""
    if isinstance(value, dict):
        return {str(key): as_json(member) for key, member in value.items()}
    return [as_json(member) for member in value] if isinstance(value, list) else value


def is_value(expected, found):
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(is_value(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(is_value, expected, found))
    return same(expected, found)


def is_side(expected, found):
    return (expected is ABSENT) == (found is None) and (found is None or is_value(as_json(expected), found["value"]))


def compare(expected, lines):
    """What is wrong with the lines, in words."""
    for (path, left, right), line in zip(expected, lines):
        if line["key"] != ".".join(path) or not is_side(left, line["left"]) or not is_side(right, line["right"]):
            return f"{line['key']}: {line['left']} -> {line['right']}, not {'.'.join(path)}: {left} -> {right}"
    if len(expected) != len(lines):
        return f"{len(lines)} differences, not {len(expected)}: {expected[len(lines):][:1] or lines[len(expected):][:1]}"
    return None


def check_value_at(value, cause, words):
    """Where a value stands that an interpolation leads to, under a key of its own."""
    if cause["kind"] == "override":
        rest = words[cause["index"] - 1].encode()[cause["column"] - 1 :].decode()
        is_made = isinstance(value, dict) and value  # perhaps by the key itself: `+a.b=1`
        return None if is_made or begins_with(rest, value) else f"{rest!r} is not {value!r}"
    file = file_of(cause["file"])
    found = [file.value(node) for _, node in file.nodes.get((cause["line"], cause["column"]), [])]
    if any(is_value(as_json(one), value) for one in found) or any("${" in str(one) for one in found):
        return None
    return f"the value there is {found}, not {value!r}"


def check_reads(reads, words):
    for read in reads:
        problem = "set_by" in read and check_earlier({"key": read["name"]}, read["set_by"], words)
        problem = problem or check_reads(read.get("reads", []), words)
        if problem:
            return problem
    return None


def check_side(key, side, words):
    """What is wrong with the places of one side, in words."""
    leaf = dict(side, key=side.get("through", key))
    if isinstance(side["value"], (dict, list)) and side["value"] and "written" not in side:
        return check_earlier(leaf, side["set_by"], words)  # made by several files, perhaps
    problem = check(leaf, side["set_by"], words)
    if not problem and "from" in side:
        problem = check_value_at(side["value"], side["from"], words)
    return problem or check_reads(side.get("reads", []), words)


def pairs_of(corpus, as_written, count):
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


def side_words(case, trees):
    words = ["-cp", str(trees / case["config_dir"])]
    return words + (["-cn", case["config_name"]] if case["config_name"] else []) + words_of(case, trees)


def run(cfgtool, pair, trees):
    command = [cfgtool, "diff", "--json", "--keep-unknown-resolvers"]
    command += ["--no-resolve"] if pair[0].get("needs_resolvers") else []
    for case in pair:
        command += ["--", *side_words(case, trees)]
    return subprocess.run(command, capture_output=True, text=True, env=pair[0].get("env") or {}, check=False)


def golden(case, corpus):
    kind = "unresolved" if case.get("needs_resolvers") else "resolved"
    return yaml.load((corpus / "goldens" / case["tree"] / f"{case['id']}.{kind}.yaml").read_text(), Loader)


def problems_of(cfgtool, pair, corpus, counts):
    trees = (corpus / "trees").resolve()
    done = run(cfgtool, pair, trees)
    expected = list(dictionary_diff(*(golden(case, corpus) for case in pair)))
    if done.returncode != (1 if expected else 0):
        yield f"exit code {done.returncode}: {done.stderr[:300]}"
        return
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    counts["differences"] += len(lines)
    problem = compare(expected, lines)
    if problem:
        yield problem
    for line in lines:
        for name, case in zip(("left", "right"), pair):
            if line[name] is None:
                continue
            counts["causes"] += 1
            counts["causes with interpolations"] += "written" in line[name]
            problem = check_side(line["key"], line[name], words_of(case, trees))
            if problem:
                yield f"{line['key']} {name} {line[name]}: {problem}"


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
    pairs = pairs_of(options.corpus, False, PAIRS) + pairs_of(options.corpus, True, PAIRS_AS_WRITTEN)
    for pair in pairs:
        counts["pairs"] += 1
        counts["pairs as written"] += bool(pair[0].get("needs_resolvers"))
        for problem in problems_of(options.cfgtool, pair, options.corpus, counts):
            counts["problems"] += 1
            shown.append(f"{pair[0]['id']} {pair[1]['id']} {problem}")
    print("\n".join(shown[: options.show]))
    print(dict(counts))
    return 1 if counts["problems"] or len(pairs) != PAIRS + PAIRS_AS_WRITTEN or not counts["causes"] else 0


if __name__ == "__main__":
    sys.exit(main())
