"""What all parts of the benchmark share: the peers' Python, running a process, tables."""

import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent


class Setup(NamedTuple):
    """What a part needs to know."""

    cfgtool: str
    warm_compose: str  # empty: not built
    python: str  # with the peers installed
    tree: str
    config: str
    work: Path
    quick: bool


class Run(NamedTuple):
    wall: float  # seconds from start to exit
    cpu: float  # seconds of processor time
    peak: int  # resident bytes; at least what this program itself needs, since the kernel counts from before the exec


def make_python(folder):
    """Once, and again when requirements.txt changes."""
    python = folder / "bin/python"
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing the peers into {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return str(python)


def run(command, work, output="/dev/null"):
    """Output goes to a file, so that no program waits for somebody to take it and this one stays small."""
    errors = work / "stderr.txt"
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    begin = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ,
                             file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(output), write, 0o600),
                                           (os.POSIX_SPAWN_OPEN, 2, str(errors), write, 0o600)])
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"failed: {' '.join(command)[:2000]}\n{errors.read_text()}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def first_difference(expected, got):
    expected, got = expected.splitlines(), got.splitlines()
    for number, (a, b) in enumerate(zip(expected, got), 1):
        if a != b:
            return f"line {number}: {a.strip()!r}, here {b.strip()!r}"
    return f"{len(expected)} lines, here {len(got)}"


def median_ratio(peer, own):
    return statistics.median(peer) / statistics.median(own)


def number(value):
    """Two digits say enough, three above 100."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def check_mark(holds):
    return "yes" if holds else "**no**"


class Report:
    """Markdown, shown as it grows and kept as a file in the end."""

    def __init__(self):
        self.pieces = []

    def say(self, text):
        self.pieces.append(text)
        print("\n" + text, flush=True)

    def heading(self, text):
        self.say(f"## {text}")

    def table(self, header, rows):
        """Padded, so that it can be read in a terminal too."""
        rows = [[str(cell) for cell in row] for row in [header, *rows]]
        widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(header))]
        lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        self.say("\n".join(lines))

    def save(self, path):
        """Whole or not at all."""
        aside = path.with_suffix(".tmp")
        aside.write_text("\n\n".join(self.pieces) + "\n")
        aside.replace(path)
        print(f"\nwritten: {path}")


def progress(text):
    print(f"  … {text}", file=sys.stderr, flush=True)
