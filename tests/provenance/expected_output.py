"""What `cfgtool explain` and `diff` should say, line by line, as the model has it."""

import json


def plain(cause):
    return dict(cause, chosen_by=cause["chosen_by"][0]) if "chosen_by" in cause else cause


def plain_reads(reads):
    found = []
    for read in reads:
        read = dict(read, **({"set_by": plain(read["set_by"])} if "set_by" in read else {}))
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
    side = {"value": value, "set_by": plain(expected.setter(through))}
    if expected.model.find(through).is_interpolation():
        origin, reads = None if as_written else expected.origin(path), plain_reads(expected.reads(through))
        side.update(written=expected.model.find(through).data, **({"reads": reads} if reads else {}))
        side.update({"through": ".".join(through)} if through != path else {})
        side.update({"from": plain(expected.setter(origin))} if origin not in (None, through) else {})
    return json.loads(json.dumps(side))
