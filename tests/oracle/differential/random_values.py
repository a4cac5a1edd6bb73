"""Random YAML: values as a small tree (Scalar, Map, List), and that tree written in one of YAML's many ways."""
import dataclasses

INTS = ("0 1 -1 +1 7 42 010 0x1F 0b11 1_000 1:30 -1:30 0o10 08 1__0 1_ _1 -0 00 0x 123456789012345678901 "
        "190:20:30").split()
FLOATS = ("1.5 1. .5 -.5 1e3 1E-6 1.0e+5 1e+5 .inf -.inf +.INF .nan .NaN 190:20:30.15 1_0.5 1e 0.1 1e400 -0.0 1e16 "
          "1e-5 123456789.123456789 1.0 100000000000000000000.0 1.e5 1_0.0_1 0.00001 5e-324 1e22 1e15 3.0e10").split()
BOOLS = "true false yes no on off True FALSE Yes NO On OFF truE yES y n Y N".split()
NULLS = ["null", "~", "Null", "NULL", "nULL", "", "!!null ''"]
STRINGS = ("foo bar x inf nan None a:b a#b -x ?x 2020-01-01 12:30:45 1:60 abc.def a/b 0x1G 1e+ +-1 . .. ._ 1.2.3 "
           "é ☃ 😀 ß日本 a\u00a0b \ufeff x--- \\n \\$ \\\\ $x $ 1a 0777777 null_ trueish ~x -1- _ 1,5 1,000").split(" ")
PHRASES = ["two words", "x y  z", "a: b", "it's", 'say "so"', " lead", "trail ", "tab\there", "new\nline",
           "two\n\nlines\n",
           "", " ", "\n", "# no comment", "a # b", "- a", "? a", "[1]", "{a: 1}", "!x", "&x", "*x", "%x", "@x", "`x",
           "|", ">",
           "null", "true", "1", "1.5", "1e3", "0x10", "1:30", "yes", "~", "???", "=", "<<", "2001-01-01", "\x07bell",
           "\x85",
           "\u2028", "emoji 😀 and é", "é", "back\\slash", "a\\nb", "$x", "end:", "word " * 25, "long" * 30,
           "x" * 79 + " y", "quote's " * 15, "line one\nline two " * 6, "a\n b\n", "\ttab", "x\n ", ":", ": ", " #",
           "a:", "-",
           "--- x", "...", "'", "''", '"', "\r", "a\rb", "\u00a0", "\ufeffx", "\x7f"]
TAGGED = ["!!str 1", "!!str yes", "!!str", "!!int '3'", "!!int 0x10", "!!float 1", "!!float '1e3'", "!!bool 'yes'",
          "!!str |\n  x", "!!str ~", "!!binary aGVsbG8="]
WRONG = ["[1, 2", "{a: 1", "'open", '"open', "*nothing", "@bad", "`bad", "!unknown x", "a: b: c", "!!int x", '"\\q"',
         "%x", "} x",
         "!!python/name:x y", "&a", "!!set {a}", "\tx", "- - x: y: z", "!!omap [a: 1]", "!!timestamp 2020-01-01", "=",
         "-", "...", "<<", "! 1", "a\n  b: c"]
LONG_KEY = "k" * 140
KEYS = "a b c x y z n lr size name opt".split()
FINE_KEYS = ["1", "0x10", "true", "'1'", "a-b", "yes", "_x", "-1", "A", "B1", "on", "'y'", "1.5"]
ODD_KEYS = ["null", '"a b"', "a b", "é", "a.b", "1:30", "~", "a/b",
            "''", "x$", "$x", "a@b", "'a:b'", "\"q\\tq\"", "1e3", ".inf", "x:y", "?x", "'???'", "_target_", "'${a}'",
            "<", "😀", "0",
            "'[x]'", "_self_", "defaults", "hydra", "!!str 1", "1_0", LONG_KEY, "key with  blanks", "!!binary eA=="]


@dataclasses.dataclass
class Scalar:
    text: str  # as it is written in block style
    flow: str = None  # as it is written inside of [] and {}; None when it is the same


@dataclasses.dataclass
class Map:
    items: list  # (key as it is written, value)


@dataclasses.dataclass
class List:
    items: list


def double_quoted(text):
    table = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x07": "\\a", "\x85": "\\N",
             "\u2028": "\\L",
             "\ufeff": "\\ufeff", "\x7f": "\\x7f"}
    return '"' + "".join(table.get(c, c) for c in text) + '"'


def single_quoted(text):
    if any(c in text for c in "\n\x07\x85\u2028\r\ufeff\x7f"):
        return double_quoted(text)
    return "'" + text.replace("'", "''") + "'"


def block_scalar(rng, text):
    """| or >, whose lines are indented when the value is written."""
    lines = text.rstrip("\n").split("\n")
    if not lines[0] or lines[0][0] in " \t" or any(c in text for c in "\x07\x85\u2028\r\ufeff\x7f"):
        return double_quoted(text)
    more = rng.choice(["", "", "", "more indented\n  code\nback", "\n", "\n\nend", "- x\n- y"])
    return rng.choice("|>") + rng.choice(["", "-", "+"]) + rng.choice(["", "", "",
        " # c"]) + "\n" + "\n".join(lines) + "\n" + more


def random_scalar(rng):
    kind = rng.weighted({"int": 16, "float": 12, "bool": 9, "null": 6, "string": 22, "quoted": 14, "block": 6,
                         "missing": 3, "tagged": 1, "folded": 2})
    if rng.risk(0.015):
        return Scalar(rng.choice(WRONG), "1")
    if kind == "quoted":
        text = rng.choice(PHRASES + STRINGS)
        return Scalar(rng.choice([single_quoted, double_quoted])(text))
    if kind == "block":
        text = rng.choice([p for p in PHRASES if p.strip()])
        return Scalar(block_scalar(rng, text), double_quoted(text))
    if kind == "folded":  # a plain or quoted scalar over two lines
        return Scalar(rng.choice(["first\nsecond", "'first\nsecond'", '"first\n\nsecond"', '"first\\\nsecond"']),
                      "folded")
    if kind == "null":
        text = rng.choice(NULLS)
        return Scalar(text, text or "null")
    if kind == "tagged":
        return Scalar(rng.choice(TAGGED), "tagged")
    if kind == "missing":
        return Scalar(rng.choice(["???", "'???'"]), rng.pick(["'???'"], ["???"], 0.3))
    if kind == "string":
        text = rng.choice(STRINGS)
        plain = text[0] not in "@-?=<" and not (set(text) & set(",[]{}#")) and ":" not in text
        return Scalar(text, text if plain else single_quoted(text))
    source = {"int": INTS, "float": FLOATS, "bool": BOOLS}[kind]
    text = rng.choice(source)
    return Scalar(text)


def random_key(rng):
    if rng.random() < 0.03:
        return rng.choice(FINE_KEYS)
    return rng.pick(KEYS, ODD_KEYS, 0.04)


def random_map(rng, depth, least=0):
    keys = []
    for _ in range(rng.choice([least, 1, 1, 2, 2, 3, 4])):
        key = random_key(rng)
        if key not in keys or rng.risk(0.02):
            keys.append(key)
    return Map([(key, random_value(rng, depth + 1)) for key in keys])


def random_value(rng, depth=0):
    roll = rng.random()
    if depth < 4 and roll < 0.25:
        return random_map(rng, depth)
    if depth < 4 and roll < 0.37:
        return List([random_value(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 2, 3]))])
    return random_scalar(rng)


def leaves(node, path=()):
    """(path, container, index) of every value below a container."""
    if isinstance(node, (Map, List)):
        for index, item in enumerate(node.items):
            key, value = item if isinstance(node, Map) else (str(index), item)
            yield path + (key,), node, index
            yield from leaves(value, path + (key,))


def child(node, index):
    return node.items[index][1] if isinstance(node, Map) else node.items[index]


def replace_child(node, index, value):
    node.items[index] = (node.items[index][0], value) if isinstance(node, Map) else value


class Writer:
    """Writes a value; anchors are made on the way, and what has one may be written as an alias later."""

    def __init__(self, rng, anchors=0.06):
        self.rng = rng
        self.anchor_chance = anchors
        self.anchors = []  # (name, is a map)
        self.count = 0

    def anchor(self):
        if self.rng.random() >= self.anchor_chance:
            return ""
        self.count += 1
        return f"&A{self.count if not self.rng.risk(0.1) else 1} "

    def anchored(self, anchor, node):
        """From here on the anchor may be used; earlier it would be a recursive value."""
        if anchor:
            self.anchors.append((anchor[1:-1], isinstance(node, Map)))

    def document(self, node, header=()):
        lines = list(header)
        if not node.items:
            return "\n".join(lines) + ("\n" if lines else "") + self.rng.choice(["", "# nothing\n"] + ["", "{}\n",
                "---\n", "null\n"] * (not lines))
        if self.rng.random() < 0.05 and (not lines or self.rng.risk(0.5)):
            lines.append("---")
        lines += self.block(node, 0)
        if self.rng.random() < 0.02:
            lines.append("...")
        return "\n".join(lines) + ("" if self.rng.random() < 0.02 else "\n")

    def block(self, node, indent):
        pad = " " * indent
        merge = self.merge_key(node, pad)
        at_end = self.rng.random() < 0.5
        lines = [] if at_end else merge
        for item in node.items:
            key, value = item if isinstance(node, Map) else (None, item)
            if self.rng.random() < 0.02:
                lines.append(self.rng.choice([pad + "# a comment", "", "    # far away"]))
            lines += self.entry(pad, f"{key}:" if key is not None else "-", value, indent)
        return lines + merge if at_end else lines

    def merge_key(self, node, pad):
        merged = [f"*{name}" for name, is_map in self.anchors if is_map or self.rng.risk(0.1)]
        if not isinstance(node, Map) or not merged or self.rng.random() > 0.3:
            return []
        one = self.rng.choice(merged)
        return [pad + "<<: " + self.rng.choice([one, one, one, f"[{one}, {self.rng.choice(merged)}]"])]

    def entry(self, pad, head, value, indent):
        rng = self.rng
        if self.anchors and rng.random() < 0.08:
            return [f"{pad}{head} *{rng.choice(self.anchors)[0]}"]
        anchor = self.anchor()
        if rng.risk(0.03):
            self.anchored(anchor, value)
        lines = self.scalar(pad, head, value, indent, anchor) if isinstance(value, Scalar) else self.container(
            pad, head, value, indent, anchor)
        self.anchored(anchor, value)
        return lines

    def container(self, pad, head, value, indent, anchor):
        rng = self.rng
        if not value.items or rng.random() < 0.25:
            return [f"{pad}{head} {anchor}{self.flow(value)}"]
        step = rng.choice([2, 2, 2, 2, 4, 1])
        if isinstance(value, List) and head != "-" and rng.random() < 0.5:
            step = 0
        below = self.block(value, indent + step)
        if head == "-" and not anchor and step == 2 and below[0].strip()[:1] not in ("#", "") and rng.random() < 0.7:
            return [f"{pad}- {below[0].lstrip(' ')}"] + below[1:]
        return [f"{pad}{head} {anchor}".rstrip()] + below

    def scalar(self, pad, head, value, indent, anchor):
        first, *rest = value.text.split("\n")
        comment = " # comment" if not rest and first and self.rng.random() < 0.03 else ""
        line = f"{pad}{head} {anchor}{first}{comment}"
        if self.rng.random() < 0.97:
            line = line.rstrip(" ")
        return [line] + [(" " * (indent + 2) + line) if line else "" for line in rest]

    def flow(self, node):
        if isinstance(node, Scalar):
            return node.text if node.flow is None else node.flow
        if isinstance(node, List):
            return "[" + ", ".join(map(self.flow, node.items)) + self.rng.choice(["", "", "",
                ","][:4 if node.items else 3]) + "]"
        return "{" + ", ".join(f"{key}: {self.flow(value)}" for key, value in node.items) + "}"
