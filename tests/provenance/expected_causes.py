"""What `cfgtool explain` should say of one composition, by the model: the chain of each value, and what it reads."""

import interpolations
from defaults_list import choosers, configs_of, in_order_of_reading
from expected_chain import Model
from yaml_values import file_of

DEEPEST_READ = 16  # a longer chain is a circle, or nobody reads it
KNOWN_RESOLVERS = {"now", "hydra", "python_version"} | {
    "oc." + name for name in ("env", "select", "decode", "create", "deprecated", "dict.keys", "dict.values")
}


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

    def builtin_problem(self, cause):
        """What is wrong with a cause that is built in, of which we know the config only."""
        if not isinstance(cause, dict) or cause.get("kind") != "builtin":
            return f"{cause} is not built in"
        if cause == {"kind": "builtin", "name": ""}:
            return None
        known = {(one.path, one.package) for one in self.read if one.file is None}
        is_known = (cause.get("config"), cause.get("package")) in known
        return None if is_known and cause.get("name") == f"builtin {cause['config']}" else f"{cause} is not of a config"

    def chain(self, path):
        return self.model.chain(path)

    def reads(self, path, depth=0):
        node = self.model.find(path)
        if not node.is_interpolation() or depth == DEEPEST_READ:
            return []
        return self.reads_of(interpolations.parse(node.data), path, depth)

    def reads_of(self, parts, path, depth):
        reads = []
        for part in parts:
            reads += self.reads_of(part.parts, path, depth)
            if isinstance(part, interpolations.Select):
                reads += [self.read_key(part.path, path, depth)] if part.path is not None else []
            elif part.name == "oc.env" and "${" not in part.arguments[0]:
                name = part.arguments[0]
                reads.append({"kind": "environment", "name": name, "found": name in self.env})
            elif part.name == "oc.select" and "${" not in part.arguments[0]:
                reads.append(self.read_key(part.arguments[0], path, depth))
            else:
                reads.append({"kind": "resolver", "name": part.name})
        return reads

    def read_key(self, name, path, depth):
        target = self.model.follow(interpolations.split(name), path)
        if target is None:
            return {"kind": "key", "name": name, "found": False}
        read = {"kind": "key", "name": ".".join(target), "found": True, "set_by": self.setters(target)}
        reads = self.reads(target, depth + 1)
        return dict(read, reads=reads) if reads else read

    def setters(self, path):
        """What may be said to have set it: of a map that several sources merge into, any of these."""
        chain = self.chain(path)
        return chain if isinstance(self.model.find(path).data, dict) else chain[-1:]

    def through(self, path):
        """The path of the interpolation that brings a resolved value with it, or of the value itself."""
        for length in range(len(path)):
            if self.model.find(path[:length]).is_interpolation():
                return path[:length]
        return path

    def origin(self, path):
        """Where a resolved value stands: interpolations that are nothing but a key are followed."""
        place = ()
        for name in path:
            place = self.model.follow_all(place) + (name,)
        return self.model.follow_all(place)

    def unknown_resolvers(self, reads):
        """Those that only the project's own program has."""
        names = {read["name"] for read in reads if read["kind"] == "resolver"} - KNOWN_RESOLVERS
        return names.union(*(self.unknown_resolvers(read.get("reads", [])) for read in reads))
