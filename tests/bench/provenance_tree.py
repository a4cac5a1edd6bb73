"""Writes a large tree for provenance_cost: provenance_tree.py FOLDER. 40 groups of which each sets 500 keys, half of them again."""

import pathlib
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    parts = range(40)
    folder.mkdir(parents=True, exist_ok=True)
    defaults = "".join(f"- part{part}: base\n- changes{part}@part{part}: changes\n" for part in parts)
    (folder / "config.yaml").write_text(f"defaults:\n{defaults}- _self_\nname: large\n")
    for part in parts:
        for group, option, count in ((f"part{part}", "base", 500), (f"changes{part}", "changes", 250)):
            lines = "".join(f"key{key}: {{value: {key}, text: 'text {option} {key}'}}\n" for key in range(count))
            (folder / group).mkdir(exist_ok=True)
            (folder / group / f"{option}.yaml").write_text(lines)


main()
