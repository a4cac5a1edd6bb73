#!/usr/bin/env python3
"""Asks real Hydra which of VARIANTS compose and writes its answers to recorded.jsonl. Needs tests/oracle/venv.

VARIANTS is what `cfgtool validate --all-options` must try on trees/shop, enumerated by hand."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
VARIANTS = """
-cn evaluate
-cn evaluate +experiment=long
-cn evaluate +experiment=nobody
-cn evaluate +experiment=quick
-cn evaluate hydra/job_logging=quiet
-cn evaluate model=big
-cn evaluate model=big model/head=mlp
-cn evaluate model=broken
-cn evaluate model=deep model/head=linear
-cn evaluate model=wide
-cn train +experiment=long
-cn train +experiment=nobody
-cn train +experiment=quick data=images
-cn train data=images
-cn train data=images hydra/job_logging=quiet
-cn train data=images model=big
-cn train data=images model=big model/head=mlp
-cn train data=images model=broken
-cn train data=images model=deep model/head=linear
-cn train data=images model=wide
-cn train data=text
"""


def ask():
    """Runs where Hydra is."""
    from hydra import compose, initialize_config_dir
    with initialize_config_dir(str(HERE / "trees/shop"), version_base="1.3"):
        for line in VARIANTS.strip().split("\n"):
            _, name, *overrides = line.split()
            try:
                compose(name, overrides, return_hydra_config=True)
                composes = True
            except Exception:  # whatever it is, it does not compose
                composes = False
            print(json.dumps({"line": line, "composes": composes}))


def main():
    oracle = subprocess.run([HERE / "../oracle/venv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    answers = subprocess.run([oracle, __file__, "--ask"], check=True, stdout=subprocess.PIPE, text=True).stdout
    (HERE / "recorded.jsonl").write_text(answers, encoding="utf-8")


if sys.argv[1:] == ["--ask"]:
    ask()
else:
    main()
