"""One trial: configuration files and a request, as a folder, as a request of `cfgtool batch`, and as a case."""
import dataclasses
import json
import pathlib

import case_files

NOW = "2026-01-02T03:04:05"


@dataclasses.dataclass(frozen=True)
class Trial:
    files: dict  # path below the tree's folder -> text
    overrides: list
    config_name: str = "config"
    config_dir: str = ""  # below the tree; "" is the tree itself
    more_config_dirs: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)
    hydra: bool = False
    resolve: bool = True

    def with_changes(self, **changes):
        return dataclasses.replace(self, **changes)

    def write_files(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir()
        for name, text in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())

    def request(self, folder):
        request = {
            "id": 1,
            "config_dir": [str(pathlib.Path(folder) / name) for name in (self.config_dir, *self.more_config_dirs)],
            "config_name": self.config_name,
            "overrides": case_files.fill_in(self.overrides, folder),
            "env": case_files.fill_in(self.env, folder),
            "now": NOW,
            "resolve": self.resolve,
        }
        if self.hydra:
            request["hydra"] = True
        return request

    def as_case(self, name, comments):
        """The text of a case for tests/cases/compose; record.py fills in the answers."""
        lines = [f"== {name}"] + [f"# {line}" for line in comments]
        lines += [f"config_dir: {self.config_dir}"] if self.config_dir else []
        lines += [f"more_config_dirs: {json.dumps(self.more_config_dirs)}"] if self.more_config_dirs else []
        lines += [f"config_name: {self.config_name}"] if self.config_name != "config" else []
        lines += [f"overrides: {json.dumps(self.overrides)}"] if self.overrides else []
        lines += [f"env: {json.dumps(self.env)}"] if self.env else []
        lines += [f"now: {NOW}"] if "now" in repr((self.files, self.overrides)) else []
        lines += ["hydra: true"] if self.hydra else []
        for path, text in self.files.items():
            lines += case_files.make_section(f"file {path}", text).write()
        return "".join(line + "\n" for line in lines)
