#!/usr/bin/env python3
"""Asks real Hydra for its help with templates of our own, and writes help.jsonl. Needs tests/oracle/venv."""
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HELP = "hydra.help.template="
HYDRA_HELP = "hydra.hydra_help.template="
# Of help_tree.
LINES = [
    ["--help"],
    ["--help", "--resolve"],
    ["-h", "--resolve", "missing=1"],
    ["--help", "db=postgres", "name=new"],
    ["--help", "--cfg", "job", "--run", "--info", "defaults"],
    ["--help", "--hydra-help"],
    ["--help", "hydra/help=other"],
    ["--help", "hydra/help=other", "hydra.help.app_name=third"],
    ["--help", "hydra.job.name=fourth", "~db", "title=x"],
    ["--help", HELP + "$APP_CONFIG_GROUPS"],
    ["--help", HELP + "$HYDRA_CONFIG_GROUPS"],
    ["--help", HELP + "$CONFIG"],
    ["--help", "--resolve", "missing=1", HELP + "$CONFIG"],
    ["--help", "--resolve", "+to_missing=${missing}", HELP + "$CONFIG"],
    ["--help", "--resolve", "+unresolvable=${no.such}", HELP + "$CONFIG"],
    ["--help", HELP + '"a $$ b $$$CONFIG"'],
    ["--help", HELP + r'"a \${CONFIG}$APP_CONFIG_GROUPS."'],
    ["--help", HELP + r'"\${name} is ${name}"'],
    ["--help", HELP + "[a]"],
    ["--help", HELP + "5"],
    ["--help", HELP + "null"],
    ["--help", HELP + "???"],
    ["--help", HELP + ""],
    ["--help", HELP + "${title}"],
    ["--help", HELP + "${db}"],
    ["--help", HELP + "${no.such.key}"],
    ["--help", HELP + "${hydra:job.name}"],
    ["--help", HELP + "$NO_SUCH_PLACEHOLDER"],
    ["--help", HELP + "$config"],
    ["--help", HELP + "$CONFIGX"],
    ["--help", HELP + "$CONFIG.$CONFIG"],
    ["--help", HELP + '"costs $5"'],
    ["--help", HELP + '"ends with $"'],
    ["--help", HELP + r'"\${CONFIG"'],
    ["--help", HELP + r'"$\{CONFIG}"'],
    ["--help", HELP + '"$ÄCONFIG"'],
    ["--help", HELP + '"$CONFIGÄ"'],
    ["--help", "hydra.searchpath=[file://{project}/examples/ppo_trainer/config]", HELP + "$APP_CONFIG_GROUPS"],
    ["--help", "-cd", "{project}/examples/embedded_parser/config", HELP + "$APP_CONFIG_GROUPS"],
    ["--help", "no.such.key=1"],
    ["--help", "db=nothing"],
    ["--help", "a=1,2"],
    ["--help", "broken=["],
    ["--help", "-cn", "nothing"],
    ["--help", "-cd", "no/such/folder"],
    ["--help", "--no-such-flag"],
    ["--help", "--cfg", "nothing"],
    ["--help", "hydra/help=nothing"],
    ["--help", "~hydra.help"],
    ["--hydra-help", HYDRA_HELP + "$HYDRA_CONFIG_GROUPS"],
    ["--hydra-help", HYDRA_HELP + "$APP_CONFIG_GROUPS"],
    ["--hydra-help", HYDRA_HELP + '"${hydra.runtime.version} ${hydra.job.name}"'],
    ["--hydra-help", HYDRA_HELP + '"${hydra:job.name}"'],
    ["--hydra-help", HYDRA_HELP + "$NOTHING"],
    ["--hydra-help", "-cn", "nothing", HYDRA_HELP + "x"],
    ["--hydra-help", "--cfg", "job", "--info", "defaults", HYDRA_HELP + "x"],
    ["--hydra-help", "--resolve", HYDRA_HELP + "x"],
    ["--hydra-help", "name=1", HYDRA_HELP + "x"],
    ["--hydra-help", "-cp", "/no/such/folder", HYDRA_HELP + "x"],
    ["--hydra-help", "hydra/job_logging=disabled", "hydra.verbose=own", HYDRA_HELP + "$CONFIG"],
]


def main():
    oracle = subprocess.run([ROOT / "tests/oracle/venv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with open(HERE / "help.jsonl", "w", encoding="utf-8") as out:
        for words in LINES:
            filled = [word.replace("{project}", str(ROOT)) for word in words]
            command = [oracle, "-B", "-W", "ignore", HERE / "app.py", "-cp", HERE / "help_tree", "-cn", "config", *filled]
            answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT,
                                    env=os.environ | {"HYDRA_FULL_ERROR": "0", "PYTHONUTF8": "1"})
            stdout = answer.stdout.replace(str(ROOT), "{project}") if answer.returncode == 0 else ""
            # What the flags alone make wrong, but Hydra reports by a traceback, is a usage error.
            usage = answer.returncode == 1 and ", in _run_hydra\n    raise ValueError" in answer.stderr
            out.write(json.dumps({"words": words, "exit": 2 if usage else answer.returncode, "stdout": stdout}) + "\n")


main()
