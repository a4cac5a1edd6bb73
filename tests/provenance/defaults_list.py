"""The configs of a composition in order, each with its file and the places that may have chosen it.

Which configs these are is asked of `cfgtool resolve --info defaults`, which other tests hold against Hydra's own list.
"""

import collections
import dataclasses
import functools
import itertools
import json
import os
import pathlib
import re
import subprocess

from override_words import override
from yaml_values import file_of

PRIMARY = {"kind": "flag", "name": "--config-name", "line": 1, "column": 1}


@dataclasses.dataclass(frozen=True)
class Config:
    path: str  # `db/mysql`
    package: str
    parent: str
    file: str  # None: built in

    def group(self):
        return os.path.normpath(os.path.dirname(self.path))


@dataclasses.dataclass
class Composing:
    """What the command line of one composition says."""

    folder: str
    config_name: str
    words: list
    env: dict
    tool: str

    def flags(self):
        return ["-cp", self.folder, *(["-cn", self.config_name] if self.config_name else [])]

    def run(self, command, *more):
        words = [self.tool, *command, *self.flags(), *more, *self.words]
        return subprocess.run(words, capture_output=True, text=True, env=self.env, check=False)

    @functools.cached_property
    def overrides(self):
        return [override(word, index) for index, word in enumerate(self.words, 1)]

    @functools.cached_property
    def folders(self):
        """The search path."""
        more = [one.value.data for one in self.overrides if one.key == "hydra.searchpath"]
        primary = pathlib.Path(self.folder, f"{self.config_name}.yaml")
        if not more and primary.is_file():
            hydra = file_of(str(primary)).content.data.get("hydra")
            found = hydra and hydra.is_map() and hydra.data.get("searchpath")
            more = [found.data] if found else []
        return [self.folder] + [item.data.removeprefix("file://") for items in more for item in items]

    @functools.cached_property
    def defaults(self):
        """What `--info defaults` prints."""
        return self.run(["resolve", "--info", "defaults", "--json"]).stdout

    def is_choice(self, one):
        """Whether an override chooses an option of a group."""
        is_group = one.package is not None or any(os.path.isdir(f"{folder}/{one.key}") for folder in self.folders)
        is_hydras = one.key.startswith("hydra/")
        return (is_group or is_hydras) and not (one.value and one.value.is_map())


def configs_of(composing):
    configs = []
    for row in json.loads(composing.defaults)["defaults"]:
        path = row["config_path"]
        name = path if path.endswith(".yaml") else path + ".yaml"
        found = [os.path.normpath(f"{folder}/{name}") for folder in composing.folders]
        file = next((one for one in found if os.path.isfile(one)), None)
        configs.append(Config(path, row["package"], row["parent"], file))
    return configs


def fits(key_package, package):
    """Whether `group@key_package` may have given that package, which it is the end of."""
    if not key_package or key_package in ("_here_", "_group_"):
        return True
    end = key_package.removeprefix("_global_").strip(".")
    return package == end or (package + ".").endswith(f".{end}.") if end else package == ""


@dataclasses.dataclass
class Entry:
    """Of a config's defaults list."""

    overrides: bool
    is_group: bool  # not a config by its name
    groups: set  # it may be relative to
    package: str
    options: list
    place: dict


def absolute(name, config):
    """A group of a defaults list is relative to that of the config which has it, or begins with `/`.

    Of `a/b/c` the group may be `a/b`, or `a` with the option `b/c`.
    """
    if name.startswith("/"):
        return {os.path.normpath(name[1:])}
    above = [config.group(), *map(str, pathlib.PurePath(config.group()).parents)]
    return {os.path.normpath(os.path.join(group, name)) for group in above if group != "." or config.group() == "."}


@functools.lru_cache(maxsize=None)
def entries_of(config):
    entries = []
    for entry in file_of(config.file).defaults:
        place = {"kind": "file", "file": config.file, "line": entry.at[0], "column": entry.at[1]}
        if not entry.is_map():
            path, _, package = str(entry.data).partition("@")
            group, name = os.path.split(path)
            entries.append(Entry(False, False, absolute(group, config), package, [name], place))
            continue
        ((key, value),) = entry.data.items()
        words, (name, _, package) = key.split(" ")[:-1], key.split(" ")[-1].partition("@")
        options = [str(item.data) for item in value.data] if value.is_list() else [str(value.data)]
        entries.append(Entry("override" in words, True, absolute(name, config), package, options, place))
    return entries


def leads_to(groups, options, package, config):
    """Whether one of those options, at that package, may be that config; `${…}` may be anything."""
    if not fits(package, config.package):
        return False
    path = os.path.normpath(config.path).removesuffix(".yaml")
    for option in itertools.product(groups, options):
        option = os.path.normpath("/".join(option)).removesuffix(".yaml")
        parts = re.split(r"\$\{.*?\}", option)
        if path == option or len(parts) > 1 and re.fullmatch(".*".join(map(re.escape, parts)), path):
            return True
    return False


def in_order_of_reading(configs):
    """As Hydra reads them: parents before their children, of these the last first."""
    below = collections.defaultdict(list)
    for config in configs:
        below[config.parent].append(config)
    order, to_do = {}, below[None] + below["<root>"]
    while to_do:
        config = to_do.pop()
        if config not in order:
            order[config] = None
            to_do += below[config.path]
    return list(order)


class Seat:
    """Where a config comes in: the entries of the config above it, and those of them that name it."""

    def __init__(self, config, configs):
        self.config = config
        self.parent = next((one for one in configs if one.path == config.parent and one.file), None)
        entries = entries_of(self.parent) if self.parent else []
        self.entries = [one for one in entries if not one.overrides]
        self.own = [one for one in self.entries if self.named_by(one.groups, one.options, one.package)]

    def named_by(self, groups, options, package):
        return leads_to(groups, options, package, self.config)

    def reached_by(self, groups, package):
        """Whether an override with that key is about an entry that may have brought this config."""
        if self.parent is None:
            return self.config.parent is not None  # one that is built in
        for one in self.entries:
            common = groups & one.groups if one.is_group else set()
            own_packages = {name.replace("/", ".") for name in common}
            if common and (package or not one.package or self.config.package in own_packages):
                return True
        return False

    def words(self, composing):
        """Of the command line; the last one counts."""
        for one in reversed(composing.overrides):
            is_added = one.sign == "+" and (one.package or not self.own)
            if composing.is_choice(one) and (is_added or self.reached_by({one.key}, one.package)):
                options = one.value.data if one.value and one.value.is_list() else [one.value] if one.value else []
                if self.named_by({one.key}, [str(option.data) for option in options], one.package):
                    return [{"kind": "override", "line": 1, "column": 1, "index": one.index}]
        return []

    def overriding_entries(self, configs):
        """Entries with `override`; those that are read first count."""
        for other in configs:
            entries = [one for one in (entries_of(other) if other.file else []) if one.overrides]
            entries = [one for one in entries if self.reached_by(one.groups, one.package)]
            places = [one.place for one in entries if self.named_by(one.groups, one.options, one.package)]
            if places:
                return places
        return []


def choosers(config, configs, composing):
    """The places that may be said to have chosen a config; more than one where it is there more than once.

    An override of the command line goes before an `override` in a file, and that before the entry itself.
    `configs`: in the order of reading.
    """
    if config.parent in (None, "<root>") and config.path == composing.config_name:
        return [PRIMARY]
    seat = Seat(config, configs)
    by_name = [one.place for one in seat.own if not one.is_group]  # which nothing overrides
    return by_name or seat.words(composing) or seat.overriding_entries(configs) or [one.place for one in seat.own]
