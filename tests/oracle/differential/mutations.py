"""Trials made from the recorded cases of tests/cases/compose: their files and words mixed and changed a little."""
import functools
import pathlib
import re

import case_files

from .random_overrides import mutated, value_text
from .random_values import ODD_KEYS, random_scalar
from .trial import Trial

COMPOSE = pathlib.Path(__file__).resolve().parent.parent.parent / "cases" / "compose"
LARGEST = 3000  # bytes of files: larger trees take long and shrink badly


@functools.cache
def recorded():
    """(case file, case, the overrides of all cases in that file)"""
    found = []
    for path in sorted(COMPOSE.glob("*.case")):
        case_file = case_files.read(path)
        words = [word for case in case_file.cases for word in case_file.headers(case).get("overrides", [])]
        for case in case_file.cases:
            files = case_file.files(case)
            if files and sum(map(len, files.values())) < LARGEST and all(map(is_utf8, files.values())):
                found.append((case_file, case, words))
    return found


def is_utf8(content):
    return content.decode("utf-8", "replace").encode() == content


def trial_of(case_file, case):
    headers = case_file.headers(case)
    files = {path: content.decode() for path, content in case_file.files(case).items()}
    return Trial(files, list(headers.get("overrides", [])), headers.get("config_name", "config"),
                 headers.get("config_dir", ""),
                 tuple(headers.get("more_config_dirs", [])), headers.get("env", {}), headers.get("hydra") == "true")


def changed_line(rng, lines):
    """One line removed, doubled, moved, indented otherwise, or with another key or value."""
    at = rng.randrange(len(lines))
    line = lines[at]
    kind = rng.weighted({"value": 40, "key": 8, "remove": 15, "double": 4, "move": 10, "indent": 4, "word": 12})
    key, colon, value = line.partition(": ")
    if kind == "value" and colon:
        scalar = random_scalar(rng)
        new = scalar.text if "{" not in key and "[" not in key else scalar.flow or "1"
        lines[at] = f"{key}: " + new.replace("\n", "\n      ")
    elif kind == "key" and colon:
        lines[at] = re.match(r"[ -]*", line)[0] + rng.choice(ODD_KEYS) + ": " + value
    elif kind == "remove":
        del lines[at]
    elif kind == "double":
        lines.insert(at, line)
    elif kind == "move":
        lines.insert(rng.randrange(len(lines)), lines.pop(at))
    elif kind == "indent":
        lines[at] = " " * rng.choice([1, 2]) + line
    elif kind == "word":
        words = re.findall(r"\w+", "\n".join(lines))
        own = list(re.finditer(r"\w+", line))
        if words and own:
            chosen = rng.choice(own)
            lines[at] = line[:chosen.start()] + rng.choice(words) + line[chosen.end():]
    return lines


def change_files(rng, files):
    path = rng.choice(sorted(files))
    lines = files[path].split("\n")
    if lines and files[path]:
        lines = changed_line(rng, lines[:-1] or [""]) + lines[-1:]
    return {**files, path: "\n".join(lines)}


def change_overrides(rng, words, others):
    words = list(words)
    kind = rng.choice(["add", "value", "remove", "mutate", "swap"])
    if kind == "add" and others:
        words.insert(rng.randint(0, len(words)), rng.choice(others))
    elif kind == "value" and words:
        at = rng.randrange(len(words))
        words[at] = words[at].partition("=")[0] + "=" + value_text(rng, [("a",), ("x", "y")])
    elif kind == "remove" and words:
        words.pop(rng.randrange(len(words)))
    elif kind == "mutate" and words:
        at = rng.randrange(len(words))
        words[at] = mutated(rng, words[at])
    elif kind == "swap":
        rng.shuffle(words)
    return words


def mutated_case(rng):
    case_file, case, others = rng.choice(recorded())
    trial = trial_of(case_file, case)
    for _ in range(rng.choice([1, 1, 2, 3])):
        roll = rng.random()
        if roll < 0.6 and trial.files:
            trial = trial.with_changes(files=change_files(rng, trial.files))
        elif roll < 0.7:  # another case's file of the same name, or one more
            other = trial_of(*rng.choice(recorded())[:2])
            path = rng.choice(sorted(other.files))
            trial = trial.with_changes(files={**trial.files, path: other.files[path]})
        else:
            trial = trial.with_changes(overrides=change_overrides(rng, trial.overrides, others))
    return trial
