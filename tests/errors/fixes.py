"""Types what errors say to try: nobody must be told to type what is refused again.

usage: fixes.py CFGTOOL CORPUS

- fixes.txt has words of the command line and what must be said to try, written by hand. Both are given to bash, as a
  person would type them.
- Of the refused cases of the corpus, each fix takes the place of its override, which then must not be refused.
"""

import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "provenance"))
import refused_places  # noqa: E402


def in_shell(cfgtool, typed):
    line = f"{shlex.quote(cfgtool)} resolve {typed}"
    return subprocess.run(["bash", "-c", line], cwd=HERE / "fixes", capture_output=True, text=True, check=False)


def wrong_with(cfgtool, typed, expected):
    flags = "" if typed.startswith("-") or "conf/" in typed.split(".yaml")[0] else "-cp conf -cn config "
    refused = in_shell(cfgtool, flags + typed)
    if refused.returncode != 1:
        return f"is not refused: {refused.returncode} {refused.stderr}"
    said = re.search(r"(?m)^  try: (.*)$", refused.stderr)
    said = said[1] if said else "-"
    if said != expected:
        return f"says to try {said}, not {expected}\n{refused.stderr}"
    if said == "-":
        return None
    words = shlex.split(typed)
    place = re.search(r"--> override (\d+):", refused.stderr)
    if said.startswith("--"):
        mended = said if said.count("--") == 2 else f"{said} -cn config"
    else:
        mended = flags + " ".join(said if i == int(place[1]) else shlex.quote(word) for i, word in enumerate(words, 1))
    done = in_shell(cfgtool, mended)
    return None if done.returncode == 0 else f"says to try {said}, which is refused:\n{done.stderr}"


def wrong_by_hand(cfgtool):
    count, wrong = 0, []
    for line in (HERE / "fixes.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        typed, expected = line.split("  =>  ")
        count += 1
        reason = wrong_with(cfgtool, typed, expected)
        if reason:
            wrong.append(f"{typed}: {reason}")
    print(f"{count} lines typed in bash, {len(wrong)} wrong")
    return wrong


def wrong_in_corpus(cfgtool, corpus):
    trees = (corpus / "trees").resolve()
    requests = [refused_places.request_of(case, trees) for case in refused_places.refused_cases(corpus)]
    asked = []
    for request, answer in zip(requests, refused_places.ask([cfgtool, "batch"], requests)):
        error = answer.get("error") or {}
        if error.get("fix") and "override" in error:
            words = list(request["overrides"])
            words[error["override"] - 1] = error["fix"]
            asked.append((error["override"], {**request, "overrides": words}))
    wrong = []
    for (number, request), answer in zip(asked, refused_places.ask([cfgtool, "batch"], [r for _, r in asked])):
        error = answer.get("error") or {}
        if error.get("override") == number:
            wrong.append(f"{request['id']}: {request['overrides'][number - 1]} is refused as well: {error['message']}")
    print(f"{len(asked)} fixes of the corpus typed, {len(wrong)} refused")
    return wrong if asked else wrong + ["no fix was tried"]


def main():
    cfgtool, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
    wrong = wrong_by_hand(cfgtool)
    if corpus.is_dir():
        wrong += wrong_in_corpus(cfgtool, corpus)
    print("\n".join(wrong))
    if wrong:
        return 1
    if not corpus.is_dir():
        print(f"SKIPPED: there is no {corpus}, so that no fix of its refused cases was typed")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
