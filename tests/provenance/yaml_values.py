"""What a YAML file says, key by key, with the place of every value, as PyYAML's marks have it."""

import dataclasses
import pathlib
import re
import typing

import yaml

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
MERGE = "tag:yaml.org,2002:merge"


class Loader(yaml.SafeLoader):
    """PyYAML with OmegaConf's rules for floats and timestamps (omegaconf/_utils.py, get_yaml_loader).

    It also keeps where aliases stand, which PyYAML's nodes do not say.
    """

    def __init__(self, text):
        super().__init__(text)
        self.aliases = {}  # (id of the node above, its key's id or the index) -> mark

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            self.aliases[id(parent), index if isinstance(index, int) else id(index)] = self.peek_event().start_mark
        return super().compose_node(parent, index)


class QuickLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """The same values, without marks: for big files of which nothing but these matters."""


for one in (Loader, QuickLoader):
    one.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
    one.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in one.yaml_implicit_resolvers.items()
    }


@dataclasses.dataclass
class Value:
    """A map, a list or a scalar where it is written."""

    data: typing.Any  # {name: Value}, [Value] or a scalar
    at: tuple  # line and column in bytes, from 1
    via: tuple = None  # of the alias that brought it

    def is_map(self):
        return isinstance(self.data, dict)

    def is_list(self):
        return isinstance(self.data, list)


class File:
    """One config: `content` without its defaults list, and the entries of that."""

    def __init__(self, path):
        self.text = pathlib.Path(path).read_text(encoding="utf-8")
        self.lines = self.text.split("\n")
        self.loader = Loader(self.text)
        root = self.loader.get_single_node()
        if root is None:
            self.content = Value({}, (1, 1))
        elif isinstance(root, yaml.ScalarNode):
            # OmegaConf takes a lone text for a key without a value.
            self.content = Value({root.value: Value(None, self.start_of(root))}, (1, 1))
        else:
            self.content = self.value(root, self.start_of(root), None)
        defaults = self.content.data.pop("defaults", None)
        self.defaults = defaults.data if defaults and defaults.data else []
        if not self.content.data:
            self.content.at = (1, 1)  # without content the whole file is meant

    def position(self, line, column):
        return line + 1, len(self.lines[line][:column].encode()) + 1

    def value(self, node, at, via):
        if isinstance(node, yaml.MappingNode):
            members = {}
            for key, member, above in self.members(node, via):
                name = str(self.loader.construct_object(key, deep=True))
                members[name] = self.value(member, self.start_of(member, key), above)
            return Value(members, at, via)
        if isinstance(node, yaml.SequenceNode):
            vias = [via or self.alias(node, index) for index in range(len(node.value))]
            items = zip(node.value, vias)
            return Value([self.value(item, self.start_of(item), above) for item, above in items], at, via)
        return Value(self.loader.construct_object(node, deep=True), at, via)

    def alias(self, parent, index):
        mark = self.loader.aliases.get((id(parent), index if isinstance(index, int) else id(index)))
        return mark and self.position(mark.line, mark.column)

    def members(self, node, via):
        """(key, value, alias) of a mapping: first what `<<` brings, so that the mapping's own come later and count."""
        brought, own = [], []
        for key, value in node.value:
            above = via or self.alias(node, key)
            if key.tag != MERGE:
                own.append((key, value, above))
            elif isinstance(value, yaml.MappingNode):
                brought += self.members(value, above)
            else:
                for index, item in reversed(list(enumerate(value.value))):
                    brought += self.members(item, above or self.alias(value, index))
        return brought + own

    def start_of(self, node, key=None):
        """A node's mark is that of its anchor and tag: the value itself stands behind them."""
        is_aliased = key and node.start_mark.index < key.start_mark.index
        if key and is_empty(node) and not is_aliased and not self.has_colon(key.end_mark, node.start_mark):
            return self.position(key.end_mark.line, key.end_mark.column)
        line, column = node.start_mark.line, node.start_mark.column
        properties = re.match(r"([&!]\S*\s*)*", self.lines[line][column:]).group()
        if not properties:
            return self.position(line, column)
        if is_empty(node):
            return self.end_of_indicator(line, column, key)
        behind = self.lines[line][column + len(properties) :]
        if behind and behind[0] != "#":
            return self.position(line, column + len(properties))
        if isinstance(node, yaml.MappingNode):  # alone on their line: the value stands below
            return self.start_of(node.value[0][0])
        below = line + 1
        while re.match(r"\s*(#|$)", self.lines[below]):
            below += 1
        return self.position(below, len(self.lines[below]) - len(self.lines[below].lstrip()))

    def has_colon(self, begin, end):
        """Whether a key has one, as `n` of `{m: 1, n}` has not."""
        return ":" in re.sub("#.*", "", self.text[begin.index : end.index])

    def end_of_indicator(self, line, column, key):
        """The byte after the colon, or a list's dash, before the anchor of an empty value."""
        sign = ":" if key else "-"
        while sign not in self.lines[line][:column]:
            line, column = line - 1, len(self.lines[line - 1])
        return self.position(line, self.lines[line].rindex(sign, 0, column) + 1)


def is_empty(node):
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value == ""


FILES = {}


def file_of(path):
    if path not in FILES:
        FILES[path] = File(path)
    return FILES[path]
