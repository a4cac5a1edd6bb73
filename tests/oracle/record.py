#!/usr/bin/env python3
"""Fills in the recorded sections of tests/cases/compose/*.case from real Hydra.

    record.py                 record every case file
    record.py FILE...         only these
    record.py --check         write nothing; fail and show where Hydra's answer differs from what is recorded

Real Hydra lives in the virtual environment that tests/oracle/venv makes; --python uses another one.
The answers never come from our own program.
"""
import argparse
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import case_files

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / "cases"
MESSAGE_LINES = 8  # of a refusal's message; only the first is compared


class Oracle:
    """A running hydra_batch.py."""

    def __init__(self, python):
        self.process = subprocess.Popen([python, str(HERE / "hydra_batch.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"hydra_batch.py died on {request}")
        return json.loads(line)


def request_for(case_file, case, folder):
    headers = case_file.headers(case)
    config_dir = folder / headers["config_dir"] if "config_dir" in headers else folder
    further = [str(folder / name) for name in headers.get("more_config_dirs", [])]
    request = {
        "id": case.name,
        "config_dir": [str(config_dir)] + further,
        "config_name": headers.get("config_name", "config"),
        "overrides": case_files.fill_in(headers.get("overrides", []), folder),
        "env": case_files.fill_in(headers.get("env", {}), folder),
    }
    if "now" in headers:
        request["now"] = headers["now"]
    if headers.get("hydra") == "true":
        request["hydra"] = True
    return request


def refusal(answer, folder):
    message = answer["error"]["message"].replace(str(folder), "{tree}")
    if answer["error"]["code"] == "RecursionError":
        message = ""  # depends on where Python happened to be
    message = re.sub(r" at 0x[0-9a-f]+", " at 0x...", message)
    lines = message.strip("\n").split("\n")[:MESSAGE_LINES]
    return case_files.make_section(f"refused at {answer['stage']}: {answer['error']['code']}",
                                   "".join(line.expandtabs(4).rstrip() + "\n" for line in lines))


def record(oracle, case_file, case, scratch):
    """The sections that Hydra's answers give."""
    folder = case_files.lay_out(case_file, case, CASES / "trees", scratch)
    request = request_for(case_file, case, folder)
    unresolved = oracle.ask({**request, "resolve": False})
    if not unresolved["ok"]:
        return [refusal(unresolved, folder)]
    sections = [case_files.make_section("unresolved", unresolved["yaml"].replace(str(folder), "{tree}"))]
    resolved = oracle.ask({**request, "resolve": True})
    if not resolved["ok"]:
        sections.append(refusal(resolved, folder))
    elif resolved["yaml"] == unresolved["yaml"]:
        sections.append(case_files.Section("resolved as unresolved", []))
    else:
        sections.append(case_files.make_section("resolved", resolved["yaml"].replace(str(folder), "{tree}")))
    return sections


def process_file(oracle, path, check, scratch):
    """Returns (cases, cases whose recorded sections are not what Hydra gives)."""
    case_file = case_files.read(path)
    before = path.read_bytes().decode("utf-8")
    different = 0
    for case in case_file.cases:
        sections = record(oracle, case_file, case, scratch)
        if [s.write() for s in sections] != [s.write() for s in case.recorded()]:
            different += 1
        case.sections = [s for s in case.sections if s not in case.recorded()] + sections
    after = case_file.write()
    if before != after and check:
        name = str(path.relative_to(CASES.parent.parent)) if path.is_relative_to(CASES) else str(path)
        sys.stdout.writelines(line + "\n" for line in difflib.unified_diff(
            before.split("\n"), after.split("\n"), name, "real Hydra", lineterm=""))
        different = max(different, 1)
    elif before != after:
        path.write_bytes(after.encode("utf-8"))
    return len(case_file.cases), different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="case files; all of tests/cases/compose if none")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--python", help="a python with hydra-core 1.3.8; one is made with tests/oracle/venv if absent")
    options = parser.parse_args()
    python = options.python or subprocess.run([HERE / "venv"], check=True, stdout=subprocess.PIPE,
                                              text=True).stdout.strip()
    oracle = Oracle(python)
    total = changed = 0
    with tempfile.TemporaryDirectory(prefix="cfgtool-record-") as scratch:
        for path in sorted(p.resolve() for p in options.files) or sorted((CASES / "compose").glob("*.case")):
            count, different = process_file(oracle, path, options.check, pathlib.Path(scratch) / "tree")
            print(f"{path.name:40} {count:4} cases {different:4} {'different' if options.check else 'changed'}")
            total, changed = total + count, changed + different
    print(f"{'all':40} {total:4} cases {changed:4} {'different' if options.check else 'changed'}")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
