"""Holds the places that `cfgtool explain --all --json` gives against the files themselves, read by PyYAML.

usage: check_places.py CFGTOOL CORPUS [--tree NAME] [--show N]

For every leaf: a file's place must be the start of a node in that file whose path is the leaf's key without the
package, and whose value is the leaf's; an override's place must be where the value stands in that word. Nothing of
cfgtool but its output is used.
"""

import argparse
import collections
import json
import math
import pathlib
import re
import subprocess
import sys

try:
    import yaml
except ModuleNotFoundError:
    print("SKIPPED: python3 has no yaml (python3-yaml), so that no place of 446 configurations was checked")
    sys.exit(77)

FLOAT = re.compile(
    """^(?:
     [-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
    |\\.[0-9_]+(?:[eE][-+][0-9]+)?
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*
    |[-+]?\\.(?:inf|Inf|INF)
    |\\.(?:nan|NaN|NAN))$""",
    re.X,
)


class Loader(yaml.SafeLoader):
    """PyYAML with OmegaConf's rules for floats and timestamps (omegaconf/_utils.py, get_yaml_loader)."""


Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


class File:
    """The nodes of one file, by the place where each begins."""

    def __init__(self, path):
        self.text = pathlib.Path(path).read_text(encoding="utf-8")
        self.lines = self.text.split("\n")
        self.nodes = collections.defaultdict(list)  # (line, byte column) -> [(path, value)]
        self.content = (1, 1)  # where all of it begins
        loader = Loader(self.text)
        self.loader = loader
        root = loader.get_single_node()
        if isinstance(root, yaml.ScalarNode):
            # OmegaConf takes a lone text for a key without a value.
            self.nodes[self.place_of(root)].append(((root.value,), None))
        elif root is not None:
            self.content = self.place_of(root)
            self.walk(root, (), set())

    def place(self, mark):
        return mark.line + 1, len(self.lines[mark.line][: mark.column].encode()) + 1

    def walk(self, node, path, above):
        if id(node) in above:
            return
        above = above | {id(node)}
        if path:
            self.nodes[self.place_of(node)].append((path, node))
        if isinstance(node, yaml.MappingNode):
            self.loader.flatten_mapping(node)
            for key, value in node.value:
                name = str(self.loader.construct_object(key, deep=True))
                if isinstance(value, yaml.ScalarNode) and value.value == "" and value.style is None:
                    # Empty: the byte after the key's colon.
                    end = key.end_mark
                    colon = self.lines[end.line].index(":", end.column) + 1
                    at = end.line + 1, len(self.lines[end.line][:colon].encode()) + 1
                    self.nodes[at].append((path + (name,), value))
                self.walk(value, path + (name,), above)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.walk(value, path + (str(index),), above)

    def place_of(self, node):
        """PyYAML's mark is that of the node's properties, its anchor and tag: the value itself stands behind them."""
        line, column = node.start_mark.line, node.start_mark.column
        if isinstance(node, yaml.MappingNode) and re.fullmatch(r"[&!]\S*\s*(#.*)?", self.lines[line][column:]):
            return self.place(node.value[0][0].start_mark)  # alone on their line: the first key stands below
        properties = re.match(r"([&!][^ ]* +)*", self.lines[line][column:]).group()
        return line + 1, len(self.lines[line][: column + len(properties)].encode()) + 1

    def value(self, node):
        return None if node is None else self.loader.construct_object(node, deep=True)


FILES = {}


def file_of(path):
    if path not in FILES:
        FILES[path] = File(path)
    return FILES[path]


def same(a, b):
    if isinstance(a, float) and isinstance(b, str):  # JSON has no inf and nan
        return b == str(a) or (math.isnan(a) and b == "nan")
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, int) and isinstance(b, str):  # beyond 64 bits
        return str(a) == b
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) == 0
    return a == b


def is_empty_package(leaf, cause):
    """A config without content makes its package an empty mapping; its place is the file's first byte."""
    if leaf["key"] != cause.get("package") or leaf["value"] != {} or (cause["line"], cause["column"]) != (1, 1):
        return False
    return set(yaml.load(file_of(cause["file"]).text, Loader) or {}) <= {"defaults"}


def check_earlier(leaf, cause, words):
    """Of a value that lost its place is known, not what it was."""
    if cause["kind"] == "override":
        word = words[cause["index"] - 1].encode()
        if cause["column"] == 1 and word.startswith(b"~"):
            deleted = word[1:].decode().split("=")[0]
            return None if f"{leaf['key']}.".startswith(deleted + ".") else f"{word!r} deletes another key"
        head, rest = word[: cause["column"] - 1].decode(), word[cause["column"] - 1 :].decode()
        makes_container = head.strip("+") == "" and rest.startswith(leaf["key"] + ".")  # `a` of `+a.b=1`
        return None if "=" in head or makes_container else f"the place in {word!r} is before the ="
    if cause["kind"] != "file":
        return f"set by {cause}"
    is_content = (cause["line"], cause["column"]) == file_of(cause["file"]).content
    if is_content and (cause.get("package", "") + ".").startswith(leaf["key"] + "."):
        return None  # all of that config, or what its package makes around it
    nodes = file_of(cause["file"]).nodes.get((cause["line"], cause["column"]), [])
    if any(leaf["key"].endswith(path[-1]) for path, _ in nodes):
        return None
    # What came with a list or mapping in the place of something else: the place of that.
    package = cause.get("package", "")
    above = [".".join(path) if not package else package + "." + ".".join(path) for path, _ in nodes]
    return None if any(leaf["key"].startswith(key + ".") for key in above) else "no value of that key begins there"


def check_file(leaf, cause):
    if is_empty_package(leaf, cause):
        return None
    found = file_of(cause["file"]).nodes.get((cause["line"], cause["column"]))
    if not found:
        return "no node begins there"
    package = cause.get("package", "")
    want = leaf["key"][len(package) + 1 :] if package and leaf["key"].startswith(package + ".") else leaf["key"]
    names = [path for path, _ in found]
    matching = [node for path, node in found if ".".join(path) == want]
    if not matching:
        return f"the node there has the path {names}, not {want}"
    value = file_of(cause["file"]).value(matching[0])
    expected = leaf.get("written", leaf["value"])
    return None if same(value, expected) else f"the value there is {value!r}, not {expected!r}"


def begins_with(rest, expected):
    """Whether the rest of an override's word begins with that value."""
    if isinstance(expected, str):
        return rest.startswith(expected) or rest[:1] in "'\"" or "\\" in rest
    if expected is None:
        return rest == "" or rest.lower().startswith("null")
    if isinstance(expected, bool):
        return rest.lower().startswith(str(expected).lower())
    if isinstance(expected, (int, float)):
        text = re.match(r"[-+0-9_.eEinfa]*", rest).group()
        return float(text.replace("_", "")) == float(expected)
    return rest[:1] in "[{"


def check_override(leaf, cause, words):
    word = words[cause["index"] - 1]
    rest = word.encode()[cause["column"] - 1 :].decode()
    expected = leaf.get("written", leaf["value"])
    head = word[: len(word) - len(rest)]
    key = leaf["key"].split(".")[-1]
    if "=" not in head:
        return f"the place in {word!r} is before the ="
    inner = head.split("=", 1)[1]
    if inner == "" or inner[-1:] in "[,: ":
        return None if begins_with(rest, expected) else f"{rest!r} in {word!r} is not {expected!r}"
    return f"{head!r} ends before {key} in {word!r}"


def check(leaf, cause, words):
    """What is wrong with the place that set a leaf, in words; None: nothing."""
    if cause["kind"] == "file":
        return check_file(leaf, cause)
    return check_override(leaf, cause, words) if cause["kind"] == "override" else f"set by {cause}"


def words_of(case, trees):
    return [word.replace("{trees}", str(trees)) for word in case["overrides"]]


def leaves_of(cfgtool, case, trees):
    words = words_of(case, trees)
    folder = trees / case["config_dir"]
    command = [cfgtool, "explain", "--all", "--json", "-cp", str(folder)]
    if case["config_name"]:
        command += ["-cn", case["config_name"]]
    done = subprocess.run(
        command + ["--keep-unknown-resolvers"] + words, capture_output=True, text=True, env=case.get("env") or {}, check=False
    )
    return done, words


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--tree")
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    if not options.corpus.is_dir():
        print(f"SKIPPED: there is no {options.corpus}, so that no place of 446 configurations was checked")
        return 77
    trees = (options.corpus / "trees").resolve()
    counts, shown = collections.Counter(), 0
    for cases in sorted((options.corpus / "cases").glob("*.jsonl")):
        if options.tree and cases.stem != options.tree:
            continue
        for line in cases.read_text().splitlines():
            case = json.loads(line)
            if not case["ok"]:
                continue
            done, words = leaves_of(options.cfgtool, case, trees)
            if not done.stdout and done.returncode:
                counts["cases that fail"] += 1
                if shown < options.show:
                    shown += 1
                    print(case["id"], done.stderr[:300])
                continue
            counts["cases"] += 1
            for text in done.stdout.splitlines():
                leaf = json.loads(text)
                cause = leaf["set_by"]
                counts["leaves"] += 1
                counts["set by " + cause["kind"]] += 1
                problem = check(leaf, cause, words)
                counts["earlier places"] += len(leaf["history"])
                for earlier in leaf["history"]:
                    if not problem:
                        problem, cause = check_earlier(leaf, earlier, words), earlier
                if problem:
                    counts["problems"] += 1
                    if shown < options.show:
                        shown += 1
                        print(case["tree"], case["id"], leaf["key"], cause, problem)
    print(dict(counts))
    if not counts["cases"]:
        print("no case was looked at")
    return 1 if counts["problems"] or counts["cases that fail"] or not counts["cases"] else 0


if __name__ == "__main__":
    sys.exit(main())
