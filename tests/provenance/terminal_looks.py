#!/usr/bin/env python3
"""Runs the commands that tell where values come from in a terminal and in a pipe: colours and cut texts belong to a
terminal only.

terminal_looks.py CFGTOOL
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

LONG = "äß€😀" * 100
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
COMMANDS = {
    "explain": ["explain", "--all"],
    "diff": ["diff", "db.text=a", "--", "db.user=you", "--", f"db.text='{LONG}'"],
    "keys": ["keys"],
    "groups": ["groups"],
    "tree": ["tree"],
}
CUTS = ("explain", "diff", "keys")
failures = []


def check(what, holds):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def environment(more):
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CLICOLOR_FORCE")}
    return {**kept, "TERM": "xterm", **more}


def in_pipe(command, folder, more={}):
    return subprocess.run(command, cwd=folder, env=environment(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60).stdout


def in_terminal(command, folder, more={}):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(command, cwd=folder, env=environment(more), stdin=theirs, stdout=theirs,
                               stderr=subprocess.DEVNULL, close_fds=True)
    os.close(theirs)
    output = b""
    while True:
        try:
            some = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not some:
            break
        output += some
    process.wait(timeout=60)
    os.close(ours)
    return output.replace(b"\r\n", b"\n")


def text(name, output):
    try:
        return output.decode("utf-8")
    except UnicodeDecodeError as error:
        check(f"{name}: a character is cut in two: {error}", False)
        return output.decode("utf-8", "replace")


def write_tree(folder):
    conf = folder / "conf"
    (conf / "db").mkdir(parents=True)
    (conf / "config.yaml").write_text("defaults:\n  - db: mysql\n  - _self_\nsteps: 3\nname: ${db.text}\n")
    (conf / "db/mysql.yaml").write_text(f"user: me\ntext: {LONG}\n")
    (conf / "db/pg.yaml").write_text("user: me\n")


def main():
    cfgtool = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        write_tree(folder)
        for name, words in COMMANDS.items():
            command = [cfgtool, words[0], "-cp", "conf", "-cn", "config", *words[1:]]
            # The flags of diff stand before its sides.
            as_json = [*command[:6], "--json", *command[6:]]
            pipe = text(name, in_pipe(command, folder))
            shown = text(name, in_terminal(command, folder))
            plain = text(name, in_terminal(command, folder, {"NO_COLOR": "1"}))
            check(f"{name}: says something", len(pipe) > 20)
            check(f"{name}: no colour in a pipe", "\x1b" not in pipe)
            check(f"{name}: colour in a terminal", ESCAPE.search(shown) is not None)
            check(f"{name}: all else in it can be printed", "\x1b" not in ESCAPE.sub("", shown))
            check(f"{name}: a colour ends before its line does",
                  all(not ESCAPE.search(line) or ESCAPE.findall(line)[-1] == "\x1b[0m" for line in shown.splitlines()))
            check(f"{name}: NO_COLOR takes nothing but the colour", plain == ESCAPE.sub("", shown))
            check(f"{name}: nothing is cut in a pipe", "…" not in pipe and (name not in CUTS or LONG in pipe))
            if name in CUTS:
                check(f"{name}: long texts are cut in a terminal", "…" in plain)
            else:
                check(f"{name}: the same in a terminal as in a pipe", plain == pipe)
            json_pipe = in_pipe(as_json, folder)
            check(f"{name}: --json is the same everywhere", in_terminal(as_json, folder) == json_pipe)
            try:
                whole = json.dumps(json.loads(json_pipe) if name == "tree"
                                   else [json.loads(line) for line in json_pipe.splitlines()], ensure_ascii=False)
                check(f"{name}: --json cuts nothing", name not in CUTS or LONG in whole)
            except ValueError as error:
                check(f"{name}: --json is JSON: {error}", False)
    print(f"{len(COMMANDS)} commands, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
