#!/usr/bin/env python3
"""Asks real Hydra's completion for the lines of LINES, and writes recorded.jsonl. Needs tests/oracle/venv."""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# By folder and config: the lines behind the program's name.
LINES = {
    ("tests/completion/tree", "config"): [
        "", "d", "db", "db=", "db=my", "db=x", "server", "server/", "server/d", "server/db=", "server=",
        "server/db=sm", "extra", "extra=", "+", "+e", "+extra=", "+extra=o", "~", "~d", "~db", "~db=", "~server/",
        "em", "cache", "cache=", "flag", "flag=", "none=", "need=", "text=", "digits=", "rate=", "path=", "names",
        "names.", "names.0", "names.0=", "names=", "layers.", "layers.1.", "layers.1.si", "layers.0.size=", "deep.",
        "deep.er.", "deep.er.est=", "deep=", "link", "link.", "link.er.", "linked=", "a", "1", "hydra", "hydra.",
        "hydra.m", "hydra.job.", "hydra.job.chdir=", "hydra/", "hydra/l", "hydra/launcher=", "hydra/job_logging=",
        "db=postgresql db.", "db=mysql db.driver=", "flag=false fl", "flag=false flag=", "text=./tests/completion/t",
        "text=./tests/completion/tree/db/", "text=./tests/completion/tree/db/m", "nosuch", "nosuch.x", "nosuch=",
        "++fl", "+deep.ne", "store.", "store.first.", "+extra=one a", "+extra=one extra.", "~db d", "--multirun db=",
        "--multirun db=mysql,postgresql fl", "db=nosuch fl",
    ],
    ("tests/completion/tree", "missing"): [
        "", "d", "db=", "server=", "k", "db=mysql k", "db=mysql db.",
    ],
    ("tests/completion/tree", "broken"): [
        "", "d", "db=", "server=",
    ],
    ("tests/completion/tree", None): [
        "", "d", "db=", "+db=", "hydra/",
    ],
    ("tests/cases/trees/verl_shaped", "ppo_trainer"): [
        "", "a", "act", "actor", "actor=", "actor@", "critic", "critic=", "critic.", "critic.optim.", "data", "data=",
        "algorithm.", "algorithm.kl_ctrl.", "algorithm.gamma=", "actor_rollout_ref.",
        "actor_rollout_ref.actor.optim.lr=", "actor_rollout_ref.model.override_config.", "trainer.",
        "trainer.logger.", "trainer.logger=", "custom_reward_function.path=", "+critic", "~cr",
        "critic=wide_critic critic.", "trainer.total_epochs=3 trainer.total_epochs=",
    ],
    ("examples/ppo_trainer/config", "ppo_trainer"): [
        "", "model", "engine", "trainer.", "trainer.logger=", "trainer.default_local_dir=",
        "trainer.total_training_steps=", "actor_rollout_ref.", "algorithm.kl_ctrl.type=", "optim=",
    ],
    ("examples/embedded_parser/config", "config"): [
        "", "m", "model=", "model.", "optim", "optim=", "optim=sgd optim.", "run_name=", "data.", "data.files.",
        "max_steps=",
    ],
}


def ask(config_name, line):
    from hydra.core.global_hydra import GlobalHydra
    from hydra.plugins.completion_plugin import DefaultCompletionPlugin
    try:
        return {"answer": DefaultCompletionPlugin(GlobalHydra.instance().config_loader())._query(config_name, line)}
    except Exception as error:
        return {"error": type(error).__name__}


def main():
    if len(sys.argv) == 1:
        venv = subprocess.run([ROOT / "tests/oracle/venv"], check=True, stdout=subprocess.PIPE, text=True)
        python = venv.stdout.strip()
        os.execv(python, [python, __file__, "record"])
    from hydra import initialize_config_dir
    os.chdir(ROOT)
    with open(HERE / "recorded.jsonl", "w", encoding="utf-8") as out:
        for (tree, config), lines in LINES.items():
            with initialize_config_dir(str(ROOT / tree), version_base="1.3"):
                for line in lines:
                    record = {"tree": tree, "config": config, "line": line, **ask(config, line)}
                    out.write(json.dumps(record) + "\n")


main()
