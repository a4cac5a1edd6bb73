"""Config trees of any size, for scale.py. Each function fills a folder with a `main.yaml` and says what is to be counted: the
number of lines that the printed configuration must have. Nothing long is held in memory: see Run.peak."""

from itertools import chain

GROUPS = 100
FAN_OUT = 10
VALUES_PER_FILE = 1000
SCALARS = ["{0}", "{0}.5", "true", "text {0}", "null", "1e-{1}", "'0{0}'", "/data/{0}/file.parquet"]


def scalar(number):
    """All kinds in turn."""
    return SCALARS[number % len(SCALARS)].format(number, number % 30)


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as out:
        for line in lines:
            out.write(line + "\n")


def empty(folder, size):
    write(folder / "main.yaml", ["a: 1"])
    return 1


def wide_files(folder, size):
    """One defaults list with `size` entries in 100 groups, each into a package of its own."""
    groups = min(GROUPS, size)
    for i in range(size):
        write(folder / f"g{i % groups}/o{i}.yaml", [f"value: {scalar(i)}"])
    entries = [f"- g{i % groups}@g{i % groups}.p{i}: o{i}" for i in range(size)]
    write(folder / "main.yaml", ["defaults:", *entries, "- _self_"])
    return 2 * size + groups


def chosen_files(folder, size):
    """The same, but each option is an interpolation of another choice."""
    write(folder / "name/o0.yaml", ["name: 1"])
    for i in range(size):
        write(folder / f"g{i}/o0.yaml", [f"value: {scalar(i)}"])
    entries = [f"- g{i}: ${{name}}" for i in range(size)]
    write(folder / "main.yaml", ["defaults:", "- name: o0", *entries, "- _self_"])
    return 2 * size + 2


def choosing_files(folder, size):
    """Half of the files each choose one by an interpolation. A list is read from its end: what they refer to stands last."""
    write(folder / "name/o0.yaml", ["name: 1"])
    write(folder / "below/o0.yaml", ["value: 1"])
    groups = size // 2
    for i in range(groups):
        write(folder / f"g{i}/o0.yaml", ["defaults:", "- /below@sub: ${name}", "- _self_", f"own: {scalar(i)}"])
    write(folder / "main.yaml", ["defaults:", *(f"- g{i}: o0" for i in range(groups)), "- name: o0", "- _self_"])
    return 4 * groups + 2


def nested_files(folder, size):
    """Groups in groups: file `i` includes ten others, which lie in the group of its name."""
    lines = 0
    pending = [(0, "main")]
    for i, path in pending:
        name = path.rsplit("/", 1)[-1]
        below = [(child, f"c{child}") for child in range(FAN_OUT * i + 1, min(FAN_OUT * (i + 1) + 1, size))]
        prefix = "" if i == 0 else name + "/"
        entries = [f"- {prefix}{child}" for _, child in below]
        group = "" if i == 0 else path + "/"
        pending += [(number, group + child) for number, child in below]
        write(folder / f"{path}.yaml", (["defaults:", *entries, "- _self_"] if entries else []) + [f"v{i}: {scalar(i)}"])
        lines += 1 + (1 if below and i > 0 else 0)
    return lines


def flat_map(folder, size):
    write(folder / "main.yaml", (f"key_{i}: {scalar(i)}" for i in range(size)))
    return size


def one_list(folder, size):
    write(folder / "main.yaml", chain(["items:"], (f"- {scalar(i)}" for i in range(size))))
    return size + 1


def nested_maps(folder, size):
    """Every map has ten keys: maps above, values at the bottom."""
    lines = 0

    def below(first, count, indent):
        nonlocal lines
        if count <= FAN_OUT:
            for i in range(first, first + count):
                lines += 1
                yield f"{indent}v{i}: {scalar(i)}"
            return
        step = -(-count // FAN_OUT)
        for begin in range(first, first + count, step):
            lines += 1
            yield f"{indent}m{begin}:"
            yield from below(begin, min(step, first + count - begin), indent + "  ")

    write(folder / "main.yaml", below(0, size, ""))
    return lines


def many_files(folder, size):
    """1,000 values in each file."""
    per_file = min(VALUES_PER_FILE, size)
    files = size // per_file
    for f in range(files):
        write(folder / f"g/f{f}.yaml", (f"key_{i}: {scalar(i)}" for i in range(per_file)))
    write(folder / "main.yaml", ["defaults:", *(f"- g@p{f}: f{f}" for f in range(files)), "- _self_"])
    return files * (per_file + 1)


def values_and_items(size):
    return chain(["values:"], (f"  k{i}: {i}" for i in range(size)), ["items:"], (f"- {i}" for i in range(size)))


def interpolations(folder, size):
    """To a key, to a list's item, to a brother, and within a text, in turn; as many values to refer to."""
    forms = ["${{values.k{0}}}", "${{items[{0}]}}", "${{.r0}}", "at ${{values.k{0}}}/${{items.{0}}}"]
    references = (f"  r{i}: " + (forms[i % len(forms)].format(i) if i else "0") for i in range(size))
    write(folder / "main.yaml", chain(values_and_items(size), ["references:"], references))
    return 3 * size + 3


def missing_in_list(folder, size):
    """Items that refer to what is not given: each leads to an error that is caught and names its key."""
    write(folder / "main.yaml", chain(["missing: ???", "items:"], ("- ${missing}" for _ in range(size))))
    return size + 2


def merge_keys(folder, size):
    maps = (f"m{i}: {{<<: *base, c: {i}}}" for i in range(size))
    write(folder / "main.yaml", chain(["base: &base {a: 1, b: 2}"], maps))
    return 4 * size + 3


def overridden(folder, size):
    """What the overrides of scale.py change."""
    write(folder / "main.yaml", values_and_items(size))
    return 2 * size + 2
