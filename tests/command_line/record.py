#!/usr/bin/env python3
"""Asks real Hydra what it prints for the command lines of LINES, and writes recorded.jsonl. Needs tests/oracle/venv."""
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The folder, and what stands behind its flags -cp and -cn.
LINES = [(tree, config, words)
         for tree, config in [("examples/ppo_trainer/config", "ppo_trainer"), ("tests/cases/trees/verl_shaped", "ppo_trainer")]
         for words in [
             ["--info", "defaults"],
             ["--info", "defaults-tree"],
             ["--info", "searchpath"],
             ["--info", "config"],
             ["--info", "defaults", "a=1,2"],
             ["--info", "defaults-tree", "no.such.key=1"],
             ["--info", "defaults", "nogroup=x", "+trainer.seed=1"],
             ["-i", "defaults-tree", "hydra/job_logging=disabled"],
             ["--info", "searchpath", "hydra.searchpath=[file:///nowhere]"],
             ["--info", "config", "no.such.key=1"],
             ["--info", "config", "+trainer.seed=1"],
             ["--info", "defaults", "+db=nothing", "~actor"],
             ["--info", "nothing"],
             ["--info", "defaults", "a=[1"],
             ["--cfg", "job", "--package", "trainer"],
             ["--cfg", "job", "--package", "no.such"],
             ["--cfg", "hydra", "--package", "hydra.job_logging"],
         ]]


def main():
    oracle = subprocess.run([ROOT / "tests/oracle/venv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with open(HERE / "recorded.jsonl", "w", encoding="utf-8") as out:
        for tree, config, words in LINES:
            command = [oracle, ROOT / "tests/bench/hydra_app.py", "-cp", ROOT / tree, "-cn", config, *words]
            answer = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"HYDRA_FULL_ERROR": "0"})
            out.write(json.dumps({"tree": tree, "config": config, "words": words, "exit": answer.returncode,
                                  "stdout": answer.stdout.replace(str(ROOT), "{project}")}) + "\n")


main()
