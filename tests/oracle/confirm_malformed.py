#!/usr/bin/env python3
"""Confirms with real Hydra what tests/cases/malformed/*.case says about it in the header `hydra`.

Each case runs in a Hydra of its own, with 20 seconds and 2 GiB: some of these inputs are made to take more.
    hydra: refuses      an exception, at composing or resolving
    hydra: accepts      no exception (the case says why we refuse it, or that we accept it too)
    hydra: hangs        more time or memory than that
    hydra: crashes      the interpreter dies
    hydra: not asked    nothing that Hydra has an equivalent of
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

import case_files
from record import CASES, HERE

SECONDS = 20
BYTES = 2 << 30
FLAGS_WITH_VALUE = {"-cp": "config_dir", "-cn": "config_name"}


def words_of(case_file, case, folder):
    headers = case_file.headers(case)
    words = headers.get("args", []) + headers.get("overrides", [])
    words = [word.replace("{case}", str(folder)) for word in words]
    return [case_files.unescape([word])[:-1].decode() if "\\*{" in word else word for word in words]


def request_for(words):
    """The request that stands for `resolve -cp FOLDER -cn NAME override…`."""
    request = {"id": 1, "overrides": [], "resolve": True}
    words = iter(words[1:])
    for word in words:
        if word in FLAGS_WITH_VALUE:
            request[FLAGS_WITH_VALUE[word]] = next(words)
        else:
            request["overrides"].append(word)
    request["config_dir"] = [request["config_dir"]]
    return request


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def ask(python, request):
    """Returns (what Hydra did, its first words)."""
    try:
        done = subprocess.run([python, str(HERE / "hydra_batch.py")], input=json.dumps(request) + "\n", text=True,
                              capture_output=True, timeout=SECONDS, preexec_fn=limit_memory, check=False)
    except subprocess.TimeoutExpired:
        return "hangs", f"more than {SECONDS} s"
    if not done.stdout:
        return "crashes", f"exit {done.returncode}: {done.stderr[-100:]}"
    answer = json.loads(done.stdout)
    if answer["ok"]:
        return "accepts", ""
    if answer["error"]["code"] == "MemoryError":
        return "hangs", f"more than {BYTES >> 30} GiB"
    return "refuses", f"{answer['error']['code']}: {answer['error']['message']}".split("\n")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="a python with hydra-core 1.3.8; one is made with tests/oracle/venv if absent")
    parser.add_argument("--verbose", action="store_true", help="print every answer")
    options = parser.parse_args()
    python = options.python or subprocess.run([HERE / "venv"], check=True, stdout=subprocess.PIPE,
                                              text=True).stdout.strip()
    count = different = 0
    with tempfile.TemporaryDirectory(prefix="cfgtool-confirm-") as scratch:
        folder = pathlib.Path(scratch) / "case"
        for path in sorted((CASES / "malformed").glob("*.case")):
            case_file = case_files.read(path)
            for case in case_file.cases:
                expected = case_file.headers(case).get("hydra", "not asked")
                if expected == "not asked":
                    continue
                case_files.lay_out(case_file, case, CASES / "trees", folder)
                did, words = ask(python, request_for(words_of(case_file, case, folder)))
                count += 1
                if did != expected or options.verbose:
                    print(f"{path.name}: {case.name}: Hydra {did}{', not ' + expected if did != expected else ''}: "
                          f"{words}")
                different += did != expected
    print(f"{count} cases asked, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
