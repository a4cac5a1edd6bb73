#!/usr/bin/env python3
"""Records what OmegaConf and PyYAML make of data/*.txt and of random inputs, for the tests beside this file.

Usage: python record_yaml.py [--check]     (a Python with omegaconf 2.3.1 and PyYAML 6 installed)
Rewrites data/recorded_*.jsonl; with --check it only says whether they would change.
"""
import io
import json
import pathlib
import random
import re
import struct
import sys

import yaml
from omegaconf import OmegaConf
from omegaconf._utils import get_omega_conf_dumper, get_yaml_loader

DATA = pathlib.Path(__file__).parent / "data"
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\"}


def unescape(text):
    def one(match):
        word = match.group(1)
        return ESCAPES[word] if word in ESCAPES else chr(int(word[1:], 16))

    return re.sub(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ntr0\\])", one, text)


def written_lines(name):
    lines = (DATA / name).read_text(encoding="utf-8").split("\n")
    return [unescape(line) for line in lines[1:-1]]


def python_dump(value):
    """OmegaConf.to_yaml without the detour over a config, which refuses some of the strings."""
    return yaml.dump(value, default_flow_style=False, allow_unicode=True, sort_keys=False, Dumper=get_omega_conf_dumper())


# ---- scalars


def random_scalars(rng, count):
    pieces = list("0123456789-+._:eExXbo") + ["0x", "0b", ".inf", "nan", "1_0", "1:30", "e+", "e-", "00", "59", "60"]
    return ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 6))) for _ in range(count)]


def record_scalars():
    short = lambda tag: tag.removeprefix("tag:yaml.org,2002:")
    rows = []
    for text in dict.fromkeys(written_lines("scalars.txt") + random_scalars(random.Random(1), 1500)):
        loader = get_yaml_loader()("")
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))
        row = {"text": text, "tag": short(tag), "dumped_tag": short(yaml.Dumper(io.StringIO()).resolve(yaml.ScalarNode, text, (True, False)))}
        if row["tag"] not in ("merge", "value", "yaml"):
            try:
                value = loader.construct_object(yaml.ScalarNode(tag, text))
                row["type"], row["str"] = type(value).__name__, str(value)
            except (ValueError, IndexError):
                row["type"] = "error"
        rows.append(row)
    return rows


# ---- strings and numbers to write


def random_strings(rng, count):
    pieces = ["a", "b", "word", " ", "  ", "\n", "\n\n", "\t", ": ", ":", " #", "#", "'", '"', "\\", "é", "日本", "😀", "\u2028",
              "\u0085", "\r", "\0", "\x7f", "\ufeff", "- ", "-", "?", ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "%", "@",
              "`", "1", "0x1", "1e3", "yes", "null", "~", "${a}", "=", "<<", "longer_word_without_spaces", "…", "\U000e0001", "\u0378"]
    strings = []
    for _ in range(count):
        size = rng.choice([1, 2, 3, 4, 6, 10, 40, 80])
        some = rng.sample(pieces, rng.randint(1, 8)) + ["a", " "]
        strings.append("".join(rng.choice(some) for _ in range(size)))
    return strings


def record_strings():
    rows = []
    for text in dict.fromkeys(written_lines("strings.txt") + random_strings(random.Random(2), 700)):
        rows.append({"text": text, "repr": repr(text), "value": python_dump({"k": text}), "key": python_dump({text: 1}),
                     "items": python_dump([[text, {"k": {"l": text}}]]), "root": python_dump(text)})
    return rows


def random_doubles(rng, count):
    values = [0.0, -0.0, 1.0, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, 0.1, 5e-324, 1.7976931348623157e308, 1e22, 1e23,
              float("inf"), float("-inf"), float("nan"), 100.0, 1e100, -1.5e-7, 2.0**53, 2.0**63]
    values += [struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0] for _ in range(count)]
    values += [round(rng.uniform(-1000, 1000), rng.randint(0, 6)) for _ in range(count)]
    values += [float(f"{rng.randint(1, 9999)}e{rng.randint(-12, 20)}") for _ in range(count)]
    return values


def record_floats():
    rows = []
    for value in random_doubles(random.Random(3), 150):
        bits = "nan" if value != value else f"{struct.unpack('<Q', struct.pack('<d', value))[0]:016x}"
        rows.append({"bits": bits, "repr": repr(value), "yaml": python_dump({"k": value})})
    return rows


def record_python_numbers():
    texts = ["", " ", "1", " 1 ", "+1", "-1", "--1", "1_0", "1__0", "_1", "1_", "0x1F", "0X1f", "1F", "0o17", "17", "0b11", "11",
             "0x", "0x_1", "0_1", "00", "08", "१२", "１２", "1\u00a0", "\u2003 1", "1\n", "1.5", "1e3", "1e400", "-1e400", "1e-400",
             "inf", "-inf", "+Infinity", "nan", "-nan", "iNf", "infinit", ".5", "5.", ".", "e5", "1e", "1e+", "1_0.5_0", "1_.5", "1._5",
             "1e1_0", "१.५", "0x1p3", "9" * 30, "-" + "9" * 30, "9223372036854775808", "-9223372036854775808", "1" * 4300, "1" * 4301, "0" * 4301,
             "a", "1a", "1 2", "½", "²", "１e３", "0" * 50 + "1"]
    rows = []
    for text in texts:
        row = {"text": text}
        for base in (2, 8, 10, 16):
            try:
                row[f"int{base}"] = str(int(text, base))
            except ValueError:
                pass
        try:
            row["float"] = repr(float(text))
        except ValueError:
            pass
        rows.append(row)
    return rows


# ---- documents


def written_documents():
    documents, lines = [], (DATA / "documents.txt").read_text(encoding="utf-8").split("\n")
    for line in lines[1:-1]:
        if line.startswith("=== "):
            documents.append([line[4:], []])
        else:
            documents[-1][1].append(line)
    for name, body in documents:
        text = "\n".join(body) + ("" if name == "no line feed at the end" else "\n")
        parts = re.split(r"\\x([0-9a-fA-F]{2})", text) if "\\\\x" not in text else [text]
        raw = b"".join(bytes([int(p, 16)]) if i % 2 else unescape(p).encode("utf-8", "surrogatepass") for i, p in enumerate(parts))
        yield name, raw


class RandomDocument:
    """Block mappings and lists with every kind of scalar, comments and blank lines between; most are valid."""

    def __init__(self, rng):
        self.rng = rng

    def text(self):
        end = self.rng.choice(["\n", "\n", "\n\n", "\n# end\n"])
        return self.node(0, 0)[1:] + end

    def gap(self, indent):
        if self.rng.random() < 0.7:
            return ""
        return self.rng.choice([" " * indent + "# comment: \"x\n", "# it's\n", "\n", "  \n"])

    def node(self, indent, depth):
        rng, text = self.rng, ""
        if rng.random() < 0.6:
            inner = indent + rng.choice([2, 2, 4, 1]) if depth else 0
            for key in rng.sample(["a", "b", "c", "d e", '"f"', "g"], rng.randint(1, 3)):
                text += "\n" + self.gap(inner) + " " * inner + key + ":" + self.value(inner, depth)
            return text
        inner = indent + rng.choice([0, 2, 2]) if depth else 0
        for _ in range(rng.randint(1, 3)):
            item = self.value(inner, depth + 1)
            if rng.random() < 0.3:
                item = " k: v\n" + " " * (inner + 2) + "l:" + self.value(inner + 2, depth + 1)
            text += "\n" + self.gap(inner) + " " * inner + "-" + item
        return text

    def value(self, indent, depth):
        rng = self.rng
        kinds = [self.block_scalar, self.plain_lines, self.quoted_lines, self.flow, self.short, self.short, lambda _: ""]
        if depth < 3 and rng.random() < 0.4:
            return self.node(indent, depth + 1)
        return rng.choice(kinds)(indent)

    def short(self, _):
        return " " + self.rng.choice(["1", "x", "true", "null", "~", '"q"', "1.5", "${a}", "x # c", "1e-3", "'it''s'"])

    def block_scalar(self, indent):
        rng = self.rng
        words = ["a", "some text", "x: y", "- z", "# not a comment", "  deeper", "é", "it's \"q\"", "", "", "{x", "%y"]
        base = " " * (indent + rng.choice([1, 2, 4]))
        lines = [base + word if word else "" for word in (rng.choice(words) for _ in range(rng.randint(1, 6)))]
        return " " + rng.choice("|>") + rng.choice(["", "-", "+"]) + "\n" + "\n".join(lines)

    def plain_lines(self, indent):
        rng = self.rng
        words = [rng.choice(["a", "b c", "it's", "x#y", "1", "é", "c:d", "f,g"]) for _ in range(rng.randint(1, 4))]
        return " " + ("\n" + rng.choice(["", "", "\n"]) + " " * (indent + 2)).join(words)

    def quoted_lines(self, indent):
        rng = self.rng
        quote = rng.choice("'\"")
        words = ["a", "b c", "", " ", "# x", "- y", "z: "] + (["\\n", "\\t", "\\\\", "\\x41"] if quote == '"' else ["''"])
        return " " + quote + ("\n" + " " * (indent + 2)).join(rng.choice(words) for _ in range(rng.randint(1, 5))) + quote

    def flow(self, indent):
        pad = " " * (indent + 2)
        return " " + self.rng.choice(["[a,\n" + pad + "b]", "{a: 1,\n" + pad + "b: [1, 2]}", "[ # c\n" + pad + "a, # d\n" + pad + "]",
                                      "[]", "{ }", "[a,]", "['a' , \"b\"]", "[[1],{x: }]", "{a, b: }"])


def random_value(rng, depth=0):
    scalars = [None, True, False, 0, -7, 10**25, 1.5, 1e-7, 1e20, float("inf"), "", "a", "yes", "1", "a b", "it's", "x: y", "- z", "é",
               "a\nb\n", " lead", "tab\t", "long " * 30, "${x}", "???", "2020-01-01", b"bytes\xff", "#c", "!t", "日本 " * 30]
    if depth > 3 or rng.random() < 0.5:
        return rng.choice(scalars)
    if rng.random() < 0.5:
        return [random_value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    keys = ["a", "b", "c d", "1", 1, 2.5, True, "k: v", "é", "long key " * 20, "", b"k", "null", "x\ny"]
    return {key: random_value(rng, depth + 1) for key in rng.sample(keys, rng.randint(0, 5))}


def random_dumps(rng, count):
    """Trees in all the forms that PyYAML writes."""
    for _ in range(count):
        options = {"default_flow_style": rng.choice([True, False, None]), "width": rng.choice([20, 80, 1000]),
                   "default_style": rng.choice([None, None, '"', "'", "|", ">"]), "allow_unicode": rng.random() < 0.5,
                   "indent": rng.choice([2, 4]), "explicit_start": rng.random() < 0.2}
        yield yaml.dump({"root": random_value(rng), "more": random_value(rng)}, sort_keys=False, **options)


def places(text):
    """[key path, line, column] of every scalar, 1-based; only of values whose place PyYAML and we define alike."""
    found = []
    lines = text.split("\n")

    def walk(node, path):
        if node.tag.endswith(("omap", "pairs")):
            return
        if isinstance(node, yaml.MappingNode):
            if any(key.tag != "tag:yaml.org,2002:str" for key, _ in node.value):
                return
            for key, value in node.value:
                walk(value, path + [key.value])
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                walk(value, path + [index])
        else:
            line, column = node.start_mark.line, node.start_mark.column
            before = lines[line][:column]
            empty = node.start_mark.index == node.end_mark.index
            if lines[line][column:column + 1] not in ("&", "!") and before.isascii() and not (empty and before[-1:] not in (":", "-")):
                found.append([path, line + 1, column + 1])

    root = yaml.compose(text, Loader=get_yaml_loader())
    if isinstance(root, (yaml.MappingNode, yaml.SequenceNode)):
        walk(root, [])
    return found


def problem_lines(error):
    """The lines that PyYAML's message names, 1-based."""
    marks = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
    return sorted({mark.line + 1 for mark in marks if mark is not None})


def record_document(name, raw):
    row = {"name": name}
    try:
        row["text"] = raw.decode("utf-8")
    except UnicodeDecodeError:
        row["bytes"] = raw.hex()
    try:
        # As Hydra opens its files.
        text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8").read()
        row["yaml"] = OmegaConf.to_yaml(OmegaConf.load(io.StringIO(text)))
        if text == row.get("text") and not set(text) & set("\u0085\ufeff\u2028\u2029"):
            row["places"] = places(text)
    except Exception as error:  # noqa: BLE001: OmegaConf lets Python's own errors through as well
        row["error"] = type(error).__name__
        row["lines"] = problem_lines(error)
    return row


def record_documents():
    rows = [record_document(name, raw) for name, raw in written_documents()]
    rng = random.Random(4)
    rows += [record_document(f"random {i}", RandomDocument(rng).text().encode()) for i in range(250)]
    rng = random.Random(5)
    rows += [record_document(f"dump {i}", text.encode()) for i, text in enumerate(random_dumps(rng, 250))]
    return rows


def main():
    check = "--check" in sys.argv[1:]
    recorders = {"scalars": record_scalars, "strings": record_strings, "floats": record_floats, "numbers": record_python_numbers,
                 "documents": record_documents}
    changed = False
    for name, recorder in recorders.items():
        path = DATA / f"recorded_{name}.jsonl"
        text = "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in recorder())
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            print(f"{path.name} would change")
            changed = True
        if not check:
            path.write_text(text, encoding="utf-8")
            print(path.name, text.count("\n"), "rows")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
