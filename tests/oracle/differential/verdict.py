"""Compares the two answers by the rule of tests/cases/compare.cpp, and knows the differences that are meant."""
import dataclasses
import re

# As in tests/cases/compare.cpp: the errors whose first line is Hydra's own wording.
WORDED = {"ConfigCompositionException", "MissingConfigException", "InterpolationKeyError",
          "InterpolationResolutionError", "InterpolationValidationError", "InterpolationToMissingValueError",
          "UnsupportedInterpolationType"}
# What follows in these is worded by Python.
QUOTED_PYTHON = ("GrammarParseError raised while resolving interpolation:",
                 "TypeError raised while resolving interpolation:")


@dataclasses.dataclass(frozen=True)
class Difference:
    kind: str  # what is kept while a trial shrinks: disagreements of one kind are taken for one
    hydra: str
    cfgtool: str


@dataclasses.dataclass(frozen=True)
class Explained:
    hydra: str  # a pattern for what Hydra said
    cfgtool: str  # for what cfgtool said
    trial: str  # and for a line of the files, or an override
    reason: str


# A difference belongs here only if cfgtool is different on purpose, or if Hydra itself crashes or answers by chance.
EXPLAINED = [
    Explained(r"RecursionError|hangs", r".", r"",
              "Hydra recurses without end: how deep it comes depends on where it happens to be, or it never ends."),
    Explained(r"refused at compose: ConfigCompositionException", r"refused at compose: defaults-cycle", r"",
              "Configs that include each other: Hydra's error is about what it was doing when Python's stack ended."),
    Explained(r"TypeError: list indices must be integers", r"accepted|refused at resolve", r"^~",
              "~list.0: Hydra 1.3.8 dies with a TypeError; cfgtool deletes the item, as Hydra 1.4."),
    Explained(r"accepted|ConfigCompositionException", r"refused at compose: override-value",
              r"(choice|range|interval|glob|shuffle|tag|sort)\(",
              "A sweep within another value: Hydra 1.3.8 puts its own Python object there; cfgtool refuses it."),
    Explained(r"AssertionError raised while resolving", r"", r"",
              "OmegaConf's assertion fails while it words an error about a key that is no string."),
    Explained(r"", r"yaml-recursive-alias", r"<<: .*\*",
              "<<: *x within &x: PyYAML merges what it has read so far; cfgtool refuses what can only be a mistake."),
    Explained(r"The value of '' is", r"The value of '' is", r"^~=",
              "~=value: Hydra's message prints the whole configuration with Hydra's own node; cfgtool leaves that out."),
    Explained(r"accepted", r"hydra-value-type", r"^\++hydra\.searchpath=\[.*\[",
              "+hydra.searchpath=[[x]]: Hydra takes a list for a folder and finds nothing there; cfgtool refuses it."),
    Explained(r"ConfigCompositionException:  +\S", r"", r"\n",
              "A line break in an override: Hydra's message about it keeps the indentation of Hydra's source."),
    Explained(r"Error merging override", r"Could not override", r"^hydra\.searchpath\.",
              "A key below a folder of hydra.searchpath: for Hydra the type is wrong, for cfgtool the key is missing."),
    Explained(r"not supported in options list items", r"must be a list of strings", r"=\[",
              "Two faults in one list of options: Hydra, which fails at a list in it with a TypeError, sees the other first."),
    Explained(r"", r"refused at compose: yaml-syntax: found a character that cannot start any token", r"[\[{,]\s*\?\S",
              "[?x] and {?x: 1}: text in YAML 1.2, a key's mark for PyYAML; cfgtool asks for quotes."),
    Explained(r"", r"yaml-encoding: found a Unicode line separator outside of quotes", r"[\u2028\u2029]",
              "U+2028 or U+2029 outside of quotes: PyYAML breaks the line; cfgtool refuses what nobody can see."),
    Explained(r"accepted", r"yaml-unsupported-tag: paths as values", r"pathlib",
              "Paths as values are not supported yet (marked `open` in yaml_tags.case)."),
]


# Found by asking Hydra once more, without that habit.
CHANGED_COPY = Explained("", "", "", "Hydra keeps what it has read, merges into that very object, and has the result there "
                                     "when the same config is used once more; cfgtool uses what is in the file.")


def first_line(message):
    return next((line.rstrip(" \t\r") for line in message.split("\n") if line.rstrip(" \t\r")), "")


def said(answer):
    """An answer in one line; of an accepted one, only that."""
    if answer["ok"]:
        return "accepted"
    error = answer["error"]
    return f"refused at {answer['stage']}: {error['code']}: {first_line(error['message'])}"


def words_differ(hydra, cfgtool):
    if hydra["error"]["code"].split(" ")[-1] not in WORDED:
        return False
    if re.match(r"(Scanner|Parser|Composer|Constructor)Error raised while resolving", hydra["error"]["message"]):
        return False  # YAML within oc.create: worded by PyYAML
    words, ours = first_line(hydra["error"]["message"]), first_line(cfgtool["error"]["message"])
    quoted = next((beginning for beginning in QUOTED_PYTHON if words.startswith(beginning)), None)
    return not ours.startswith(quoted) if quoted else ours != words


def general(line):
    """A line without its names and numbers."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|[0-9]+|\S*[$.@/=]\S*", "_", line)


def compare(hydra, cfgtool):
    """A Difference, or None."""
    both = (said(hydra), said(cfgtool))
    if hydra["ok"] and cfgtool["ok"]:
        return None if hydra["yaml"] == cfgtool["yaml"] else Difference("other bytes", *both)
    if hydra["ok"] or cfgtool["ok"]:
        return Difference(" / ".join(map(general, both)), *both)
    if hydra["stage"] != cfgtool["stage"]:
        return Difference("stage: " + " / ".join(map(general, both)), *both)
    if words_differ(hydra, cfgtool):
        return Difference("words: " + " / ".join(map(general, both)), *both)
    return None


def explanation(difference, trial):
    text = "\n".join([*trial.overrides, *trial.files.values()])
    for explained in EXPLAINED:
        if (re.search(explained.hydra, difference.hydra) and re.search(explained.cfgtool, difference.cfgtool)
                and re.search(explained.trial, text, re.MULTILINE)):
            return explained
    return None
