"""Random command-line words, mostly ones that fit the tree."""
import re

from .random_interpolations import interpolated_text

PRIMITIVES = ("1 0 -1 +1 1_000 1__0 007 .5 1. 1e-6 -1.5e+3 inf -inf nan NaN true False tRuE null nULL foo a-b a/b x:y "
              "a.b yes on off 0x10 1e400 a@b a%b a?b a|b *x $x 1a a1 -- - + "
              " / ~ _ : @ . .. 12:30 1e 1_ _1 0b1 00 -0 -0.0 1.0 100000000000000000000 1e16 1e-5 123456789.123").split()
ODD_PRIMITIVES = "??? é 😀 a#b !x a;b <a> ^ ` & ☃".split()
QUOTED = ["'q'", '"q"', "''", '""', "'a b'", "'it\\'s'", '"say \\"x\\""', "'\\\\'", "'a\\\\'", "'1'", "'null'",
          "'a,b'", "'[1]'", "'${a}'", "'\\${a}'", "'é'",
          "'a\\nb'", '"\'"', "'x=y'", "' '", "'a: b'", "'#'", "'true'", "'???'", "'a\nb'", "'\t'"]
ESCAPED = ["\\,", "a\\,b", "\\[x\\]", "\\{x\\}", "a\\=b", "a\\:b", "\\(x\\)", "a\\ b", "\\ ", "a\\\\b", "\\\\", "a b",
           "a  b c", " a ", "\\  x", "a\\\\\\,b"]
WRONG = ["a=[1", "a={", "=1", "a", "+a", "~", "a==1", "a=1]", "a='x", "+", "++", "a=}", "a=1,", "a=,1", "~a,b",
         "a b=1", "a.=1", ".a=1", "a[0]=1", "1=2",
         "a..b=1", "+~a=1", "a=[,]", "a=(", "a=x)", "a={1}", "a={a:}", "a={:1}", "-a=1", "a@=1", "@a=1", "a@b@c=1",
         "a@b:c=1", "a=foo(", "a=int(1)x",
         "\u00e9=1", "a='x'y", "a=[1]x", "a=${", "a=${a", "a=${}", "", " ", "a= = ", "/a=1", "a/=1", "a:b=1", "a=#",
         "a=!", "a=;", "a=&", "a=<x>", "a=^", "a=`x`"]
FUNCTIONS = ["int(3.7)", "float(1)", "str(1e-5)", "bool(1)", "int('5')", "str([1,2.5])", "int([1.5,'2'])",
             "bool({a:0})", "str({a:1,b:[x]})",
             "sort([3,1,2])", "sort([b,a],reverse=true)", "float('1e3')", "str(str(1))", "float(inf)", "str(true)",
             "bool('true')", "bool(no)",
             "str('x y')", "int(1_0)", "float([])", "int(true)", "int(-0.5)", "sort([1.5,1])", "sort([true,false])",
             "sort([])", "str(1_000)",
             "float(1_000)", "int( 1 )", "str( a b )", "bool(0.0)", "str(-0.0)", "str(1e16)"]
WRONG_FUNCTIONS = ["str([1,2.5,null])", "int(x)", "range(3)", "choice(1,2)", "interval(0,1)", "glob(*)",
                   "shuffle([1])", "tag(x,choice(1))", "sort(3,1,2)",
                   "foo(1)", "int()", "bool('yes')", "int(1,2)", "sort([1,a])", "range(1,x)", "json_str({a:1})",
                   "extend_list(1)", "int(nan)", "str(null)", "str(${a})",
                   "sort(1)", "sort([[2],[1]])", "sort([{a:1},{a:0}])", "choice()", "range(0,1,0.1)", "int(1)int(2)",
                   "str('\\'')", "sort(reverse=true)"]
SOME_PATHS = [("a",), ("nope",), ("a", "b"), ("x", "0"), ("db",), ("a/b",), ("$x",), ("hydra", "job", "name")]
MARKS = "=,[]{}()'\"\\:$+~@./ \t0a-#?*é\n"

VALUE_KINDS = {"primitive": 40, "quoted": 12, "escaped": 8, "list": 12, "dict": 12, "interpolation": 10, "function": 6,
               "empty": 3, "sweep": 0.1}
DICT_KEYS = ["a", "b", "x", "y", "1", "true", "null", "1.5", "a b", "a.b", "a-b", "0_1"]
ODD_DICT_KEYS = ["0x1", "1e3", "nan", "a/b", "-1", "é", "'q'"]


def value_text(rng, paths, depth=0):
    kind = rng.weighted(VALUE_KINDS | ({"sweep": 1.5} if rng.wild else {}))
    if depth > 2 and kind in ("list", "dict"):
        kind = "primitive"
    if kind == "list":
        return list_text(rng, paths, depth)
    if kind == "dict":
        return dict_text(rng, paths, depth)
    if kind == "interpolation":
        text = interpolated_text(rng, paths)
        plain = text.isascii() and not set(text) & set("'\" ") and text.count("{") == 1
        return text if plain or rng.risk(0.8) else "'" + text.replace("'", "\\'") + "'"
    if kind == "sweep":
        return value_text(rng, paths, 3) + "," + value_text(rng, paths, 3)
    if kind == "function":
        return rng.pick(FUNCTIONS, WRONG_FUNCTIONS, 0.4)
    if kind == "primitive":
        return rng.pick(PRIMITIVES, ODD_PRIMITIVES, 0.15)
    return rng.choice({"quoted": QUOTED, "escaped": ESCAPED, "empty": [""]}[kind])


def list_text(rng, paths, depth):
    blank = rng.choice(["", "", " "])
    items = [value_text(rng, paths, depth + 1) for _ in range(rng.choice([0, 1, 2, 3]))]
    return "[" + blank + f",{blank}".join(items) + rng.choice(["", "", "", " "]) + "]"


def dict_text(rng, paths, depth):
    blank = rng.choice(["", "", " "])
    keys = rng.sample(DICT_KEYS + (ODD_DICT_KEYS if rng.risk(0.3) else []), rng.choice([0, 1, 2, 2]))
    return "{" + ",".join(f"{blank}{key}:{blank}{value_text(rng, paths, depth + 1)}" for key in keys) + "}"


def key_text(path):
    return ".".join(key.strip("'\"") for key in path)


def value_override(rng, paths):
    if not rng.wild:
        paths = [path for path in paths if re.fullmatch(r"[A-Za-z_][\w-]*(\.[\w-]+)*", key_text(path), re.ASCII)]
    path = rng.choice(SOME_PATHS if not paths or rng.risk(0.15) else paths)
    key, value = key_text(path), value_text(rng, paths)
    parent = path[:-1] if rng.random() < 0.6 else path
    if (*parent, "0") in paths and not rng.risk(0.3):
        parent = ()  # a list takes no new keys
    below = rng.pick(["new", "new.x", "n.0", "a.b.c", "q-r", "x_1", "$k"], ["new/x", "0", "1", "n.$k.1"], 0.3)
    below = ".".join(filter(None, [key_text(parent), below]))
    forms = {f"{key}={value}": 45, f"++{key}={value}": 25, f"~{key}": 6, f"+{below}={value}": 20,
             f"++{below}={value}": 14, f"+{key}.new={value}": 0.3}
    if rng.wild:
        forms |= {f"+{key}={value}": 3, f"~{key}={value}": 3, f"+{key}.new={value}": 3, f"{key}.nope={value}": 1}
    return rng.weighted(forms)


def group_override(rng, configs):
    choices = [(c.group, c.name) for c in configs if c.group]
    written = [line for c in configs for line in c.defaults or ()
               if ": " in line and "override" not in line and (rng.wild or c.at_home and "@_" not in line)]
    if not rng.wild:
        written = [w for w in written if "/" not in w.partition(": ")[0]] or written
    if not choices and not written:
        return None
    if written and rng.random() < (0.8 if rng.wild else 0.94):
        return change_of_choice(rng, choices, rng.choice(written))
    group, name = rng.choice(choices or [("db", "one")])
    package = rng.choice(["", "", "", "@x", "@_global_", "@_global_.q", "@x.y", "@_here_", "@_group_", "@_name_"])
    forms = {f"+{group}{package}={name}": 80, f"+{group}{package}=[{name}]": 10}
    if rng.wild:
        forms |= {f"{group}{package}={name}": 10, f"~{group}{package}": 5}
    return rng.weighted(forms)


def change_of_choice(rng, choices, line):
    """Another option for a group that a defaults list names."""
    target = line.partition(": ")[0].removeprefix("optional ").lstrip("/{")
    group = target.partition("@")[0]
    options = [name for g, name in choices if g.endswith(group)] or ["one", "two"]
    target = group if rng.risk(0.1) else target
    chosen = rng.choice(options)
    several = ",".join(rng.sample(options, len(options)))
    forms = {f"{target}={chosen}": 60, f"{target}=[{several}]": 7, f"~{target}": 5, f"{target}={{a:1}}": 2,
             f"{target}=[]": 1, f"{target}='{chosen}'": 1}
    if rng.wild:
        forms |= {f"~{target}={chosen}": 4, f"{target}=null": 1, f"{target}=nope": 2, f"+{target}={chosen}": 2,
                  f"++{target}={chosen}": 1, f"{target}=": 0.5, f"{target}={chosen}.yaml": 1, f"{target}=1": 0.7,
                  f"{target}=${{db}}": 0.7, f"{target}@new={chosen}": 1, f"{target}=[1]": 0.5}
    return rng.weighted(forms)


def hydra_override(rng, settings):
    if settings["more_config_dirs"] and rng.random() < 0.6:
        further = rng.choice(settings["more_config_dirs"])
        return f"hydra.searchpath=[{rng.choice(['file://', 'file://', ''])}{{tree}}/{further}]"
    return rng.choice(["hydra.job.name=x", "hydra/job_logging=disabled", "hydra/job_logging=nope", "+hydra.nope=1",
                       "hydra.nope=1", "hydra.run.dir=${a}", "hydra.verbose=true",
                       "hydra/hydra_logging=none", "~hydra.job.name", "hydra=x", "hydra.job.chdir=x",
                       "hydra.job.num=1", "+hydra.job.env_set.A=1", "hydra.mode=RUN",
                       "hydra.mode=x", "hydra/launcher=basic", "hydra/output=default", "+hydra/help=default",
                       "hydra.job.env_copy=[A]", "hydra.sweep.dir=1", "hydra.job.id=${a}",
                       "hydra.runtime.cwd=x", "++hydra.run.dir=x", "hydra.searchpath=[]", "hydra.searchpath=null",
                       "hydra.job.override_dirname=x",
                       "hydra.job.config.override_dirname.exclude_keys=[a]", "hydra.output_subdir=null",
                       "hydra.callbacks.x.y=1", "+hydra.callbacks.x.y=1"])


def mutated(rng, word):
    """A valid override with one or two characters changed."""
    for _ in range(rng.choice([1, 1, 2])):
        at = rng.randint(0, len(word))
        kind = rng.choice(["insert", "delete", "replace", "swap", "cut"])
        if kind == "insert":
            word = word[:at] + rng.choice(MARKS) + word[at:]
        elif kind == "delete":
            word = word[:at] + word[at + 1:]
        elif kind == "replace":
            word = word[:at] + rng.choice(MARKS) + word[at + 1:]
        elif kind == "swap":
            word = word[:at] + word[at + 1:at + 2] + word[at:at + 1] + word[at + 2:]
        elif rng.random() < 0.2:
            word = word[:at]
    return word


def random_override(rng, paths, configs, settings):
    roll = rng.random()
    if rng.risk(0.04):
        return rng.choice(WRONG)
    if roll < 0.02:
        return hydra_override(rng, settings)
    word = group_override(rng, configs) if roll < 0.35 else None
    word = word or value_override(rng, paths)
    return mutated(rng, word) if rng.risk(0.06) else word


def random_overrides(rng, paths, configs, settings):
    count = rng.weighted({0: 30, 1: 30, 2: 20, 3: 12, 4: 8})
    return [random_override(rng, paths, configs, settings) for _ in range(count)]
