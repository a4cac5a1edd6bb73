"""What the text of an interpolation reads: keys, variables of the environment, resolvers."""

import re

NAME = re.compile(r"\s*([A-Za-z_][\w.]*)\s*:")


class Select:
    """`${a.b}`; other interpolations may be `parts` of the path."""

    def __init__(self, path, parts):
        self.path, self.parts = path, parts


class Call:
    """`${name:arguments}`."""

    def __init__(self, name, arguments, parts):
        self.name, self.arguments, self.parts = name, arguments, parts


def closing(text, at):
    """Where the interpolation that begins at `at` ends: behind its brace."""
    depth = 0
    while at < len(text):
        depth += (text.startswith("${", at) or text[at] == "{") - (text[at] == "}")
        at += 2 if text.startswith("${", at) else 1
        if depth == 0:
            return at
    return at


def parse(text):
    """The interpolations in a text, in order; those inside others are their `parts`."""
    found, at = [], text.find("${")
    while at >= 0:
        escapes = len(text[:at]) - len(text[:at].rstrip("\\"))
        end = at + 2
        if escapes % 2 == 0:
            end = closing(text, at)
            found.append(parse_one(text[at + 2 : end - 1]))
        at = text.find("${", end)
    return found


def parse_one(inner):
    name = NAME.match(inner)
    if name:
        rest = inner[name.end() :]
        return Call(name[1], arguments_of(rest), parse(rest))
    parts = parse(inner)
    return Select(inner.strip(), parts)


def arguments_of(text):
    """Split at the commas that are not inside anything."""
    arguments, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        depth += 0 if quote else (letter in "[{(") - (letter in "]})")
        if letter == "," and not depth and not quote:
            arguments.append("")
        else:
            arguments[-1] += letter
    return [argument.strip() for argument in arguments]


def whole(text):
    """The interpolation that is all of a text, or None."""
    if not isinstance(text, str) or not text.startswith("${") or closing(text, 0) != len(text):
        return None
    return parse(text)[0]


def split(path):
    """`a.b[c].0` -> names; each dot in front of them is an empty one."""
    return re.sub(r"\[([^\]]*)\]", r".\1", path).split(".")
