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


def choosers(config, configs, composing):
    """The places that may be said to have chosen a config; more than one where it is there more than once.

    An override of the command line goes before an `override` in a file, of which the first that is read counts, and
    that before the entry itself. `configs`: in the order of reading.
    """
    if config.parent in (None, "<root>") and config.path == composing.config_name:
        return [PRIMARY]
    parent = next((one for one in configs if one.path == config.parent and one.file), None)
    entries = [one for one in entries_of(parent) if not one.overrides] if parent else []
    own = [one for one in entries if leads_to(one.groups, one.options, one.package, config)]
    if any(not one.is_group for one in own):
        return [one.place for one in own if not one.is_group]  # which nothing overrides

    def reaches(groups, package):
        """Whether an override with that key is about an entry that may have brought this config."""
        if parent is None:
            return config.parent is not None  # one that is built in
        for one in entries:
            common = groups & one.groups if one.is_group else set()
            if common and (package or not one.package or config.package in {name.replace("/", ".") for name in common}):
                return True
        return False

    for one in reversed(composing.overrides):
        is_added = one.sign == "+" and (one.package or not own)
        if composing.is_choice(one) and (is_added or reaches({one.key}, one.package)):
            options = one.value.data if one.value and one.value.is_list() else [one.value] if one.value else []
            if leads_to({one.key}, [str(option.data) for option in options], one.package, config):
                return [{"kind": "override", "line": 1, "column": 1, "index": one.index}]
    for other in configs:
        overriding = [
            one.place
            for one in (entries_of(other) if other.file else [])
            if one.overrides and reaches(one.groups, one.package)
            and leads_to(one.groups, one.options, one.package, config)
        ]
        if overriding:
            return overriding
    return [one.place for one in own]
