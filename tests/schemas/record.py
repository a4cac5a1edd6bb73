#!/usr/bin/env python3
"""Asks check-jsonschema which documents of documents/ fit the schemas that it bundles, and writes recorded.jsonl.

A document's folder is named as its schema. Formats are not looked at (--disable-formats '*'): they are annotations here.
Needs tests/schemas/venv.
"""
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# The others are in the package's folder "vendor".
CUSTOM = {"github-workflows-require-timeout"}
# Their patterns are none with ECMA 262's flag u, which check-jsonschema sets: "\\:" escapes what needs no escape.
WITHOUT_UNICODE = {"azure-pipelines"}
PACKAGES = ["check-jsonschema", "jsonschema", "regress", "ruamel.yaml"]


def ask(schema, documents):
    builtin = ("custom." if schema in CUSTOM else "vendor.") + schema
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", builtin, "--disable-formats", "*",
               "--output-format", "json", "--regex-variant", "nonunicode" if schema in WITHOUT_UNICODE else "default",
               *documents]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode not in (0, 1):
        sys.exit(f"{builtin}: check-jsonschema ended with {answer.returncode}: {answer.stdout}")
    report = json.loads(answer.stdout)
    if report.get("parse_errors"):
        sys.exit(f"{builtin}: {report['parse_errors']}")
    wrong = {error["filename"] for error in report.get("errors", [])}
    if bool(wrong) != (report["status"] == "fail"):
        sys.exit(f"{builtin}: {report}")
    return {document: document not in wrong for document in documents}


def main():
    if len(sys.argv) == 1:
        venv = subprocess.run([HERE / "venv"], check=True, stdout=subprocess.PIPE, text=True)
        python = venv.stdout.strip()
        os.execv(python, [python, __file__, "record"])
    os.chdir(HERE / "documents")
    with open(HERE / "recorded.jsonl", "w", encoding="utf-8") as out:
        versions = {package: importlib.metadata.version(package) for package in PACKAGES}
        out.write(json.dumps({"versions": versions, "formats": "not looked at"}) + "\n")
        for folder in sorted(path for path in pathlib.Path().iterdir() if path.is_dir()):
            documents = sorted(str(path) for path in folder.glob("*-[0-9]*.*"))
            for document, fits in ask(folder.name, documents).items():
                if fits != folder.joinpath(document).name.startswith("valid-"):
                    print(f"{document}: {'fits' if fits else 'does not fit'}", file=sys.stderr)
                out.write(json.dumps({"schema": folder.name, "document": document, "fits": fits}) + "\n")


main()
