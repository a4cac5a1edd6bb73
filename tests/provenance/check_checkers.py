"""Holds that check_places.py and check_diff.py can fail: true output is spoilt in every way, and each must be refused.

usage: check_checkers.py CFGTOOL CORPUS [--show N]

True is what cfgtool says where the checkers accept it, and what they expect where they do not. It is spoilt a bit at a
time: a line, a column, an entry, a field, a value. Small trees of our own, and a sample of the corpus.
"""

import argparse
import collections
import itertools
import json
import pathlib
import sys
import tempfile

try:
    import yaml  # noqa: F401
except ModuleNotFoundError:
    print("SKIPPED: python3 has no yaml (python3-yaml), so that no checker was checked")
    sys.exit(77)

import check_diff
import check_places
from comparing import cases_of, parsed
from expected_output import expected_line, expected_side
from own_trees import own_cases
from spoiling import NOBODY, spoilt_lines, spoilt_outputs, spoilt_sides

CASES_STEP = 32  # of the corpus' cases, each thirty-second
PAIRS_STEP = 32
LINES_STEP = 12  # of lines on which little can be wrong
# Without these the test would not have looked at what it is for.
MUST_HAVE = """
history: emptied|history: one dropped|value: wrong|value: as written|reads: invented|reads: dropped
reads: set_by: override: column +1|winner and loser swapped|place of the next value|written: dropped|field: invented
set_by: override: line +1|set_by: override: line -1|set_by: override: column +1|set_by: override: index -1
set_by: file: line +1|set_by: file: column -1|set_by: file: wrong package|set_by: file: wrong config
set_by: file: chosen_by is nonsense|set_by: chosen_by of override: column +1|set_by: file: no via
history: file: no key|history: override: no deleted|history: override: wrong key|output: lines swapped|exit code: other
"""


class Verdicts:
    def __init__(self):
        self.refused, self.accepted, self.shown = collections.Counter(), collections.Counter(), []

    def add(self, what, where, problem):
        (self.refused if problem else self.accepted)[what] += 1
        if not problem:
            self.shown.append(f"accepted: {what}: {where}")


def spoil_case(case, verdicts, counts, step):
    done = check_places.explained(case)
    expected = case.expected
    wanted, _ = check_places.expected_leaves(case, expected)
    found = {line["key"]: line for line in parsed(done.stdout) if line}
    lines = []
    for path, written in wanted:
        line = found.get(".".join(path))
        if check_places.line_problem(case, expected, path, written, line, collections.Counter()):
            counts["lines that the checkers made, as cfgtool's are refused"] += 1
            line = expected_line(case, path, written)
            problem = check_places.line_problem(case, expected, path, written, line, collections.Counter())
            if problem:
                verdicts.shown.append(f"refused, but true: {case.id} {line} {problem}")
        lines.append(line)
    for index, ((path, written), line) in enumerate(zip(wanted, lines)):
        is_dull = line["set_by"]["kind"] == "file" and not line["history"] and "written" not in line
        if is_dull and index % step:
            continue
        counts["lines spoilt"] += 1
        for what, other in spoilt_lines(line, lines[index + 1] if index + 1 < len(lines) else None):
            if what.startswith("value") and same_value(case, path, line, other):
                continue
            problem = check_places.line_problem(case, expected, path, written, other, collections.Counter())
            verdicts.add(what, f"{case.id} {other}", problem)
    lines += [line for line in found.values() if line["key"] in case.builtins]
    counted = collections.Counter()
    for (path, written), line in zip(wanted, lines):
        check_places.line_problem(case, expected, path, written, line, counted)
    reasons = {name.split(":")[0].removeprefix("untold, ") for name in counted if name.startswith("untold, ")}
    errors = "".join(f"error[{reason}]: x\n" for reason in reasons)
    code = int(bool(reasons))
    output = "".join(json.dumps(line) + "\n" for line in lines)
    for problem in check_places.problems_of(case, output, code, errors, collections.Counter()):
        verdicts.shown.append(f"refused, but true: {case.id} {problem}")
    for what, others, number, text in spoilt_outputs(lines, code, errors):
        output = "".join(json.dumps(line)[1 * (line is None) :] + "\n" for line in others)
        problems = list(check_places.problems_of(case, output, number, text, collections.Counter()))
        verdicts.add(what, case.id, problems)


def same_value(case, path, line, other):
    """Whether a spoilt value may be right as well: null, where resolvers are not there; the text that it is made of."""
    if other.get("value") is None and "written" in line:
        reads, counts = case.expected.reads(path), collections.Counter()
        return not check_places.value_problem(case, path, reads, case.expected, None, counts)
    return other.get("value") == case.value_at(path) if "written" in line else False


def spoil_pair(pair, as_written, verdicts, counts):
    goldens = [case.unresolved if as_written else case.resolved for case in pair]
    done = check_diff.differences((pair, as_written))
    lines = parsed(done.stdout)
    wanted = list(check_diff.dictionary_diff(*goldens))
    for index, ((path, *values), line) in enumerate(zip(wanted, lines)):
        for name, case, value in zip(("left", "right"), pair, values):
            side = line[name]
            if value is check_diff.ABSENT:
                invented = {"value": 1, "set_by": NOBODY}
                verdicts.add("side: invented", line, check_diff.side_problem(case, as_written, path, value, invented))
                continue
            if check_diff.side_problem(case, as_written, path, value, side):
                counts["sides that the checkers made, as cfgtool's are refused"] += 1
                side = expected_side(case, as_written, path, value)
                problem = check_diff.side_problem(case, as_written, path, value, side)
                if problem:
                    verdicts.shown.append(f"refused, but true: {case.id} {side} {problem}")
            if "written" not in side and side["set_by"]["kind"] == "file" and index % LINES_STEP:
                continue
            counts["sides spoilt"] += 1
            for what, other in spoilt_sides(side):
                problem = check_diff.side_problem(case, as_written, path, value, other)
                verdicts.add(what, f"{pair[0].id} {pair[1].id} {path} {other}", problem)
    others = [("a line dropped", lines[1:], done.returncode), ("exit code", lines, 1 - done.returncode)]
    for what, some, code in others if lines else []:
        output = "".join(json.dumps(line) + "\n" for line in some)
        verdicts.add(f"diff: {what}", pair[0].id,
                     list(check_diff.problems_of(pair, as_written, output, code, "", collections.Counter())))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    verdicts, counts = Verdicts(), collections.Counter()
    has_corpus = options.corpus.is_dir()
    with tempfile.TemporaryDirectory() as folder:
        for case in own_cases(pathlib.Path(folder).resolve(), options.cfgtool):
            spoil_case(case, verdicts, counts, 1)
    if has_corpus:
        for case in itertools.islice(cases_of(options.corpus, options.cfgtool), 0, None, CASES_STEP):
            spoil_case(case, verdicts, counts, LINES_STEP)
        pairs = check_diff.pairs_of(options.corpus, options.cfgtool)
        for pair, as_written in itertools.islice(pairs, 0, None, PAIRS_STEP):
            spoil_pair(pair, as_written, verdicts, counts)
    print("\n".join(verdicts.shown[: options.show]))
    spoilt, accepted = sum(verdicts.refused.values()), sum(verdicts.accepted.values())
    print(f"{spoilt:6} refused, in {len(verdicts.refused)} ways\n{accepted:6} accepted")
    for what, count in counts.items():
        print(f"{count:6} {what}")
    if not has_corpus:
        print(f"SKIPPED: there is no {options.corpus}, so that the checkers were checked on our own trees only")
    missing = set(MUST_HAVE.strip().replace("\n", "|").split("|")) - set(verdicts.refused)
    if missing:
        print(f"never tried: {sorted(missing)}")
    if verdicts.shown or missing:
        return 1
    return 0 if has_corpus else 77


if __name__ == "__main__":
    sys.exit(main())
