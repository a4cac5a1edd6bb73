"""True output of `cfgtool explain` and `diff`, spoilt a bit at a time.

Each function yields (what was done, the spoilt thing).
"""

NOBODY = {"kind": "file", "file": "/nowhere.yaml", "line": 1, "column": 1}


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
    yield "dropped", reads[1:]
    yield "doubled", reads + reads[-1:]
    yield "invented", reads + [{"kind": "key", "name": "no.such", "found": False}]
    yield "no list", None
    for index, read in enumerate(reads):
        before, behind = reads[:index], reads[index + 1 :]
        more = {"reads": [{"kind": "resolver", "name": "no"}], "more": 1}
        changed = dict(more, name=read["name"] + "x", kind="other")
        if "found" in read:
            changed["found"] = not read["found"]
        for field, value in changed.items():
            yield f"wrong {field}", before + [dict(read, **{field: value})] + behind
        for name, other in spoilt_members(read, ["set_by", "reads"]):
            yield name, before + [other] + behind


def spoilt_history(history):
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


def other_type(value):
    return [value] if isinstance(value, str) else str(value)


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
    yield "value: of another type", dict(line, value=other_type(line["value"]))
    yield "key: wrong", dict(line, key=line["key"] + "x")
    yield "field: invented", dict(line, more=1)
    yield "reads: of nothing", dict(line, reads=line.get("reads", []) + [{"kind": "resolver", "name": "no"}])
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
        for name, history in spoilt_history(line["history"]):
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
