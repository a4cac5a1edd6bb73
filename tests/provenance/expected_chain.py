"""A model of composition that keeps every event which set a value, and the chain of a value by these.

The chain of a key, oldest first: each file and override that holds it as a leaf; each that set something else than a
map above it, or at it, with the `key` of that (a list that was replaced is one such; of the list that holds, its
items count); the map that stood at the key itself, once, where it was first written; each override that deletes it or
something above it.
"""

import copy
import dataclasses

import interpolations
from yaml_values import Value


class Node:
    """The configuration as it is composed: `data` is {name: Node}, [Node] or a scalar."""

    def __init__(self, value):
        if value.is_map():
            self.data = {name: Node(member) for name, member in value.data.items()}
        elif value.is_list():
            self.data = [Node(item) for item in value.data]
        else:
            self.data = value.data

    def is_container(self):
        return isinstance(self.data, (dict, list))

    def is_interpolation(self):
        return isinstance(self.data, str) and "${" in self.data

    def child(self, name):
        if isinstance(self.data, list):
            return self.data[int(name)] if name.isdigit() and int(name) < len(self.data) else None
        return self.data.get(name) if isinstance(self.data, dict) else None

    def set(self, name, node):
        self.data[int(name) if isinstance(self.data, list) else name] = node

    def members(self):
        if isinstance(self.data, list):
            return [(str(index), item) for index, item in enumerate(self.data)]
        return list(self.data.items())

    def plain(self):
        if isinstance(self.data, list):
            return [item.plain() for item in self.data]
        return {name: node.plain() for name, node in self.data.items()} if self.is_container() else self.data


@dataclasses.dataclass
class Event:
    """A source said something about a path."""

    path: tuple
    value: Value  # None: deleted
    cause: dict  # of the source: what its entry has beside the place
    at: tuple
    lists: tuple = ()  # the list events around it, when it is an item
    key: str = None  # where it is copied from, if it is
    holds: bool = True  # of a list: nothing replaced or deleted it
    begins: bool = True  # of a map: it is not merged into one that is there
    is_leaf: bool = True  # of an empty map: it is written, and not what an override's key needs, `a` of `+a.b=1`
    number: int = 0

    def is_map(self):
        return self.value is not None and self.value.is_map()

    def is_list(self):
        return self.value is not None and self.value.is_list()

    def counts_for(self, path):
        if not all(one.holds for one in self.lists):
            return False
        if self.is_map():
            return self.path == path and (self.begins or self.is_leaf and not self.value.data)
        return not self.is_list() or not self.holds or self.path == path

    def entry(self, path):
        entry = dict(self.cause, line=self.at[0], column=self.at[1])
        key = self.key or (".".join(self.path) if self.path != path else None)
        if key:
            entry["key"] = key
        if self.value is None:
            entry["deleted"] = True
        elif self.value.via:
            line, column = self.value.via
            entry["via"] = {"kind": "file", "file": entry["file"], "line": line, "column": column}
        return entry


class Model:
    def __init__(self):
        self.root = Node(Value({}, (1, 1)))
        self.events = {}  # path -> its events, but those of maps
        self.maps = {}  # path -> those
        self.count = 0

    # What is composed

    def find(self, path):
        node = self.root
        for name in path:
            node = node and node.child(name)
        return node

    def leaves(self, path=()):
        """(path, node) of everything that has nothing below it."""
        node = self.find(path)
        if not node.is_container() or not node.data:
            yield path, node
            return
        for name, _ in node.members():
            yield from self.leaves(path + (name,))

    def chain(self, path):
        return [event.entry(path) for event in self.counting(path)]

    def counting(self, path):
        events = [event for length in range(1, len(path) + 1) for event in self.events.get(path[:length], [])]
        events = [event for event in events + self.maps.get(path, []) if event.counts_for(path)]
        return sorted(events, key=lambda event: event.number)

    def follow(self, names, start):
        """The path that an interpolation at `start` leads to, those on the way followed; None: there is none."""
        path = () if names[0] else start
        node = self.find(path)
        for name in names:
            if not name:
                path = path[:-1]
                node = self.find(path)
                continue
            if node.is_interpolation():
                path = self.follow_all(path)
                node = path and self.find(path)
            node = node and node.child(name)
            if node is None:
                return None
            path += (name,)
        return path

    def follow_all(self, path):
        """Through interpolations that are nothing but a key."""
        for _ in range(16):
            select = interpolations.whole(self.find(path).data)
            if isinstance(select, interpolations.Call) and select.name == "oc.select":
                select = interpolations.Select(select.arguments[0], [])
            if not isinstance(select, interpolations.Select) or "${" in select.path:
                return path
            path = self.follow(interpolations.split(select.path), path)
            if path is None:
                return None
        return None

    # What composes

    def add_file(self, content, package, cause):
        for name in reversed(package.split(".") if package else []):
            content = Value({name: content}, content.at)
        for name, member in content.data.items():
            self.merge(self.root, (name,), member, cause)

    def merge(self, parent, path, value, cause):
        old = parent.child(path[-1])
        if old is not None and not old.is_container():
            old = self.expand(parent, path, old)
        if value.is_map():
            event = self.record(path, value, cause)
            event.begins = old is None or not isinstance(old.data, dict)
            if event.begins:
                old = Node(Value({}, value.at))
                parent.set(path[-1], old)
            for name, member in value.data.items():
                self.merge(old, path + (name,), member, cause)
        elif value.data != "???" or old is None:  # ??? leaves what is there
            self.put(parent, path, value, cause)

    def put(self, parent, path, value, cause):
        self.release(path, parent.child(path[-1]))
        parent.set(path[-1], Node(value))
        self.record_all(path, value, cause, ())

    def expand(self, parent, path, old):
        """An interpolation to a container becomes a copy of that before something is merged into it."""
        target = self.follow_all(path)
        if target in (None, path) or not self.find(target).is_container():
            return old
        for leaf, _ in list(self.leaves(target)):
            last, rest = self.counting(leaf)[-1], leaf[len(target) :]
            self.append(dataclasses.replace(last, path=path + rest, key=last.key or ".".join(leaf), lists=()))
        parent.set(path[-1], copy.deepcopy(self.find(target)))
        return parent.child(path[-1])

    def add_override(self, override):
        cause, path = {"kind": "override", "index": override.index}, override.path()
        at = (1, override.key_column)
        node = self.root
        if override.sign == "~":
            self.release(path, self.find(path))
            del self.find(path[:-1]).data[path[-1]]
            self.append(Event(path, None, cause, at))
            return
        for length, name in enumerate(path[:-1], 1):
            if node.child(name) is None or not node.child(name).is_container():
                node.set(name, Node(Value({}, at)))
                self.record(path[:length], Value({}, at), cause).is_leaf = False
            node = node.child(name)
        old = node.child(path[-1])
        if override.value.is_map() and old is not None and isinstance(old.data, dict):
            self.merge(node, path, override.value, cause)
        else:
            self.put(node, path, override.value, cause)

    # What is kept of it

    def record_all(self, path, value, cause, lists):
        event = self.record(path, value, cause, lists)
        inner = lists + (event,) if value.is_list() else lists
        members = enumerate(value.data) if value.is_list() else value.data.items() if value.is_map() else []
        for name, member in members:
            self.record_all(path + (str(name),), member, cause, inner)

    def record(self, path, value, cause, lists=()):
        return self.append(Event(path, value, cause, value.at, lists))

    def append(self, event):
        self.count += 1
        event.number = self.count
        (self.maps if event.is_map() else self.events).setdefault(event.path, []).append(event)
        return event

    def release(self, path, old):
        """What is replaced or deleted holds no longer, nor what is in it."""
        if old is None or not old.is_container():
            return
        for place, events in self.events.items():
            if place[: len(path)] == path:
                for event in events:
                    event.holds = False
