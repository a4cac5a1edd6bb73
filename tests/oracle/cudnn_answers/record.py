#!/usr/bin/env python3
"""Asks cuDNN, through NVIDIA's cudnn-frontend, which problems of tests/cudnn_matrix (problems.txt, combinations.txt) it
would run on which GPU, and writes the answers beside them (recorded.txt, recorded_combinations.txt). No GPU is needed.

Needs g++, CUDA's toolkit with its stub driver, cuDNN 9 with headers, and once PyPI, for the headers of cudnn-frontend.
--frontend names a folder that has these headers."""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
MATRIX = ROOT / "tests/cudnn_matrix"
FRONTEND = "nvidia-cudnn-frontend==1.32.0"
DEVICES = ["v100", "t4", "a100", "rtx3090", "rtx4090", "h100", "h200", "b200", "rtx-pro-6000"]
LONGEST_TEXT = 400
SKIPPED = 77


class Missing(Exception):
    """Something that this machine does not have."""


def fetch_frontend(folder):
    """The wheel's headers, downloaded once."""
    if not (folder / "include/cudnn_frontend.h").exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, FRONTEND]
        if subprocess.run(command).returncode != 0:
            raise Missing(f"{FRONTEND} cannot be downloaded")
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if name.startswith("include/")])
    return folder / "include"


def compile_program(folder, frontend, cuda):
    if not (cuda / "include/cudnn.h").exists():
        raise Missing(f"{cuda}/include has no cuDNN")
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "cudnn_answers"
    sources = sorted(HERE.glob("*.cpp"))
    inputs = sources + sorted(HERE.glob("*.hpp")) + [frontend / "cudnn_frontend.h"]
    if program.exists() and all(path.stat().st_mtime < program.stat().st_mtime for path in inputs):
        return program
    subprocess.run(["g++", "-std=c++20", "-O0", "-Wall", "-Wextra", *sources, "-isystem", frontend, "-isystem",
                    cuda / "include", f"-L{cuda}/lib64", f"-Wl,-rpath,{cuda}/lib64", "-lcudnn", "-lcudart", "-lnvrtc",
                    "-ldl", "-o", program], check=True)
    return program


def ask(program, cuda, problems):
    """The versions, and answers by problem and device."""
    devices = ",".join(str(ROOT / f"attention_plugins/devices/{name}.json") for name in DEVICES)
    printed = subprocess.run([program, cuda / "lib64/stubs/libcuda.so", devices, problems], check=True,
                             stdout=subprocess.PIPE, text=True).stdout.splitlines()
    lines = [json.loads(line) for line in printed]
    return lines[0], {(line["problem"], line["device"]): line for line in lines[1:]}


def shorten(text):
    """Without what differs from device to device only."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r'"smVersion":\d+', '"smVersion":N', text)
    text = re.sub(r"_{2,}", "", text)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " …"


def write(path, versions, answers):
    letters = {}
    rows = []
    for problem in dict.fromkeys(problem for problem, _ in answers):
        cells = []
        for device in DEVICES:
            answer = answers[problem, device]
            refusal = shorten(answer["text"])
            cells.append(str(answer["engines"]) if answer["engines"] else
                         letters.setdefault(refusal, chr(ord("a") + len(letters))))
        rows.append((problem, cells))
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Made by tests/oracle/cudnn_answers/record.py. What cuDNN answers through cudnn-frontend, without a GPU: the\n"
                  "# number of engine configurations that it offers, or the letter of a refusal.\n")
        out.write(f"cudnn {versions['cudnn']}\nfrontend {versions['frontend']}\n\n")
        for problem, cells in [("problem", DEVICES)] + rows:
            line = f"{problem:26}" + "".join(f" {cell:>{max(7, len(device))}}" for cell, device in zip(cells, DEVICES))
            out.write(line.rstrip() + "\n")
        out.write("\n")
        for text, letter in letters.items():
            out.write(f"{letter}: {text}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/cudnn-answers", help="where it is built")
    parser.add_argument("--frontend", type=pathlib.Path, help="a folder with cudnn_frontend.h")
    parser.add_argument("--cuda", type=pathlib.Path, default=pathlib.Path("/usr/local/cuda"), help="CUDA's folder")
    parser.add_argument("--output", type=pathlib.Path, default=MATRIX, help="the folder for the answers")
    options = parser.parse_args()
    try:
        frontend = options.frontend or fetch_frontend(options.work)
        program = compile_program(options.work, frontend, options.cuda)
    except Missing as missing:
        print(f"SKIPPED: {missing}")
        return SKIPPED
    versions, answers = ask(program, options.cuda, MATRIX / "problems.txt")
    beyond = ask(program, options.cuda, HERE / "beyond_the_abi.txt")[1]
    write(options.output / "recorded.txt", versions, answers | beyond)
    write(options.output / "recorded_combinations.txt", *ask(program, options.cuda, MATRIX / "combinations.txt"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
