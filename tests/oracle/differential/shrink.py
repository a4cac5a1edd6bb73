"""Makes a trial that shows a disagreement smaller, as long as it shows a disagreement of the same kind."""
import re
import time

MAX_SECONDS = 90  # some trials make Hydra take long


def smaller_trials(trial):
    """Trials with less in them, the largest steps first."""
    for path in trial.files:
        yield trial.with_changes(files={p: t for p, t in trial.files.items() if p != path})
    for index in range(len(trial.overrides)):
        yield trial.with_changes(overrides=trial.overrides[:index] + trial.overrides[index + 1:])
    yield from simpler_requests(trial)
    for path, text in trial.files.items():
        for shorter in shorter_texts(text):
            yield trial.with_changes(files={**trial.files, path: shorter})
    for index, override in enumerate(trial.overrides):
        for shorter in shorter_words(override):
            yield trial.with_changes(overrides=trial.overrides[:index] + [shorter] + trial.overrides[index + 1:])


def simpler_requests(trial):
    for index in range(len(trial.more_config_dirs)):
        yield trial.with_changes(more_config_dirs=trial.more_config_dirs[:index] + trial.more_config_dirs[index + 1:])
    if trial.hydra:
        yield trial.with_changes(hydra=False)
    if trial.resolve:
        yield trial.with_changes(resolve=False)
    for name in trial.env:
        yield trial.with_changes(env={n: v for n, v in trial.env.items() if n != name})


def shorter_texts(text):
    """Without a line and what is indented below it; without the line alone; with a simpler value."""
    lines = text.splitlines(keepends=True)
    if len(lines) > 6:
        for begin, end in ((0, len(lines) // 2), (len(lines) // 2, len(lines))):
            yield "".join(lines[:begin] + lines[end:])
    for index, line in enumerate(lines):
        depth = indentation(line)
        end = index + 1
        while end < len(lines) and indentation(lines[end]) > depth:
            end += 1
        yield "".join(lines[:index] + lines[end:])
        if end > index + 1:
            yield "".join(lines[:index] + lines[index + 1:])
    for index, line in enumerate(lines):
        for simpler in simpler_lines(line):
            yield "".join(lines[:index] + [simpler] + lines[index + 1:])


def indentation(line):
    return len(line) - len(line.lstrip(" "))


def simpler_lines(line):
    body = line.rstrip("\n")
    end = line[len(body):]
    without_comment = re.sub(r"\s+#(?! @package).*", "", body)
    if without_comment != body:
        yield without_comment + end
    key, colon, value = body.partition(": ")
    if colon and value not in ("1", "{}", ""):
        yield f"{key}: 1{end}"
        for shorter in shorter_words(value):
            yield f"{key}: {shorter}{end}"


def shorter_words(text):
    """Without one item between commas, or one of its pieces."""
    pieces = re.findall(r"\w+|\s+|[^\w\s]", text)
    if len(pieces) > 60:
        for begin in range(0, len(pieces), 20):
            yield "".join(pieces[:begin] + pieces[begin + 20:])
        return
    for match in re.finditer(r"[^,\[\]{}]+,|,[^,\[\]{}]+", text):
        yield text[:match.start()] + text[match.end():]
    for index in range(len(pieces)):
        for count in (3, 2, 1):
            if index + count <= len(pieces):
                yield "".join(pieces[:index] + pieces[index + count:])


def shrink(trial, is_same, max_seconds=MAX_SECONDS):
    """The smallest found; `is_same` asks whether a trial shows the same kind of disagreement."""
    end, success = time.monotonic() + max_seconds, True
    while success and time.monotonic() < end:
        success = False
        candidates = list(smaller_trials(trial))
        position = 0
        while position < len(candidates) and time.monotonic() < end:
            if is_same(candidates[position]):  # and on with what is left, from the same place
                trial, success = candidates[position], True
                candidates = list(smaller_trials(trial))
            else:
                position += 1
    return trial
