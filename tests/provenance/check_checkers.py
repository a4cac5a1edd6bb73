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
from own_trees import own_cases

CASES_STEP = 20  # of the corpus' cases, each twentieth
PAIRS_STEP = 16
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
NOBODY = {"kind": "file", "file": "/nowhere.yaml", "line": 1, "column": 1}


# What is spoilt: each yields (what was done, the spoilt thing)


def spoilt_causes(cause):
    for field in ("line", "column", "index"):
        for step in (1, -1):
            if field in cause and cause["kind"] != "builtin":  # whose places nothing tells
                yield f"{cause['kind']}: {field} {step:+}", dict(cause, **{field: cause[field] + step})
    for field in cause:
        yield f"{cause['kind']}: no {field}", {name: value for name, value in cause.items() if name != field}
    for field in ("config", "package", "file", "key", "kind", "name"):
        if field in cause:
            yield f"{cause['kind']}: wrong {field}", dict(cause, **{field: cause[field] + "x"})
    for field in ("chosen_by", "via"):
        if field in cause:
            yield f"{cause['kind']}: {field} is nonsense", dict(cause, **{field: NOBODY})
            yield f"{cause['kind']}: {field} is no place", dict(cause, **{field: "here"})
            for name, place in spoilt_causes(cause[field]):
                yield f"{field} of {name}", dict(cause, **{field: place})
    extra = {"key": "no.such", "deleted": True, "via": NOBODY, "chosen_by": NOBODY, "config": "c", "value": 1}
    for field, value in extra.items():
        if field not in cause:
            yield f"{cause['kind']}: invented {field}", dict(cause, **{field: value})
    yield "cause: none", None


def spoilt_reads(reads):
    yield "reads: dropped", reads[1:]
    yield "reads: doubled", reads + reads[-1:]
    yield "reads: invented", reads + [{"kind": "key", "name": "no.such", "found": False}]
    yield "reads: no list", None
    for index, read in enumerate(reads):
        changed = {"name": read["name"] + "x", "kind": "other", "reads": [{"kind": "resolver", "name": "no"}], "more": 1}
        if "found" in read:
            changed["found"] = not read["found"]
        for field, value in changed.items():
            yield f"reads: wrong {field}", reads[:index] + [dict(read, **{field: value})] + reads[index + 1 :]
        for name, other in spoilt_members(read, ["set_by", "reads"]):
            yield f"reads: {name}", reads[:index] + [other] + reads[index + 1 :]


def spoilt_history(history, winner):
    yield "history: emptied", []
    for index in range(len(history)):
        yield "history: one dropped", history[:index] + history[index + 1 :]
        yield "history: one doubled", history[: index + 1] + history[index:]
        for name, cause in spoilt_causes(history[index]):
            yield f"history: {name}", history[:index] + [cause] + history[index + 1 :]
    if len(history) > 1 and history[0] != history[-1]:
        yield "history: turned round", history[::-1]


def other_value(value):
    if isinstance(value, str):
        return value + "x"
    return value + 1 if isinstance(value, (int, float)) and not isinstance(value, bool) else ["wrong"]


def spoilt_members(whole, names):
    """A map without a field, with another, or with a spoilt one."""
    for name in names:
        if name not in whole:
            continue
        part = whole[name]
        yield f"no {name}", {field: value for field, value in whole.items() if field != name}
        spoilt = spoilt_reads(part) if name == "reads" else spoilt_causes(part)
        for what, other in spoilt:
            yield f"{name}: {what}", dict(whole, **{name: other})


def spoilt_lines(line, next_line):
    yield "value: wrong", dict(line, value=other_value(line["value"]))
    yield "value: of another type", dict(line, value=[line["value"]] if isinstance(line["value"], str) else str(line["value"]))
    yield "key: wrong", dict(line, key=line["key"] + "x")
    yield "field: invented", dict(line, more=1)
    yield "reads: invented", dict(line, reads=line.get("reads", []) + [{"kind": "environment", "name": "A", "found": False}])
    yield "history: invented", dict(line, history=line["history"] + [line["set_by"]])
    yield "history: no list", dict(line, history=None)
    if "written" in line:
        yield "written: wrong", dict(line, written=line["written"] + "x")
        yield "written: dropped", {name: value for name, value in line.items() if name != "written"}
        yield "value: as written", dict(line, value=line["written"])
    if line["history"]:
        swapped = dict(line, set_by=line["history"][-1], history=line["history"][:-1] + [line["set_by"]])
        if line["history"][-1] != line["set_by"]:
            yield "winner and loser swapped", swapped
        for name, history in spoilt_history(line["history"], line["set_by"]):
            yield name, dict(line, history=history)
    if next_line and next_line["set_by"] != line["set_by"]:
        yield "place of the next value", dict(line, set_by=next_line["set_by"])
        yield "chain of the next value", dict(line, set_by=next_line["set_by"], history=next_line["history"])
    yield from spoilt_members(line, ["set_by", "reads"])


def spoilt_sides(side):
    yield "side: absent", None
    yield "value: wrong", dict(side, value=other_value(side["value"]))
    yield "field: invented", dict(side, more=1)
    for name in ("written", "through"):
        if name in side:
            yield f"{name}: wrong", dict(side, **{name: side[name] + "x"})
            yield f"{name}: dropped", {field: value for field, value in side.items() if field != name}
    if "from" not in side:
        yield "from: invented", dict(side, **{"from": side["set_by"]})
    yield from spoilt_members(side, ["set_by", "from", "reads"])


def spoilt_outputs(lines, code, errors):
    """All of what is said of a case, and its exit code."""
    if lines:
        yield "output: a line dropped", lines[1:], code, errors
        yield "output: a line doubled", lines + lines[-1:], code, errors
        yield "output: nothing", [], code, errors
    yield "output: no JSON", lines[:-1] + [None], code, errors
    if len(lines) > 1:
        yield "output: lines swapped", [lines[1], lines[0], *lines[2:]], code, errors
    yield "exit code: other", lines, 1 - code, errors
    yield "exit code: of a crash", lines, 70, errors
    yield "errors: another", lines, code, errors + "error[key-absent]: no\n"


# What they expect themselves


def plain(cause):
    return dict(cause, chosen_by=cause["chosen_by"][0]) if "chosen_by" in cause else cause


def plain_reads(reads):
    found = []
    for read in reads:
        read = dict(read, **({"set_by": plain(read["set_by"][-1])} if "set_by" in read else {}))
        found.append(dict(read, reads=plain_reads(read["reads"])) if "reads" in read else read)
    return found


def expected_line(case, path, written):
    expected = case.expected
    chain, reads = [plain(cause) for cause in expected.chain(path)], plain_reads(expected.reads(path))
    line = {"key": ".".join(path), "value": written, "set_by": chain[-1], "history": chain[:-1]}
    if expected.model.find(path).is_interpolation():
        line.update(written=written, value=case.value_at(path), **({"reads": reads} if reads else {}))
    return json.loads(json.dumps(line))


def expected_side(case, as_written, path, value):
    expected = case.expected
    through = expected.through(path)
    side = {"value": value, "set_by": plain(expected.setters(through)[-1])}
    if expected.model.find(through).is_interpolation():
        origin, reads = None if as_written else expected.origin(path), plain_reads(expected.reads(through))
        side.update(written=expected.model.find(through).data, **({"reads": reads} if reads else {}))
        side.update({"through": ".".join(through)} if through != path else {})
        side.update({"from": plain(expected.setters(origin)[-1])} if origin not in (None, through) else {})
    return json.loads(json.dumps(side))


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
    code = int(any(line["value"] is None and "written" in line and case.lacks_resolvers for line in lines))
    errors = "error[resolver-unknown]: x\n" * code
    for what, others, number, text in spoilt_outputs(lines, code, errors):
        output = "".join(json.dumps(line)[1 * (line is None) :] + "\n" for line in others)
        problems = list(check_places.problems_of(case, output, number, text, collections.Counter()))
        verdicts.add(what, case.id, problems)


def same_value(case, path, line, other):
    """Whether a spoilt value may be right as well: null, where resolvers are not there; the text that it is made of."""
    expected = case.expected
    if other.get("value") is None and expected.unknown_resolvers(expected.reads(path)):
        return case.lacks_resolvers
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
        for pair, as_written in itertools.islice(check_diff.pairs_of(options.corpus, options.cfgtool), 0, None, PAIRS_STEP):
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
