"""Records what Hydra's override parser and OmegaConf's interpolation grammar make of texts, for the tests beside it.

Run it with a Python that has hydra-core==1.3.8 and omegaconf==2.3.1:

    python record_grammar.py                                  # rewrites data/*.jsonl
    python record_grammar.py --random 20000 --seed 7 --out D  # a larger sample, to be tested with GRAMMAR_DATA=D

The texts are the lines of data/*.txt and random ones made of the grammars' own alphabet.
"""

import argparse
import json
import pathlib
import random
import re
import warnings

from antlr4.error.Errors import LexerNoViableAltException, RecognitionException
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    Glob,
    IntervalSweep,
    QuotedString,
    RangeSweep,
    Sweep,
)
from hydra.errors import HydraException
from omegaconf._utils import _is_interpolation_string, split_key
from omegaconf.errors import GrammarParseError
from omegaconf.grammar_parser import parse
from omegaconf.grammar_visitor import GrammarVisitor

HERE = pathlib.Path(__file__).resolve().parent
warnings.simplefilter("ignore")


def typed(value):
    """A Python value as text in which its type shows."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"bool {value}"
    if isinstance(value, int):
        return f"int {value}"
    if isinstance(value, float):
        return f"float {value!r}"
    if isinstance(value, QuotedString):
        return f"quoted{value.with_quotes()[0]} {json.dumps(value.text)}"
    if isinstance(value, str):
        return f"str {json.dumps(value)}"
    if isinstance(value, list):
        return "[" + ", ".join(map(typed, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{typed(k)}: {typed(v)}" for k, v in value.items()) + "}"
    tags = ",".join(sorted(getattr(value, "tags", ())))
    if isinstance(value, ChoiceSweep):
        return f"choice<{tags}>{' shuffled' if value.shuffle else ''} {typed(value.list)}"
    if isinstance(value, RangeSweep):
        numbers = typed([value.start, value.stop, value.step])
        return f"range<{tags}>{' shuffled' if value.shuffle else ''} {numbers}"
    if isinstance(value, IntervalSweep):
        return f"interval<{tags}> {typed([value.start, value.end])}"
    if isinstance(value, Glob):
        plain = [[p.text if isinstance(p, QuotedString) else p for p in ps] for ps in (value.include, value.exclude)]
        return f"glob {typed(plain)}"
    raise AssertionError(type(value))


def holds_sweep(value):
    """Whether a value that Hydra's parser lets pass can never be used: a sweep inside another value."""
    if isinstance(value, (Sweep, Glob)):
        return True
    if isinstance(value, dict):
        return any(map(holds_sweep, value.values()))
    return isinstance(value, list) and any(map(holds_sweep, value))


def is_unusable(value):
    if isinstance(value, ChoiceSweep):
        return holds_sweep(value.list)
    if isinstance(value, Glob):
        return not all(isinstance(p, (str, QuotedString)) for p in value.include + value.exclude)
    return not isinstance(value, Sweep) and holds_sweep(value)


PARSER = OverridesParser.create()


def record_override(word):
    try:
        override = PARSER.parse_override(word)
    except HydraException as e:
        cause = e.__cause__
        if isinstance(cause, (LexerNoViableAltException, RecognitionException)) or re.match(
            r"(extraneous|missing|mismatched) ", str(e)
        ):
            at = getattr(cause, "startIndex", None)
            if at is None and cause is not None:
                at = cause.offendingToken.start
            record = {"word": word, "ok": False, "error": "syntax"}
            if at is not None:
                record["byte"] = len(word[:at].encode())
            return record
        return {"word": word, "ok": False, "error": "function", "message": str(e)}
    except (RecursionError, ValueError) as e:
        return {"word": word, "ok": False, "error": "crash", "message": type(e).__name__}
    value = override._value
    if is_unusable(value):
        return {"word": word, "ok": False, "error": "value"}
    record = {
        "word": word,
        "ok": True,
        "kind": override.type.name,
        "key": override.key_or_group,
        "package": override.package,
        "value_kind": override.value_type.name if override.value_type else None,
        "value": typed(value),
        "type_name": type(override.value()).__name__,
        "key_element": override.get_key_element(),
    }
    if not isinstance(value, (Sweep, Glob)):
        record["text"] = override.get_value_element_as_str()
        record["spaced"] = override.get_value_element_as_str(space_after_sep=True)
    return record


class Placeholder(str):
    """Stands for an interpolation in the strings that OmegaConf's visitor joins."""


class Dumper(GrammarVisitor):
    """OmegaConf's own visitor, with interpolations written down instead of being resolved."""

    def __init__(self):
        super().__init__(self.node, self.resolver, memo=None)
        self.found = []

    def node(self, inter_key, memo):
        return self.add(f"(select {self.pieces(inter_key)})")

    def resolver(self, name, args, args_str):
        parts = [f"(call {self.pieces(name)}"]
        parts += [f"{self.dump(arg)} from {json.dumps(text)}" for arg, text in zip(args, args_str)]
        return self.add("; ".join(parts) + ")")

    def add(self, text):
        self.found.append(text)
        return Placeholder(f"\ue000{len(self.found) - 1}\ue001")

    def pieces(self, text):
        pieces = re.split("\ue000([0-9]+)\ue001", text)
        return " ".join(
            self.found[int(piece)] if i % 2 else json.dumps(piece) for i, piece in enumerate(pieces) if piece != ""
        )

    def dump(self, value):
        if isinstance(value, Placeholder):
            return self.pieces(value)
        if isinstance(value, str) and "\ue000" in value:
            return f"(concat {self.pieces(value)})"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.dump, value)) + "]"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{typed(k)}: {self.dump(v)}" for k, v in value.items()) + "}"
        return typed(value)


def record_interpolation(text, rule):
    record = {"text": text, "rule": rule}
    mode = "DEFAULT_MODE" if rule == "configValue" else "VALUE_MODE"
    try:
        dumper = Dumper()
        record["tree"] = dumper.dump(dumper.visit(parse(text, parser_rule=rule, lexer_mode=mode)))
        record["ok"] = True
    except (GrammarParseError, AssertionError, RecursionError, ValueError) as e:
        record["ok"] = False
        record["error"] = type(e).__name__
    except Exception as e:
        if str(e) != "Empty Stack":  # a brace too many: ANTLR's lexer runs out of modes
            raise
        record["ok"] = False
        record["error"] = "GrammarParseError"
    if rule == "configValue" and "${" in text:
        try:
            _is_interpolation_string(text, strict_interpolation_validation=True)
            record["valid"] = True
        except GrammarParseError:
            record["valid"] = False
    return record


# What random texts are made of: the grammars' tokens, what they are nearly, and what is in neither.
WORDS = ["a", "b-c", "_x", "x1", "null", "NULL", "nulls", "true", "False", "truE-", "inf", "nan", "iNF", "infx", "e5"]
NUMBERS = ["0", "1", "10", "007", "1_000", "1__0", "_1", "1_", ".5", "1.", "1.5", "1e5", "1E-3", "1.e2", "1e", "-1"]
NUMBERS += ["+2", "-.5", "+inf", "-nan", "1e400", "99999999999999999999", "1.5.2", "1-2", "0x1F", "-0.0", "1_0.0_1"]
MARKS = list("/-\\+.$%*@?|~!#&;<>^`") + ["\u00e9", "\u00a0"]
SEPARATORS = list("[](){},:=") + [" ", "  ", "\t", ", ", " : ", "[ ", " ]", " }", "{ "]
ESCAPES = ["\\" + c for c in "\\()[]{}:=, \tan'\""] + ["\\\\\\", "\\\\\\\\"]
QUOTED = ["'", '"', "''", '""', "'a'", '"b c"', "'it\\'s'", '"\\\\"', "'\\\\\\''", "'a\\b'", '"a\'b"', "'[1,2]'"]
NODES = ["${a}", "${ a.b }", "${.x}", "${..x.y}", "${a[0]}", "${[a].b}", "${a-b}", "${}", "${", "}", "${a", "${a.}"]
NODES += ["${$x}", "${a b}", "${a.[b]}", "${\u00e9}", "${a$}", "${0.1}", "${true}", "${a,b}", "${\na}"]
CALLS = ["${f:}", "${f:1}", "${oc.env:X,y}", "${ns.f: a , b }", "${f:[1,2],{a:b}}", "${f:'x',\"y\"}", "${f:,}", "${:a}"]
CALLS += ["${f:${a}}", "${f:'${a}'}", '${f:"a\\"${b}"}', "${f:a:b}", "${f-g:1}", "${f: }", "${a.0:1}", "${f:\na}"]
NESTED = ["${${a}}", "${a.${b}}", "${a[${b}].c}", "${${a}.${b}:c}", "${n.${a}:x}", "${a${b}}", "${${a}b}", "${.${a}}"]
TEXT_ESCAPES = ["\\${a}", "\\\\${a}", "\\\\\\${a}", "\\", "\\\\", "$", "$$", "\\$", "$${a}"]
FUNCTIONS = ["int", "float", "str", "bool", "choice", "range", "interval", "tag", "sort", "glob", "shuffle", "foo"]
ARG_NAMES = ["value=", "start=", "stop=", "step=", "sweep=", "list=", "reverse=", "include=", "exclude=", "end=", "x="]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *lists):
        return self.random.choice(self.random.choice(lists))

    def some(self, most, make, least=0):
        return [make() for _ in range(self.random.randint(least, most))]

    def soup(self, most):
        return "".join(self.random.choices("aE1_0.+-/\\\\'\"[](){}:=,$ \t~@n", k=self.random.randint(1, most)))

    def key(self):
        r = self.random
        part = lambda: self.pick(["a", "b_c", "x-1", "$k", "0", "10", "_"], ["model", "db"])
        if r.random() < 0.1:
            return "".join(self.some(4, lambda: self.pick(WORDS, NUMBERS, list("./@:~+$[]- ")))) 
        key = r.choice([".", ".", "/"]).join(self.some(3, part, 1))
        if r.random() < 0.15:
            key += "@" + ".".join(self.some(2, part))
        return key

    def primitive(self):
        if self.random.random() < 0.25:
            return self.pick(QUOTED, NODES, CALLS)
        most = 1 if self.random.random() < 0.5 else 4
        return "".join(self.some(most, lambda: self.pick(WORDS, NUMBERS, MARKS[:11], ESCAPES, [" "]), 1))

    def dict_text(self, value):
        pairs = self.some(3, lambda: self.pick(WORDS, NUMBERS, ["a b", "a\\:b", "1.0", "0"]) + ":" + value())
        return "{" + ",".join(pairs) + "}"

    def element(self, depth=0):
        r = self.random.random()
        if depth > 3 or r < 0.55:
            return self.primitive()
        inner = lambda: self.element(depth + 1)
        if r < 0.68:
            return "[" + self.pick([",", ", ", " ,"]).join(self.some(3, inner)) + "]"
        if r < 0.78:
            return self.dict_text(inner)
        argument = lambda: (self.pick(ARG_NAMES) if self.random.random() < 0.12 else "") + self.argument(depth + 1)
        return self.pick(FUNCTIONS) + "(" + ",".join(self.some(3, argument)) + ")"

    def argument(self, depth):
        r = self.random.random()
        if r < 0.4:
            return self.pick(NUMBERS, WORDS)
        if r < 0.6:
            return self.pick(["'1'", "' 2 '", "'1_0'", "'x'", "'nan'", "'true'", '"1.5"', "''", "[3,1,2]", "[b,a]"])
        return self.element(depth)

    def sweep(self, depth=0):
        """A call that mostly makes sense."""
        number = lambda: self.pick(NUMBERS[:2], NUMBERS, ["2", "5", "-3", "0.5", "true", "10"])
        inner = lambda: self.sweep(depth + 1) if depth < 3 and self.random.random() < 0.7 else self.primitive()
        name = self.random.choice(FUNCTIONS[:-1])
        if name in ("range", "interval"):
            args = self.some(3 if name == "range" else 2, number, 2)
        elif name == "tag":
            args = self.some(2, lambda: self.pick(WORDS[:5], ["'t u'"])) + [inner()]
        elif name == "glob":
            args = self.some(2, lambda: self.pick(["*", "a*", "[a*,'b']", "x?", "null"]), 1)
        elif self.random.random() < 0.6:
            args = [inner()]
        else:
            args = self.some(4, self.random.choice([number, number, lambda: self.argument(2)]))
        if name == "sort" and self.random.random() < 0.4:
            args.append("reverse=true")
        elif args and self.random.random() < 0.1:
            args[-1] = self.pick(ARG_NAMES) + args[-1]
        return f"{name}({','.join(args)})"

    def override(self):
        if self.random.random() < 0.2:
            return self.key() + "=" + self.sweep()
        r = self.random.random()
        prefix = self.random.choice(["", "", "", "+", "++", "~"])
        if r < 0.05:
            return "".join(self.some(8, self.anything))
        if r < 0.15:
            return self.random.choice(["", "a=", "a=", "a=[", "a={", "a=int("]) + self.soup(9)
        if r < 0.3:
            value = "".join(self.some(6, self.anything))
        else:
            value = ",".join(self.some(3 if r < 0.45 else 1, self.element))
        if r > 0.97:
            return prefix + self.key()
        return prefix + self.key() + "=" + value

    def anything(self):
        return self.pick(WORDS, NUMBERS, MARKS, SEPARATORS, SEPARATORS, ESCAPES, QUOTED, NODES, CALLS)

    def interpolation_part(self):
        r = self.random.random()
        if r < 0.35:
            return self.pick(NODES, CALLS, NESTED, TEXT_ESCAPES)
        if r < 0.6:
            return "${" + self.pick(["f", "oc.env", "a-b.c", "${x}"]) + ":" + ",".join(self.some(3, self.argument_text)) + "}"
        if r < 0.7:
            return "${" + "".join(self.some(5, lambda: self.pick(list("..[]ab") + ["${a}", "x-y", "0"]))) + "}"
        return self.pick(WORDS, NUMBERS, MARKS, SEPARATORS, ESCAPES, QUOTED)

    def argument_text(self, depth=0):
        r = self.random.random()
        if r < 0.1:
            return ""
        if r < 0.25:
            quote = self.random.choice("'\"")
            inside = self.some(4, lambda: self.pick(WORDS, TEXT_ESCAPES, ESCAPES, NODES[:6], CALLS[:6], ['"', "'"]))
            return quote + "".join(inside) + quote
        if depth < 3 and r < 0.35:
            return "[" + ",".join(self.some(3, lambda: self.argument_text(depth + 1))) + "]"
        if depth < 3 and r < 0.42:
            return self.dict_text(lambda: self.argument_text(depth + 1))
        return "".join(self.some(3, lambda: self.pick(WORDS, NUMBERS, MARKS, ESCAPES, NODES[:8], NESTED, [":", " "]), 1))

    def config_value(self):
        if self.random.random() < 0.2:
            before = self.random.choice(["", "${", "${a", "${f:", "${f:[", "${f:'", '${f:"${a}', "\\\\${"])
            return before + self.soup(7) + self.random.choice(["", "}", "}", "'}", "]}", '"}', "${a}"])
        return "".join(self.some(4, self.interpolation_part)) + self.random.choice(["", "${a}", "${f:1}"])

    def single_element(self):
        if self.random.random() < 0.15:
            return self.soup(8)
        if self.random.random() < 0.25:
            return "".join(self.some(5, self.anything, 1))
        return self.argument_text() or "''"

    def key_path(self):
        return "".join(self.some(6, lambda: self.pick(["a", "b", "0", "", "x y"], list(".[]..[]"))))


def lines(name):
    path = HERE / "data" / name
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line and not line.startswith("## ")]


def unique(items):
    return list(dict.fromkeys(items))


def write(path, records):
    with open(path, "w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps(record) + "\n")
    accepted = sum(record.get("ok", True) for record in records)
    print(f"{path}: {len(records)} records, {accepted} accepted")


def is_random(record):
    """shuffle() of a list has no answer to record."""
    return "shuffle" in record["word"] and record.get("value", "").find("shuffled") < 0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--random", type=int, default=700, help="how many random texts of each kind")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=pathlib.Path, default=HERE / "data")
    args = arguments.parse_args()
    make = Generator(args.seed)
    count = range(args.random)
    args.out.mkdir(parents=True, exist_ok=True)

    words = unique(lines("override_words.txt") + [make.override() for _ in count])
    records = [record_override(word) for word in words if "\0" not in word]
    write(args.out / "overrides.jsonl", [record for record in records if not is_random(record)])

    values = unique(lines("config_values.txt") + [make.config_value() for _ in count])
    elements = unique(lines("single_elements.txt") + [make.single_element() for _ in count])
    records = [record_interpolation(text, "configValue") for text in values if text]
    records += [record_interpolation(text, "singleElement") for text in elements]
    write(args.out / "interpolations.jsonl", records)

    paths = unique(["", "a.b", ".a.b[c].d", "[a].b", "..[a]", "a[b]c", "a]b", "a[", "a[]", "a..b", "a."])
    paths = unique(paths + [make.key_path() for _ in range(args.random // 4)])
    write(args.out / "key_paths.jsonl", [{"path": path, "keys": split_key(path)} for path in paths])


if __name__ == "__main__":
    main()
