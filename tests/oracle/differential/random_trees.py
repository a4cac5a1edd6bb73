"""Random configuration trees: which files there are, their defaults lists and packages, and their content."""
import dataclasses

from .random_interpolations import ENVIRONMENTS, interpolated_text
from .random_values import (List, Map, Scalar, Writer, child, leaves, random_map, random_scalar, replace_child,
                            single_quoted)

GROUPS = ["db", "srv", "db/sub", "srv/db", "exp", "a", "a/b"]
OPTIONS = ["one", "two", "three"]
PACKAGES = ["x", "x.y", "a", "db", "_here_", "_group_", "_global_", "_global_.x", "_group_.x", "_here_.x", "_name_",
            "c", "x", "srv.db", "_global_.db", "other"]
HEADERS = ["_global_", "_global_", "_global_", "foo", "foo.bar", "_group_", "_name_", "_group_._name_", "_group_.x",
           "_here_", "_global_.x", "a", "db"]
ODD_HEADERS = ["''", "a b", "_global_ # c", "a.", "_global_._global_", "x@y", "a/b", "${a}", "é"]


@dataclasses.dataclass
class Config:
    group: str
    name: str
    folder: str  # of the search path, below the tree
    body: Map
    header: str = ""
    defaults: list = None  # lines in YAML's flow style
    at_home: bool = False  # whether it is composed, into the package that it has by itself; as far as is known

    @property
    def path(self):
        return (self.folder + "/" if self.folder else "") + (self.group + "/" if self.group else "") + self.name

    def package(self):
        if self.header:
            return [p for p in self.header.split(".") if p != "_global_"]
        return self.group.split("/") if self.group else []


def random_configs(rng, folder, more):
    groups = sorted(rng.sample(GROUPS, rng.choice([0, 1, 1, 2, 2, 3])))
    configs = [Config("", "config", folder, random_map(rng, 0, least=1))]
    if rng.random() < 0.3:
        configs.append(Config("", rng.choice(["base", "db", "other"]), folder, random_map(rng, 0)))
    for group in groups:
        for option in rng.sample(OPTIONS, rng.choice([1, 1, 2])):
            configs.append(Config(group, option, folder, random_map(rng, 0)))
    for further in more:
        one = rng.choice(configs)
        configs.append(Config(one.group, one.name if rng.random() < 0.5 else "far", further, random_map(rng, 0)))
    for config in configs[1:]:
        if rng.random() < (0.75 if config.group == "exp" else 0.15):
            config.header = "_global_" if config.group == "exp" else rng.pick(HEADERS, ODD_HEADERS, 0.1)
    return configs[:7]


class Defaults:
    """The defaults list of one config. Most elements name what is there, and come after the configs that name them."""

    def __init__(self, rng, config, later):
        self.rng = rng
        self.config = config
        self.later = later
        self.groups = {}
        for other in later:
            self.groups.setdefault(other.group, []).append(other.name)
        self.used = []  # (group as written, package)

    def relative(self, group):
        """A group as it is written in this config: from its own group on, or absolute."""
        own = self.config.group
        if own and group.startswith(own + "/"):
            return group[len(own) + 1:] if self.rng.random() < 0.8 else "/" + group
        if not own:
            return group if self.rng.random() < 0.9 else "/" + group
        return "/" + group if not self.rng.risk(0.1) else self.rng.choice([group, "../" + group, "./" + group])

    def with_package(self, name, chance):
        return f"{name}@{self.rng.choice(PACKAGES)}" if self.rng.random() < chance else name

    def option(self, group):
        rng = self.rng
        options = self.groups[group]
        kind = rng.weighted({"one": 76, "null": 4, "list": 6, "interpolation": 5})
        kind = rng.pick([kind], ["missing", "nope", "odd"], 0.1)
        if kind == "one":
            return rng.choice(options)
        if kind == "list":
            return "[" + ", ".join(rng.pick([options], [OPTIONS], 0.3)[:rng.choice([0, 1, 2])]) + "]"
        if kind == "interpolation" and (self.used or rng.risk(0.5)):
            names = [u for u in self.used if u] or ["db"]
            one = "${" + rng.pick(self.used or ["db"], names + ["db", "srv"], 0.5).lstrip("/") + "}"
            return single_quoted(rng.pick([one], [f"{one}_{one}", "x" + one, "${.a}", "${a.b}", "${oc.env:A,one}"],
                                          0.5))
        return {"null": "null", "interpolation": options[0], "missing": "'???'", "nope": "nope",
                "odd": rng.choice(["1", "true", "{a: 1}", "''", "one.yaml", "1.5", "~", "/one", "[null]", "[1]",
                                   "sub/one"])}[kind]

    def group_default(self):
        rng = self.rng
        group = rng.choice([g for g in self.groups if g])
        name = self.with_package(self.relative(group), 0.2)
        if name in self.used and not rng.risk(0.1):
            return None
        optional = rng.random() < 0.1
        if optional and rng.random() < 0.5:
            return f"optional {name}: {rng.choice(['nope', 'one'])}"
        option = self.option(group)
        self.used.append(name)
        self.mark(group, option, name)
        return ("optional " if optional else "") + f"{name}: {option}"

    def mark(self, group, option, written):
        """What is included from another group's config, or at a package, goes elsewhere."""
        if self.config.at_home and "@" not in written and not (self.config.group and written.startswith("/")):
            for other in self.later:
                if (other.group, other.name) == (group, option):
                    other.at_home = True

    def config_entry(self):
        rng = self.rng
        other = rng.choice(self.later)
        if other.group == self.config.group:
            name = other.name if rng.random() < 0.8 else "/" + (other.group + "/" if other.group else "") + other.name
        else:
            name = self.relative(other.group) + "/" + other.name if other.group else "/" + other.name
        name = self.with_package(name, 0.15)
        self.mark(other.group, other.name, name)
        name += ".yaml" if rng.random() < 0.02 else ""
        return "optional " + rng.choice(["nope", name]) if rng.risk(0.1) else name

    def wrong(self):
        return self.rng.choice(["nope", "nope: one", "1", "{a: b, c: d}", "null", "'???'", "override nope: one", "''",
                                "{}", "[]", "_self_@x",
                                "_self_: x", "optional _self_", "db: {one: true}", "override db", "a/b@x@y: one",
                                "optional", "db@: one", "@x: one",
                                "override /config", "config", "/config", "${db}", "'${db}'",
                                "override optional db: one", "1: one", "db/: one",
                                "one@x:y", "db@x:y: one", "hydra/nope: one"])

    def element(self):
        roll = self.rng.random()
        if self.rng.risk(0.03):
            return self.wrong()
        if roll < 0.7 and any(self.groups):
            return self.group_default()
        return self.config_entry() if self.later else None

    def overrides(self):
        rng = self.rng
        lines = []
        if rng.risk(0.03):
            lines.append("override hydra/job_logging: " + rng.choice(["disabled", "none", "stdout", "nope"]))
        groups = [g for g in self.groups if g]
        known = [u.rpartition("/")[2] for u in self.used if "@" not in u]
        groups = groups if rng.wild else [g for g in groups if g in known]
        if groups and rng.random() < (0.6 if self.config.group == "exp" else 0.12):
            group = rng.choice(groups)
            name = "/" + group if self.config.group and not rng.risk(0.1) else group
            lines.append("override " + self.with_package(name, 0.15 if rng.wild else 0) + ": " + self.option(group))
        return lines

    def lines(self):
        rng = self.rng
        count = rng.choice([1, 1, 2, 2, 3]) if self.later else rng.choice([0, 0, 1])
        lines = [line for line in (self.element() for _ in range(count)) if line]
        for _ in range(rng.choice([0, 1, 1]) + rng.risk(0.03)):
            lines.insert(rng.choice([0, len(lines), len(lines), rng.randint(0, len(lines))]), "_self_")
        overrides = self.overrides()
        return lines + overrides if not rng.risk(0.05) else overrides + lines


def add_defaults(rng, configs):
    configs[0].at_home = True
    for index, config in enumerate(configs):
        later = [c for c in configs[index + 1:] if (c.group, c.name) != (config.group,
            config.name) and (c.group or c.name != "config")] if not rng.risk(0.03) else configs
        chance = 0.92 if index == 0 else 0.35
        if rng.random() < chance and (later or rng.random() < 0.3):
            config.defaults = Defaults(rng, config, later).lines()


def add_interpolations(rng, configs):
    """Some leaves become ${…} of other places; returns the paths of the whole tree."""
    paths = []
    for config in configs:
        if config.at_home or rng.risk(0.5):
            paths += [tuple(config.package()) + path for path, _, _ in leaves(config.body)]
    targets = paths if rng.wild else [p for p in paths[:len(paths) // 2 + 1] if p[0] != "hydra"]
    for config in configs:
        package = tuple(config.package())
        for path, container, index in list(leaves(config.body)):
            own = package + path
            if not isinstance(child(container, index), Scalar) or rng.random() > 0.15:
                continue
            if rng.wild or not any(own[:len(t)] == t or t[:len(own)] == own for t in targets):
                text = interpolated_text(rng, targets, own)
                quoted = single_quoted(text)
                replace_child(container, index, Scalar(text if rng.random() < 0.6 and is_plain(text) else quoted,
                                                       quoted))
    return paths


def is_plain(text):
    """Whether the text may be written without quotes in block style."""
    return text[:1] in ("$", "x", "a") and ": " not in text and " #" not in text and not text.endswith((":", " "))


def text_of(rng, config):
    header = []
    if config.header:
        line = "# @package " + config.header
        header.append(line if rng.random() < 0.9 else rng.choice(["#@package " + config.header,
                                                                  "#  @package  " + config.header, line + " "]))
        if rng.random() < 0.1:
            header.insert(0, rng.choice(["# first", ""]))
    if config.defaults is not None:
        if rng.random() < 0.8:
            header += ["defaults:" if config.defaults else "defaults: []"] + [rng.choice(["- ",
                "  - "][:1]) + line for line in config.defaults]
        else:
            items = ["{" + d + "}" if ": " in d and not d.startswith("{") else d for d in config.defaults]
            header.append("defaults: [" + ", ".join(items) + "]")
    return Writer(rng).document(config.body, header)


def add_hydra_nodes(rng, trial_settings, config):
    """hydra.searchpath and hydra's own nodes in the primary config."""
    if trial_settings["more_config_dirs"] and rng.random() < 0.2:
        further = trial_settings["more_config_dirs"][0]
        trial_settings["env"] = {**trial_settings["env"], "TREE": "{tree}"}
        trial_settings["more_config_dirs"] = trial_settings["more_config_dirs"][1:]
        searchpath = List([Scalar("file://${oc.env:TREE}/" + further, "'file://${oc.env:TREE}/" + further + "'")])
        config.body.items.append(("hydra", Map([("searchpath", searchpath)])))
    elif rng.risk(0.08):
        trial_settings["hydra"] = True
        name = rng.choice(["job", "run", "nope", "verbose", "searchpath"])
        value = rng.choice([Map([(rng.choice(["name", "dir", "chdir", "nope"]), random_scalar(rng))]),
                            random_scalar(rng)])
        config.body.items.append(("hydra", Map([(name, value)])))


def random_tree(rng):
    """(files, settings of the trial, configs, paths)"""
    more = rng.choice([[], [], [], [], [], ["more"], ["more"], ["more", "extra"]])
    folder = "conf" if more else ""
    configs = random_configs(rng, folder, more)
    settings = {"config_dir": folder, "more_config_dirs": tuple(more), "env": rng.choice(ENVIRONMENTS),
                "hydra": rng.random() < 0.08}
    add_defaults(rng, configs)
    add_hydra_nodes(rng, settings, configs[0])
    paths = add_interpolations(rng, configs)
    files = {}
    for config in configs:
        files[config.path + ".yaml"] = text_of(rng, config)
    return files, settings, configs, paths
