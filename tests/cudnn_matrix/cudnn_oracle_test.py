#!/usr/bin/env python3
"""Asks cuDNN anew through cudnn-frontend, and compares the answers with the recorded ones and with `cfgtool attention check`,
which asks it through its backend. Exits with 77, and says why, where that cannot be built."""
import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RECORD = HERE.parent / "oracle/cudnn_answers/record.py"
RECORDS = ("recorded.txt", "recorded_combinations.txt")


def version_of(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("cudnn ", "frontend "))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--frontend", help="a folder with cudnn-frontend's headers, instead of PyPI's")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    record = [sys.executable, RECORD, "--work", options.work, "--output", options.work]
    if options.frontend:
        record += ["--frontend", options.frontend]
    recorded = subprocess.run(record).returncode
    if recorded != 0:
        return recorded
    failed = False
    versions = version_of(options.work / RECORDS[0])
    if versions != version_of(HERE / RECORDS[0]):
        print(f"other versions than recorded: {', '.join(versions)}; the record is not compared")
    else:
        failed = any([subprocess.run(["diff", "-u", HERE / name, options.work / name]).returncode for name in RECORDS])
    compared = subprocess.run([sys.executable, HERE / "cudnn_matrix_test.py", "--cfgtool", options.cfgtool, "--no-times",
                               "--answers", options.work]).returncode
    return 1 if failed else compared


if __name__ == "__main__":
    sys.exit(main())
