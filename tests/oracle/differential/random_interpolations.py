"""Random ${…}: of paths that exist in the tree, mostly."""

ENVIRONMENTS = [{}, {}, {"HOME": "/root"}, {"A": "1", "B": "[1, 2]", "C": "", "D": "${a}"},
                {"A": "x y", "B": "{a: 1}", "E": "???"}]
TIMES = ["%Y", "%Y-%m-%d_%H-%M-%S", "%H:%M", "%j %A %b", "%%", "", "%s"]
LITERALS = ["1", "a", "1.5", "true", "null", "x y", "'q'", "[1,2]", "{a:1}", "[]", "{}", "'a,b'", "a.b", "-1", "1e3",
            "\\,", "NULL",
            "a:b", "a/b", "[a,[b]]", "{a:{b:c}}", "' '", "0x10", "1_000", "é", "inf", "yes", "a-b", "' '", "'null'",
            "'1.0'"]
ODD_LITERALS = ["???", "'${a}'", "", " ", "'[1'", '"dq"', "[1", "a=b", "'", "{", "a b:c", "\\}", "#", "[a,", "é ☃",
                "1,", "${a", "'\\''", "\\ x"]


def path_text(rng, path):
    """a.b.0 in one of its forms."""
    roll = rng.random()
    path = [key.strip("'\"") for key in path]
    if roll < 0.7 or not path:
        return ".".join(path)
    if roll < 0.85:
        return path[0] + "".join(f"[{key}]" for key in path[1:])
    if roll < 0.9:
        return "".join(f"[{key}]" for key in path)
    if not rng.risk(0.4):
        return ".".join(path)
    if roll < 0.95:
        return "." * rng.choice([1, 1, 2, 3]) + ".".join(path[-rng.choice([1, 2]):])
    return ".".join(path) + rng.choice([".nope", ".0", "[0]", "[nope]", ".", "..x"])


def path_of(rng, paths):
    if paths and not rng.risk(0.1):
        return path_text(rng, rng.choice(paths))
    return rng.choice(["nope", "a.nope", "a", "b", "x", ".x", "..a", ".", "0", "a b", "db", "srv.one"])


def relative_to(rng, own, paths):
    """The way from a value's own place to a sibling or to a value further up."""
    near = [p for p in paths if len(p) >= 1 and len(own) >= 1 and p[:len(p) - 1] == own[:len(p) - 1]]
    if not near:
        return path_of(rng, paths)
    target = rng.choice(near)
    return "." * (len(own) - len(target) + 1) + target[-1].strip("'\"")


def argument(rng, paths, depth):
    if depth < 2 and rng.random() < 0.25:
        return random_interpolation(rng, paths, (), depth + 1)
    if rng.random() < 0.15 and paths:
        return path_text(rng, rng.choice(paths))
    return rng.pick(LITERALS, ODD_LITERALS, 0.15)


def resolver_call(rng, paths, depth):
    name = rng.weighted({"oc.env": 20, "oc.decode": 12, "oc.create": 12, "oc.select": 20, "oc.deprecated": 5,
                         "oc.dict.keys": 7, "oc.dict.values": 8, "now": 8, "wrong": 2 if rng.wild else 0})
    if name == "oc.env":
        arguments = [rng.choice(["HOME", "A", "B", "C", "D", "E", "NOPE"])]
        arguments += [argument(rng, paths, depth)] if not rng.risk(0.4) else []
    elif name == "oc.decode":
        arguments = [rng.choice(["'[1,2]'", "'1'", "'a'", "null", "'{a: 1, b: [x]}'", "${oc.env:B,null}", "'${a}'",
                                 "'1:30'", "''", "1", "'[1'",
                                 argument(rng, paths, depth)])]
    elif name == "now":
        arguments = [rng.choice(TIMES)]
    elif name in ("oc.select", "oc.deprecated"):
        arguments = [path_of(rng, paths)] + ([argument(rng, paths,
                                                       depth)] if rng.random() < 0.5 and name == "oc.select" else [])
    elif name in ("oc.dict.keys", "oc.dict.values"):
        arguments = [path_of(rng, paths)]
    elif name == "wrong":
        name = rng.choice(["nope", "oc", "oc.nope", "hydra", "python_version", "oc.env.x", "a b"])
        arguments = [argument(rng, paths, depth)]
    else:
        arguments = [argument(rng, paths, depth)]
    if rng.risk(0.04):
        arguments += [argument(rng, paths, depth)] * rng.choice([1, 2])
    blank = rng.choice(["", "", "", " "])
    return f"${{{name}:{blank}" + ("," + blank).join(arguments) + "}"


def random_interpolation(rng, paths, own=(), depth=0):
    roll = rng.random()
    if roll < 0.25:
        return resolver_call(rng, paths, depth)
    if roll < 0.40:
        return f"${{{relative_to(rng, own, paths)}}}"
    if roll < 0.45 and depth < 2 and (rng.wild or roll < 0.41):  # nested: a part of the path comes from another value
        return f"${{{path_of(rng, paths)}.{random_interpolation(rng, paths, own, depth + 1)}}}"
    if rng.risk(0.03):
        return rng.choice(["${", "${}", "${a", "$a", "${a}}", "${a.}", "${.}", "${a b}", "${hydra:job.name}",
                           "${hydra:runtime.choices}", "${a:}",
                           "${:a}", "${hydra:nope}", "${[a]}", "${a[}", "${..}", "${a!}", "${${a}}", "${oc.env:}",
                           "${ a }", "${a}.${", "\\\\${a}"])
    return f"${{{path_of(rng, paths)}}}"


def interpolated_text(rng, paths, own=()):
    """A whole value that interpolates: mostly nothing but one interpolation."""
    one = random_interpolation(rng, paths, own)
    roll = rng.random()
    if roll < 0.6:
        return one
    if roll < 0.66:
        return "\\" + one
    if roll < 0.7:
        return "\\\\" + one
    before, after = (rng.choice(["", "x", "a b ", "é", "/", "$", "'", "1", "{", "\\", "-", "$$"]) for _ in range(2))
    return before + one + rng.choice(["", "", " and " + random_interpolation(rng, paths, own), "_" + one]) + after
