"""Holds what `cfgtool explain --all --json` says of the corpus and of trees of our own against a model of composition.

usage: check_places.py CFGTOOL CORPUS [--tree NAME] [--show N]

The keys, their order, what is written and the values are Hydra's own (recorded; those of our trees stand in
own_trees.py). The chain of each value with the place of every entry, and what interpolations read, are those of
expected_causes.py, which reads the files with PyYAML. Of cfgtool nothing is used but the output that is checked and
the list of configs.
"""

import argparse
import collections
import pathlib
import re
import sys
import tempfile

try:
    import yaml  # noqa: F401
except ModuleNotFoundError:
    print("SKIPPED: python3 has no yaml (python3-yaml), so that no place of 446 configurations was checked")
    sys.exit(77)

from comparing import ahead, cases_of, causes_problem, leaves, parsed, reads_problem, same, same_but_time
from own_trees import own_cases


def explained(case):
    case.composing.defaults  # asked for now, as this runs beside the checks
    keys = case.keys or ["--all"]
    return case.composing.run(["explain", "--json", *keys])


def expected_leaves(case, expected):
    """(path, what is written), in order: Hydra's, or the model's where that is not recorded."""
    found = [(path, node.data) for path, node in expected.leaves(case.keys)]
    found = [(path, {} if data == {} else [] if data == [] else data) for path, data in found]
    if case.goldens is None:
        return found, None
    golden = [(path, value) for path, value in leaves(case.unresolved) if path]
    fits = [path for path, _ in golden] == [path for path, _ in found] and all(
        same(one, other) for (_, one), (_, other) in zip(golden, found)
    )
    return golden, None if fits else "the model of composition does not make what Hydra made"


def value_problem(case, path, reads, expected, value, counts):
    """What is wrong with the value of an interpolation, in words."""
    golden = case.value_at(path)
    if value is None and golden is not None:
        unknown = ", ".join(sorted(expected.unknown_resolvers(reads)))
        if unknown and case.lacks_resolvers:
            counts["untold, resolver-unknown: " + unknown] += 1
        elif case.in_place_error == f"Value '{type(golden).__name__}' is not a supported primitive type":
            counts["untold, resolver-value: " + case.in_place_error] += 1
        else:
            return f"cannot be told, but is {golden!r}"
        return None
    counts["interpolations"] += 1
    reads_time = case.has_fixed_time and "'now'" in str(reads)
    counts["of these with the time, whose digits are not compared"] += reads_time
    is_right = same_but_time(golden, value) if reads_time else same(golden, value)
    return None if is_right else f"is {golden!r}, not {value!r}"


def line_problem(case, expected, path, written, line, counts):
    """What is wrong with what is said of one value, in words."""
    if line is None or line.get("key") != ".".join(path):
        return f"is not what {line} is about"
    reads = expected.reads(path)
    is_interpolation = expected.model.find(path).is_interpolation()
    fields = {"key", "value", "set_by", "history", *["written"][:is_interpolation], *["reads"][: len(reads)]}
    may_be_untold = is_interpolation and line.get("value") is None
    if may_be_untold and (case.value_at(path) is not None or expected.unknown_resolvers(reads)):
        fields.add("error")
    if set(line) != fields:
        return f"has the fields {sorted(line)}, not {sorted(fields)}"
    if is_interpolation:
        problem = value_problem(case, path, reads, expected, line["value"], counts)
        if line["written"] != written:
            problem = f"is written {written!r}, not {line['written']!r}"
    else:
        problem = None if same(written, line["value"]) else f"is {written!r}, not {line['value']!r}"
    return problem or chain_problem(case, expected, path, line) or reads_problem(reads, line.get("reads", []))


def chain_problem(case, expected, path, line):
    if not isinstance(line["history"], list):
        return f"has the history {line['history']!r}"
    found = line["history"] + [line["set_by"]]
    builtin = case.builtin_configs.get(line["key"], [])
    for cause, config in zip(found, builtin):
        problem = expected.builtin_problem(cause, config)
        if problem:
            return problem
    if len(found) < len(builtin):
        return f"lacks {builtin[len(found):]}"
    return causes_problem(expected.chain(path), found[len(builtin) :])


def builtin_problem(case, line):
    """Of a value that only Hydra's own configs set."""
    wanted = {"key": line["key"], "value": case.builtins[line["key"]], "history": []}
    (config,) = case.builtin_configs[line["key"]]
    if {name: value for name, value in line.items() if name != "set_by"} != wanted:
        return f"is {line}, not {wanted}"
    return case.expected.builtin_problem(line.get("set_by"), config)


def problems_of(case, output, code, errors, counts):
    """(key, what is wrong) of all that cfgtool says of a case."""
    if not case.composing.defaults:
        yield "", f"there is no list of configs; {errors[:300]}"
        return
    expected = case.expected
    wanted, problem = expected_leaves(case, expected)
    if problem:
        yield "", problem
        return
    lines = parsed(output)
    own = [line for line in lines if line is None or line.get("key") not in case.builtins]
    if len(own) != len(wanted) or len(lines) != len(own) + len(case.builtins):
        yield "", f"{len(lines)} values, not {len(wanted) + len(case.builtins)}; {errors[:300]}"
    for (path, written), line in zip(wanted, own):
        problem = line_problem(case, expected, path, written, line, counts)
        counts["values"] += 1
        if problem:
            yield ".".join(path), problem
        elif path:
            counts["entries"] += len(line["history"]) + 1
            counts["set by " + line["set_by"]["kind"]] += 1
    for line in lines:
        if line not in own:
            problem = builtin_problem(case, line)
            counts["set by builtin"] += 1
            if problem:
                yield line.get("key"), problem
    yield from code_problems(code, errors, counts)


def code_problems(code, errors, counts):
    """A case ends with 1 if and only if it has values that cannot be told, and says why."""
    wanted = sorted({name.split(":")[0].removeprefix("untold, ") for name in counts if name.startswith("untold, ")})
    if code != (1 if wanted else 0):
        yield "", f"exit code {code} with the errors {wanted}: {errors[:300]}"
    found = sorted(set(re.findall(r"^error\[([\w-]+)\]", errors, re.M)))
    if found != wanted:
        yield "", f"errors {found}, not {wanted}: {errors[:300]}"
    for kind in wanted:
        counts[f"cases with exit code 1 for {kind}"] += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--tree")
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cases = own_cases(pathlib.Path(folder).resolve(), options.cfgtool)
        if options.corpus.is_dir():
            wanted = lambda record: options.tree in (None, record["tree"])  # noqa: E731
            cases += cases_of(options.corpus, options.cfgtool, wanted)
        counts = collections.Counter()
        shown = []
        for case, done in ahead(explained, cases):
            counts["cases"] += 1
            of_case = collections.Counter()
            problems = list(problems_of(case, done.stdout, done.returncode, done.stderr, of_case))
            counts.update(of_case)
            counts["values with problems"] += len(problems)
            counts["cases with problems"] += bool(problems)
            shown += [f"{case.id} {key}: {problem}" for key, problem in problems]
    print("\n".join(shown[: options.show]))
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")
    if not options.corpus.is_dir():
        print(f"SKIPPED: there is no {options.corpus}, so that no place of 446 configurations was checked")
        return 1 if shown else 77
    return 1 if shown or not counts["entries"] else 0


if __name__ == "__main__":
    sys.exit(main())
