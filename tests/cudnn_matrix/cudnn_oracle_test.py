#!/usr/bin/env python3
"""Asks cuDNN anew through cudnn-frontend, and compares the answers with recorded.txt and with `cfgtool attention check`,
which asks it through its backend. Exits with 77, and says why, where that cannot be built."""
import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RECORD = HERE.parent / "oracle/cudnn_answers/record.py"
SKIPPED = 77


def version_of(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("cudnn ", "frontend "))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--frontend", help="a folder with cudnn-frontend's headers, instead of PyPI's")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    answers = options.work / "answers.txt"
    record = [sys.executable, RECORD, "--work", options.work, "--output", answers]
    if options.frontend:
        record += ["--frontend", options.frontend]
    recorded = subprocess.run(record).returncode
    if recorded != 0:
        return recorded
    failed = False
    if version_of(answers) != version_of(HERE / "recorded.txt"):
        print(f"other versions than recorded: {', '.join(version_of(answers))}; the record is not compared")
    else:
        failed = subprocess.run(["diff", "-u", HERE / "recorded.txt", answers]).returncode != 0
    compared = subprocess.run([sys.executable, HERE / "cudnn_matrix_test.py", "--cfgtool", options.cfgtool, "--no-times",
                               "--answers", answers]).returncode
    return 1 if failed else compared


if __name__ == "__main__":
    sys.exit(main())
