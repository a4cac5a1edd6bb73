"""Reads and writes case files: configuration, command line and recorded answer in one readable text.

The form is described in tests/cases/README.md; tests/cases/case_file.cpp is its reader in C++.
"""
import dataclasses
import json
import pathlib
import re
import shutil

RECORDED = re.compile(r"(unresolved|resolved|resolved as unresolved|refused at (compose|resolve): .+)$")
# What an editor would change, a reader would not see, or the reader of case files would take for its own.
UNSAFE = re.compile("[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]|^(?:-- |== )| $")
JSON_HEADERS = {"overrides", "env", "more_config_dirs", "args"}


class CaseFileError(Exception):
    """The case file is not written as tests/cases/README.md says."""


@dataclasses.dataclass
class Section:
    title: str
    lines: list  # as they stand in the file
    escaped: bool = False

    def content(self):
        return unescape(self.lines) if self.escaped else "".join(line + "\n" for line in self.lines).encode()

    def write(self):
        return [f"-- {self.title}" + (" (escaped)" if self.escaped else "")] + self.lines


@dataclasses.dataclass
class Case:
    name: str
    line: int
    head: list = dataclasses.field(default_factory=list)  # header and comment lines as they stand in the file
    headers: dict = dataclasses.field(default_factory=dict)
    sections: list = dataclasses.field(default_factory=list)

    def files(self):
        """The configuration files written in the case: path below its folder -> bytes."""
        return {s.title.removeprefix("file "): s.content() for s in self.sections if s.title.startswith("file ")}

    def recorded(self):
        return [s for s in self.sections if RECORDED.match(s.title)]


@dataclasses.dataclass
class CaseFile:
    path: pathlib.Path
    common: Case  # headers and files that every case of the file shares
    cases: list

    def headers(self, case):
        return {**self.common.headers, **case.headers}

    def files(self, case):
        return {**self.common.files(), **case.files()}

    def write(self):
        blocks = []
        for case in [self.common] + self.cases:
            lines = [] if case is self.common else [f"== {case.name}"]
            lines += case.head
            for section in case.sections:
                lines += section.write()
            blocks.append("".join(line + "\n" for line in lines))
        return "\n".join(blocks)


def unescape(lines):
    """Every line ends in a newline unless it ends in a backslash; the escapes are \\\\ \\t \\r \\xHH \\*{count}{text}."""
    text = "".join(line + "\n" for line in lines).encode()
    out = bytearray()
    position = 0
    while position < len(text):
        if text[position:position + 1] != b"\\":
            out += text[position:position + 1]
            position += 1
            continue
        rest = text[position + 1:]
        repeat = re.match(rb"\*\{(\d+)\}\{([^}]*)\}", rest)
        number = re.match(rb"x([0-9a-f]{2})", rest)
        if repeat:
            out += unescape_fragment(repeat[2]) * int(repeat[1])
            position += 1 + repeat.end()
        elif number:
            out.append(int(number[1], 16))
            position += 4
        elif rest[:1] in (b"\\", b"t", b"r", b"\n"):
            out += {b"\\": b"\\", b"t": b"\t", b"r": b"\r", b"\n": b""}[rest[:1]]
            position += 2
        else:
            raise CaseFileError(f"unknown escape in {rest[:12]!r}")
    return bytes(out)


def unescape_fragment(fragment):
    return unescape([fragment.decode()])[:-1] if b"\\" in fragment else fragment


def make_section(title, text):
    """A section with `text`, escaped where a reader or an editor could get it wrong."""
    lines = text.split("\n")
    if lines[-1] == "" and not any(re.search(UNSAFE, line) for line in lines):
        return Section(title, lines[:-1])
    written = []
    for line in lines:
        line = line.replace("\\", "\\\\")
        written.append(re.sub(UNSAFE, hexadecimal, line))
    if written[-1] == "":
        written.pop()
    else:
        written[-1] += "\\"
    return Section(title, written, escaped=True)


def hexadecimal(match):
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode())


def read(path):
    text = pathlib.Path(path).read_bytes().decode("utf-8")
    case_file = CaseFile(pathlib.Path(path), Case("", 0), [])
    case, section = case_file.common, None
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line.startswith("== "):
            end_block(case, section)
            case, section = Case(line[3:], number), None
            case_file.cases.append(case)
        elif line.startswith("-- "):
            title = line[3:]
            escaped = title.endswith(" (escaped)")
            section = Section(title.removesuffix(" (escaped)"), [], escaped)
            case.sections.append(section)
        elif section is not None:
            section.lines.append(line)
        else:
            case.head.append(line)
            read_header(case, line, f"{path}:{number}")
    end_block(case, section)
    names = [c.name for c in case_file.cases]
    for name in names:
        if names.count(name) > 1:
            raise CaseFileError(f"{path}: two cases are named '{name}'")
    return case_file


def end_block(case, section):
    """The empty line before the next case belongs to neither."""
    last = case.head if section is None else section.lines
    if last and last[-1] == "":
        last.pop()


def read_header(case, line, place):
    if not line or line.startswith("#"):
        return
    name, colon, value = line.partition(":")
    if not colon:
        raise CaseFileError(f"{place}: a header is 'name: value'")
    value = value.strip()
    try:
        case.headers[name] = json.loads(value) if name in JSON_HEADERS else value
    except ValueError as error:
        raise CaseFileError(f"{place}: {error}") from None


def lay_out(case_file, case, trees, scratch):
    """The folder that {tree} stands for: a tree of tests/cases/trees, or the case's own files written to `scratch`."""
    files = case_file.files(case)
    if not files:
        return trees / case_file.headers(case)["tree"]
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for name, content in files.items():
        target = scratch / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return scratch


def fill_in(value, folder):
    """Replaces {tree} in a text or in the texts of a list or an object."""
    if isinstance(value, list):
        return [fill_in(item, folder) for item in value]
    if isinstance(value, dict):
        return {key: fill_in(item, folder) for key, item in value.items()}
    return value.replace("{tree}", str(folder))
