"""An override of the command line, taken apart: its key and its value, with the column of every part in the word."""

import dataclasses
import re

from yaml_values import Value

DIGITS = "[0-9](_?[0-9])*"
INTEGER = re.compile(r"[+-]?(0|[1-9](_?[0-9])*)")
FLOAT = re.compile(rf"[+-]?((({DIGITS})?\.{DIGITS}|{DIGITS}\.?)(e[+-]?{DIGITS})?|inf|nan)", re.I)
CLOSING = {"[": "]", "{": "}"}


@dataclasses.dataclass
class Override:
    index: int  # on the command line, from 1
    sign: str  # "", "+", "++" or "~"
    key: str
    package: str  # of `group@package`; None without
    key_column: int
    value: Value  # None without `=`

    def path(self):
        return tuple(self.key.split("."))


def primitive(text):
    lower = text.lower()
    if lower in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[lower]
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    return re.sub(r"\\([\\()\[\]{}:=, \t])", r"\1", text)


class Reader:
    """Reads a value of the override grammar."""

    def __init__(self, word, at):
        self.word, self.at = word, at

    def place(self, at):
        return 1, len(self.word[:at].encode()) + 1

    def skip_spaces(self):
        while self.word[self.at : self.at + 1].isspace():
            self.at += 1

    def value(self, stops=""):
        self.skip_spaces()
        begin, first = self.at, self.word[self.at : self.at + 1]
        if first in ("'", '"'):
            value = self.quoted(first)
        elif first in CLOSING:
            value = self.members(CLOSING[first])
        else:
            value = primitive(self.unquoted(stops))
        self.skip_spaces()
        return Value(value, self.place(begin))

    def quoted(self, quote):
        begin = self.at = self.at + 1
        while self.word[self.at] != quote:
            self.at += 2 if self.word[self.at] == "\\" and self.word[self.at + 1] in (quote, "\\") else 1
        self.at += 1
        # Backslashes count before a quote only, and at the end.
        halved = lambda found: "\\" * (len(found[1]) // 2) + found[2]  # noqa: E731
        return re.sub(rf"(\\+)({quote}|$)", halved, self.word[begin : self.at - 1])

    def unquoted(self, stops):
        begin, depth = self.at, 0
        while self.at < len(self.word):
            if self.word.startswith("${", self.at):
                depth += 1
            elif self.word[self.at] == "}" and depth:
                depth -= 1
            elif self.word[self.at] == "\\":
                self.at += 1
            elif not depth and self.word[self.at] in stops:
                break
            self.at += 1
        text = self.word[begin : self.at]
        return text if text.endswith("\\ ") else text.strip()

    def members(self, closing):
        members = {} if closing == "}" else []
        self.at += 1
        self.skip_spaces()
        while self.word[self.at] != closing:
            if closing == "}":
                self.skip_spaces()
                name = str(primitive(self.unquoted(":")))
                self.at += 1
                members[name] = self.value(",}")
            else:
                members.append(self.value(",]"))
            self.at += self.word[self.at] == ","
            self.skip_spaces()
        self.at += 1
        return members


def override(word, index):
    sign, key, package = re.match(r"(~|\+\+|\+|)([^=@]*)(?:@([^=]*))?", word).groups()
    begin = word.find("=")
    value = Reader(word, begin + 1).value() if begin >= 0 else None
    return Override(index, sign, key, package, len(sign) + 1, value)
