"""Measures cfgtool against Hydra and the two faster Hydras that exist, and whether its cost grows as size does. Reports
ratios, since times say more about the machine.

    python3 bench.py --cfgtool PATH --work FOLDER --tree FOLDER [--warm-compose PATH] [--only PART]... [--quick]
"""

import argparse
import os
import shutil
from pathlib import Path

from batch import measure_batch
from common import Report, Setup, make_python
from scale import measure_scale
from warm import measure_warm
from whole import measure_whole

# The batch comes last: it holds many answers, and what this program holds counts as its children's: see Run.peak.
PARTS = {"whole": measure_whole, "warm": measure_warm, "scale": measure_scale, "batch": measure_batch}


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--warm-compose", default="", help="the program of that name; without it, that part is left out")
    parser.add_argument("--work", required=True, type=Path, help="a folder for what is installed and generated")
    parser.add_argument("--tree", required=True, type=Path, help="the folder with the configs")
    parser.add_argument("--config", default="ppo_trainer")
    parser.add_argument("--results", type=Path, help="where the tables go; default: results.md beside --work")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given again")
    parser.add_argument("--quick", action="store_true", help="few turns and small sizes, to try the benchmark itself")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.environ["CFGTOOL_CACHE_DIR"] = str(work / f"cache-{os.getpid()}")  # begins empty, and is not the user's own
    setup = Setup(arguments.cfgtool, arguments.warm_compose, make_python(work / "venv"), str(arguments.tree.resolve()),
                  arguments.config, work, arguments.quick)
    report = Report()
    try:
        for name, measure in PARTS.items():
            if not arguments.only or name in arguments.only:
                measure(setup, report)
    finally:
        shutil.rmtree(os.environ["CFGTOOL_CACHE_DIR"], ignore_errors=True)
    report.save(arguments.results or work.parent / "results.md")


main()
