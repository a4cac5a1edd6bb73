#!/usr/bin/env python3
"""Runs trainer.py, a program of real Hydra, on the command lines of LINES and writes all that it leaves behind to
recorded.jsonl. Needs tests/oracle/venv."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LINES = [
    [],
    ["lr=0.5"],
    ["lr=0.5", "name=other", "db=postgres"],
    ["+seed=7", "~db", "lr=1e-3"],
    ["hydra.job.chdir=true"],
    ["hydra.job.chdir=false", "epochs=1"],
    ["hydra.run.dir=runs/${name}/${hydra.job.override_dirname}", "lr=0.25"],
    ["hydra.run.dir=."],
    ["hydra.run.dir=deep/er/../folder/"],
    ["hydra.output_subdir=null"],
    ["hydra.output_subdir=meta/data"],
    ["hydra.job.name=renamed"],
    ["hydra.mode=RUN"],
    ["+hydra.job.env_set.LEVEL=high"],
    ["+hydra.job.env_set={LEVEL: '${hydra.job.name}'}"],
    ["hydra.job.env_set.LEVEL=high"],
    ["hydra/hydra_logging=disabled", "hydra/job_logging=none"],
    ["hydra/job_logging=disabled"],
    ["hydra/job_logging=none"],
    ["hydra/job_logging=stdout"],
    ["hydra.verbose=true"],
    ["hydra.verbose=trainer.data"],
    ["hydra.verbose=[trainer.data,nobody]"],
    ["+hydra.job_logging.loggers.trainer.level=ERROR", "fail=true"],
    ["+hydra.job_logging.loggers={trainer: {level: WARNING, propagate: false, handlers: [file]}}"],
    ["hydra.job_logging.root.handlers=[file]"],
    ["hydra.job_logging.root.level=WARNING"],
    ["hydra.job_logging.root.level=15"],
    ["hydra.verbose=root"],
    ["+hydra.job.env_set.LEVEL=high", "hydra.job_logging.handlers.file.filename='${oc.env:LEVEL,none}.log'"],
    ["+hydra.job_logging.handlers.file.level=WARNING"],
    ["hydra.job_logging.handlers.file.filename=plain.log", "hydra.job.chdir=true"],
    ["+hydra.job_logging.handlers.file.delay=true", "hydra.job_logging.root.handlers=[console]"],
    ["hydra.job_logging.formatters.simple.format='%(levelname)-8s|%(name)20s|%(levelno)d|%(message).5s|%%'"],
    ["hydra.job_logging.formatters.simple.format='%(processName)s %(asctime)s %(message)s'",
     "+hydra.job_logging.formatters.simple.datefmt='%Y/%m'"],
    ["+hydra.job_logging.handlers.nothing={class: logging.NullHandler}", "hydra.job_logging.root.handlers=[nothing]"],
    ["fail=true"],
    # wrong ones
    ["nokey=1"],
    ["db=mysql"],
    ["hydra.job.chdir=maybe"],
    ["hydra.run.dir=/dev/null/x"],
    ["hydra.run.dir=${nokey}"],
    ["hydra.job_logging.root.handlers=[nobody]"],
    ["hydra.job_logging.root.level=LOUD"],
    ["hydra.job_logging.handlers.file.filename=/nowhere/x.log"],
    ["hydra.job_logging.handlers.file.formatter=nobody"],
    ["hydra.job_logging.root.handlers=console"],
    ["hydra.job_logging.root.handlers=[null]"],
    ["hydra.job_logging.root.handlers=5"],
    ["hydra.job_logging.root=abcd"],
    ["hydra.job_logging.formatters=abc"],
    ["hydra.job_logging.formatters.simple=null"],
    ["hydra.job_logging.handlers=abcdefghijklmnop"],
    ["hydra.job_logging.handlers.console=1"],
    ["hydra.job_logging.handlers.console=null"],
    ["+hydra.job_logging.loggers=3"],
    ["+hydra.job_logging.loggers={a: null}"],
    ["hydra.job_logging.version=2"],
    ["hydra.verbose=[null]"],
    ["hydra.verbose=7"],
    ["hydra.verbose={a:1}"],
    ["+hydra.job.env_set={A: ???}"],
]


def normalized(text, folder):
    """As normalized() in recorded_test.cpp."""
    text = text.replace(str(folder), "{cwd}").replace(str(ROOT), "{project}")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "{clock}", text)
    text = re.sub(r"\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d", "{now}", text)
    text = re.sub(r"\d{4}/\d\d", "{month}", text)
    # The help texts are the programs' own.
    return re.sub(r"^  (?:hydra_)?help:\n(?:    .*\n|\n)*", "", text, flags=re.MULTILINE)


def run(words, version_base):
    oracle = subprocess.run([ROOT / "tests/oracle/venv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "VERSION_BASE": version_base}
        answer = subprocess.run([oracle, HERE / "trainer.py", *words], capture_output=True, text=True, cwd=folder,
                                env=environment, check=False)
        files = {normalized(str(path.relative_to(folder)), folder): normalized(path.read_text(), folder)
                 for path in sorted(folder.rglob("*")) if path.is_file()}
        return {"words": words, "version_base": version_base, "exit": answer.returncode,
                # Hydra tells there how it composed; cfgtool has --info for that.
                "stdout": None if {"hydra.verbose=true", "hydra.verbose=root", "hydra.verbose=[null]"} & set(words) else normalized(answer.stdout, folder),
                "files": files}


def main():
    with open(HERE / "recorded.jsonl", "w", encoding="utf-8") as out:
        for words in LINES:
            out.write(json.dumps(run(words, "1.3"), ensure_ascii=False) + "\n")
        for words in [[], ["hydra.job.chdir=false"]]:
            out.write(json.dumps(run(words, "1.1"), ensure_ascii=False) + "\n")


main()
