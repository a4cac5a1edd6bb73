"""What `cfgtool explain` should say of one composition, by the model: the chain of each value, and what it reads."""

import re

import interpolations
from defaults_list import choosers, configs_of, in_order_of_reading
from expected_chain import Model
from yaml_values import file_of

KNOWN_RESOLVERS = {"now", "hydra", "python_version"} | {
    "oc." + name for name in ("env", "select", "decode", "create", "deprecated", "dict.keys", "dict.values")
}
READ_KEYS = {"oc.select"}


class Expected:
    def __init__(self, composing):
        self.env = composing.env
        self.model = Model()
        configs = configs_of(composing)
        self.read = in_order_of_reading(configs)
        for config in configs:
            if config.file is None:
                continue
            cause = {"kind": "file", "file": config.file, "config": config.path, "package": config.package}
            cause["chosen_by"] = choosers(config, self.read, composing)
            self.model.add_file(file_of(config.file).content, config.package, cause)
        for one in composing.overrides:
            if not composing.is_choice(one):
                self.model.add_override(one)

    def leaves(self, keys):
        """(path, node) of those values, or of all but Hydra's own, in order."""
        if keys:
            for key in keys:
                if self.model.find(tuple(key.split("."))):
                    yield from self.model.leaves(tuple(key.split(".")))
            return
        for path, node in self.model.leaves():
            if path and path[0] != "hydra":
                yield path, node

    def builtin_problem(self, cause, name):
        """What is wrong with a cause that is the built-in config of that name: its places cannot be known here."""
        config = next(one for one in self.read if one.file is None and one.path == name)
        wanted = {"kind": "builtin", "name": f"builtin {name}", "config": name, "package": config.package}
        if config.parent != "<root>":
            wanted["chosen_by"] = {"kind": "builtin", "name": f"builtin {config.parent}"}
        found = without_place(cause)
        if "chosen_by" in found:
            found["chosen_by"] = without_place(found["chosen_by"])
        return None if found == wanted else f"{cause} is not {name}"

    def chain(self, path):
        return self.model.chain(path)

    def reads(self, path, told=None):
        """What each interpolation reads is told where it is read first. `told`: those that were."""
        told = set() if told is None else told
        node = self.model.find(path)
        if not node.is_interpolation() or path in told:
            return []
        told.add(path)
        return self.reads_of(interpolations.parse(node.data), path, told)

    def reads_of(self, parts, path, told):
        """What decides which key or resolver it is comes first, then that."""
        reads = []
        for part in parts:
            reads += self.reads_of(part.parts, path, told)
            is_select = isinstance(part, interpolations.Select)
            name = self.text(part.path if is_select else part.arguments[0], path)
            if name is not None and (is_select or part.name in READ_KEYS):
                reads.append(self.read_key(name, path, told))
            elif name is not None and part.name == "oc.env":
                reads.append({"kind": "environment", "name": name, "found": name in self.env})
            elif not is_select:
                reads.append({"kind": "resolver", "name": part.name})
        return reads

    def text(self, text, path):
        """A text with its interpolations replaced; None: their values are not known here."""
        while text is not None and "${" in text:
            inner = re.search(r"\$\{([^${}]*)\}", text)
            part = interpolations.parse_one(inner[1])
            is_select = isinstance(part, interpolations.Select)
            found = self.scalar(part.path, path) if is_select else self.env.get(part.arguments[0])
            text = None if found is None else text[: inner.start()] + found + text[inner.end() :]
        return text

    def scalar(self, name, path):
        target = self.model.follow(interpolations.split(name), path)
        node = target and self.model.find(target)
        if not node or node.is_container():
            return None
        return self.text(node.data, target) if node.is_interpolation() else str(node.data)

    def read_key(self, name, path, told):
        target = self.model.follow(interpolations.split(name), path)
        if target is None:
            return {"kind": "key", "name": name, "found": False}
        read = {"kind": "key", "name": ".".join(target), "found": True, "set_by": self.setter(target)}
        reads = self.reads(target, told)
        return dict(read, reads=reads) if reads else read

    def setter(self, path):
        """Of a map that several sources merge into, that which it begins with; of an empty one the last."""
        events = self.model.counting(path)
        data = self.model.find(path).data
        if isinstance(data, dict) and data:
            events = [event for event in events if event.begins] or events
        return events[-1].entry(path)

    def through(self, path):
        """The path of the interpolation that brings a resolved value with it, or of the value itself."""
        node = self.model.root
        for length, name in enumerate(path):
            if node.is_interpolation():
                return path[:length]
            node = node.child(name)
        return path

    def origin(self, path):
        """Where a resolved value stands: interpolations that are nothing but a key are followed. None: nowhere."""
        place = self.model.follow(path, ())
        return place and self.model.follow_all(place)

    def unknown_resolvers(self, reads):
        """Those that only the project's own program has."""
        names = {read["name"] for read in reads if read["kind"] == "resolver"} - KNOWN_RESOLVERS
        return names.union(*(self.unknown_resolvers(read.get("reads", [])) for read in reads))


def without_place(cause):
    if not isinstance(cause, dict) or not all(isinstance(cause.get(name), int) for name in ("line", "column")):
        return {}
    return {name: value for name, value in cause.items() if name not in ("line", "column")}
