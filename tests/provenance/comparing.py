"""What the checkers of explain and diff share: cases of the corpus, values and causes beside the expected ones."""

import concurrent.futures
import dataclasses
import functools
import json
import math
import pathlib
import re

import yaml

from defaults_list import Composing
from expected_causes import Expected
from yaml_values import QuickLoader

PROCESSES = 2


@dataclasses.dataclass
class Case:
    """A composition, and what is known of it."""

    id: str
    composing: Composing
    goldens: pathlib.Path = None  # what Hydra made, without `.resolved.yaml`; None: not recorded
    lacks_resolvers: bool = False  # it needs some that the project's own program has
    has_fixed_time: bool = False
    in_place_error: str = None  # what Hydra's `--resolve` says of a value that is a container
    # Of our own trees:
    values: dict = dataclasses.field(default_factory=dict)  # {key: value} of the interpolations
    keys: tuple = ()  # that are explained; empty: all
    builtins: dict = dataclasses.field(default_factory=dict)  # {key: value} that no file of the tree sets
    builtin_configs: dict = dataclasses.field(default_factory=dict)  # {key: [config]} that set it before all else

    @functools.cached_property
    def expected(self):
        return Expected(self.composing)

    @functools.cached_property
    def unresolved(self):
        return self.golden("unresolved")

    @functools.cached_property
    def resolved(self):
        return self.golden("resolved")

    def golden(self, kind):
        return as_json(yaml.load(pathlib.Path(f"{self.goldens}.{kind}.yaml").read_text(), QuickLoader))

    def value_at(self, path):
        """What an interpolation is."""
        return at_path(self.resolved, path) if self.goldens else self.values.get(".".join(path))


def cases_of(corpus, tool, wanted=lambda record: True):
    """The accepted cases."""
    trees = str((corpus / "trees").resolve())
    for path in sorted((corpus / "cases").glob("*.jsonl")):
        for record in map(json.loads, path.read_text().splitlines()):
            if record["ok"] and wanted(record):
                yield case_of(record, corpus, trees, tool)


def case_of(record, corpus, trees, tool):
    words = [word.replace("{trees}", trees) for word in record["overrides"]]
    folder, env = f"{trees}/{record['config_dir']}", record.get("env") or {}
    composing = Composing(folder, record["config_name"], words, env, tool)
    goldens = corpus / "goldens" / record["tree"] / record["id"]
    in_place = record.get("in_place", {}).get("error", {}).get("message")
    return Case(record["id"], composing, goldens, bool(record.get("needs_resolvers")), "now" in record, in_place)


def ahead(run, items):
    """(item, what `run` gives for it): programs run while what they said before is checked."""
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        yield from zip(items, pool.map(run, items))


def parsed(output):
    """The objects of JSON Lines; None for a line that is none."""
    lines = []
    for text in output.splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            line = None
        lines.append(line if isinstance(line, dict) else None)
    return lines


def as_json(value):
    """A value as JSON has it: keys are texts."""
    if isinstance(value, dict):
        return {str(key): as_json(member) for key, member in value.items()}
    return [as_json(member) for member in value] if isinstance(value, list) else value


def leaves(value, path=()):
    """(path, value) of everything that has nothing below it."""
    if not isinstance(value, (dict, list)) or not value:
        yield path, value
        return
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(member, path + (str(key),))


def at_path(value, path):
    for name in path:
        value = value[int(name) if isinstance(value, list) else name]
    return value


def same(expected, found):
    """Whether two values are equal, and of the same type, as far as JSON has it."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return list(expected) == list(found) and all(same(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    if isinstance(expected, float) and isinstance(found, str):  # JSON has no inf and nan
        return not math.isfinite(expected) and found == str(expected)
    if isinstance(expected, int) and isinstance(found, str):  # beyond 64 bits
        return str(expected) == found and abs(expected) >= 2**63
    return type(expected) is type(found) and expected == found


def same_but_time(expected, found):
    return isinstance(found, str) and re.sub("[0-9]", "0", str(expected)) == re.sub("[0-9]", "0", found)


def cause_problem(expected, found):
    """What is wrong with a cause, in words; None: nothing."""
    if not isinstance(found, dict):
        return f"{found!r} is no cause; expected {expected}"
    expected, found = dict(expected), dict(found)
    chosen, by = expected.pop("chosen_by", [None]), found.pop("chosen_by", None)
    if expected != found:
        return f"{found} is not {expected}"
    if by not in chosen:
        return f"{found} was not chosen by {by}, but by {chosen}"
    return None


def causes_problem(expected, found):
    """The same for a list."""
    if not isinstance(found, list):
        return f"{found!r} is no list of causes"
    for one, other in zip(expected, found):
        problem = cause_problem(one, other)
        if problem:
            return problem
    if len(expected) != len(found):
        more = expected[len(found) :] or found[len(expected) :]
        return f"{len(found)} causes, not {len(expected)}: {'not' if len(expected) > len(found) else 'also'} {more[0]}"
    return None


def reads_problem(expected, found):
    if not isinstance(found, list) or len(expected) != len(found):
        return f"reads {found}, not {expected}"
    for one, other in zip(expected, found):
        if not isinstance(other, dict):
            return f"{other!r} is no read"
        one, other = dict(one), dict(other)
        wanted, setter = one.pop("set_by", None), other.pop("set_by", None)
        problem = reads_problem(one.pop("reads", []), other.pop("reads", []))
        if wanted is not None:
            problem = problem or cause_problem(wanted, setter)
        elif setter is not None:
            problem = f"{other} is set by nothing"
        if problem or one != other:
            return problem or f"reads {other}, not {one}"
    return None
