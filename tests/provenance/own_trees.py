"""Small trees with what the corpus does not have. Their interpolations' values stand here; all else the files say."""

import pathlib

from comparing import Case
from defaults_list import Composing


class Tree:
    def __init__(self, name, files, words=(), values=None, env=None, **more):
        self.name, self.files, self.words, self.env = name, files, list(words), env or {}
        self.more = dict(more, values=values or {})  # of the Case


ALIASES = """\
base: &base
  oil: 1
  rye: &rye [a, b]
more: &more {oil: 2, fig: ~}
one:
  <<: *base
  fig: 7
two:
  yam: 0
  <<: [*more, *base]
three: *base
four:
  - *rye
  - fig: *rye
five: &five "x y"
six: *five
seven: {<<: *more, oil: *five}
eight:
  inner:
    <<: *base
    rye: ${two.fig}
"""

EMPTIES = """\
one: &one
two: !!str
three: &three   # nothing
four: *one
flow: {m: , n, o: &o , p: [1, ]}
list:
  -
  - &deep
  - !!str
  - - 1
    -
? five
? six
: 6
? seven # said
  # and more
: &seven
eight:
nine: {}
ten: []
eleven: ''
twelve: &twelve
  # below
  oil: 1
thirteen: !!map
  rye: &rye
    - 2
fourteen: &fourteen !!str 3
fifteen: !!int &fifteen "4"
"""

SCALARS = """\
text: |
  first
  second
folded: >-
  one
  two
kept: &kept |+
  x

quoted: 'it''s'
"q r": "tab\\t"
plain: two
  lines
7: int
0x10: hex
true: yes
1.5: off
a.b: 1
a.c: {d.e: 2, '': 3}
größe: {höhe: 1, b: 2}
infinite: [.inf, -.inf, .nan, 1e3, 0o7, 010, 1:30, 1_000]
big: 123456789012345678901234567890
date: 2026-01-02
"""

MERGING = {
    "config.yaml": """\
defaults:
  - oven: gas
  - shelf/top
  - _self_
loaf:
  flour: [1, 2]
  salt: ???
  water: 3
  crust: {deep: {er: 1}}
  seed: ${oven.plate}
  mix: {a: 1, b: 2}
  steam: {}
  wait: [3]
oven: {heat: 240, door: null, lamp: {bulb: 2}}
""",
    "oven/gas.yaml": """\
heat: 200
door: {open: 1, knob: {red: 2}}
lamp: 40
plate: {iron: 5, size: [1, 2], ring: {outer: 6}}
tray: ${.plate}
rack: ${oven.tray}
fan: null
""",
    "shelf/top.yaml": """\
# @package _global_
loaf: {flour: [9, 8, 7], salt: 4, water: '???', crust: 2, mix: null, steam: 1, wait: '???'}
oven: {door: 3, tray: {iron: 7, extra: 1}, rack: {ring: {inner: 2}}, fan: {speed: 1}, heat: '???'}
""",
    "last.yaml": """\
defaults: [base, _self_]
loaf: {flour: [0], mix: {b: 3}, crust: '???', seed: {iron: 0}, wait: '???'}
oven: {door: {open: 2}, lamp: dim}
""",
}

PACKAGES = {
    "config.yaml": """\
defaults:
  - crate: oak
  - crate@spare: oak
  - store/mid@deep.er: x
  - /label/red@_global_
  - optional crate@third: none_such
  - list: [p, q]
  - pick
  - _self_
  - override crate@spare: elm
crate: {own: 1}
""",
    "crate/oak.yaml": "kind: oak\nsize: 1\n",
    "crate/elm.yaml": "# only a name\nkind: elm\n",
    "crate/ash.yaml": "kind: ash\nleaf: ${.kind}\n",
    "store/mid/x.yaml": "defaults:\n  - part: y\n  - _self_\nheld: 1\npart: {own: 2}\n",
    "store/mid/part/y.yaml": "made: 3\nown: 1\n",
    "label/red.yaml": "tint: red\ncrate: {size: 7}\n",
    "label/blue.yaml": "# @package tag.here\ntint: blue\n",
    "list/p.yaml": "p: 1\nboth: p\n",
    "list/q.yaml": "q: 2\nboth: q\n",
    "list/none.yaml": "{}\n",
    "list/nothing.yaml": "",
    "pick.yaml": "picked: true\nlist: {both: pick}\n",
}

KITCHEN = {
    "config.yaml": """\
a: {b: 1, c: {d: 2, e: [1, 2, {f: 3}]}}
l: [1, 2, 3]
s: text
m: {}
n: null
i: ${a.c}
""",
}

ENVIRONMENT = {
    "config.yaml": """\
home: ${oc.env:PANTRY}
away: ${oc.env:CELLAR,none}
nested: ${oc.env:CELLAR,${name}}-x
name: jam
dir: ${oc.env:PANTRY}/${name}/${.name}
select: ${oc.select:name}
missing: ${oc.select:no.such,7}
through: ${all.jar}
all: ${shelf}
shelf: {jar: "${name}", tin: [1, 2]}
tin: ${shelf.tin[1]}
which: jar
chosen: ${shelf.${which}}/${up.one.${oc.env:WAY}}
variable: ${oc.env:${letter}ANTRY}
letter: P
decoded: ${oc.decode:${oc.env:NUMBER}}
escaped: \\${name}
up: {one: {two: "${..jar}", three: "${...name}!"}, jar: 3}
""",
}

HYDRA = {
    "config.yaml": """\
defaults:
  - override hydra/job_logging: mine
  - _self_
x: 1
hydra:
  run: {dir: out}
""",
    "hydra/job_logging/mine.yaml": "level: low\nroot: {level: WARN}\n",
    "hydra/env/mine.yaml": "heat: 3\n",
}

PLATE = {"iron": 5, "size": [1, 2], "ring": {"outer": 6}}

TREES = [
    Tree("aliases", {"config.yaml": ALIASES}),
    Tree("aliases-changed", {"config.yaml": ALIASES}, ["one.oil=5", "++three.new=1", "four.0=[z]", "~six"]),
    Tree("empties", {"config.yaml": EMPTIES}),
    Tree("scalars", {"config.yaml": SCALARS}),
    Tree("merging", MERGING, values={"loaf.seed": PLATE}),
    Tree("merging-more", dict(MERGING, **{"config.yaml": MERGING["last.yaml"], "base.yaml": MERGING["config.yaml"]})),
    Tree("packages", PACKAGES),
    Tree("packages-changed", PACKAGES,
         ["crate=ash", "crate@spare=ash", "+label@top.most=blue", "list=[q,p]", "+crate@fourth=elm", "spare.kind=fir"],
         {"crate.leaf": "ash", "spare.leaf": "fir"}),
    Tree("packages-less", PACKAGES,
         ["~crate@spare", "list=none", "crate={size: 9}", "+more/less=1", "++crate.lid.top=2", "+label=blue"]),
    Tree("packages-nothing", PACKAGES, ["list=[]", "+list@void=none", "+list@void.deep=nothing"]),
    Tree("deleted", KITCHEN, ["~a.b", "+a.b=7", "~l", "+l=[4,[5]]", "~i", "~s=text"]),
    Tree("deleted-above", KITCHEN, ["~a", "+a.c.d=9", "++a.c.e=[7]", "a.c.e=[8,9]", "~i"]),
    Tree("emptied", KITCHEN, ["~a.c.d", "~a.c.e", "~i", "~a.b"]),
    Tree("over-scalars", KITCHEN,
         ["++a.b.x.y=1", "s=null", "++s.deep=2", "+m={p: {q: 1}, r: [2]}", "n={z: 1}", "++i.new=3"]),
    Tree("lists", KITCHEN, ["l.1=9", "a.c.e.2.f=8", "+a.c.e.2.g={h: [1]}", "a.c.e.0=[4, 5]", "i=null"]),
    Tree("lists-within", {"config.yaml": "l: [1, {q: 2}, [3, 4]]\nhydrant: {lr: 1}\n"},
         ["l.1.q=4", "l.2.0=4", "l=[0,{q: 5},[6]]", "hydrant.lr=2", "hydrant.lr=3"]),
    Tree("lists-again", KITCHEN, ["l.0=5", "l=[6,7]", "l.1={k: v}", "l=3", "l=[1]", "a.c=null", "a={c: {z: 1}}", "~i"]),
    Tree("words", KITCHEN,
         ["s='a\\'b'", '+q1="x y"', "+q2='\\\\'", "+u=x\\,y\\ z", "+e=", "+t=${a.b}${s}", "+v='${a.b}'", "+e2=''",
          "+deep.er.est=-1_0", "+d={a: 'q, r', b: [1.5, nUlL, {c: tRuE}], w: x\\:y}", "+f=1e-3", "+g= two words ",
          "+h=[]", "+k={}", "+y={x: 'ü', z: 1}", "++a.c={d: 5, new: {x: ''}}"],
         {"t": "1a'b", "v": 1, "i": {"d": 5, "e": [1, 2, {"f": 3}], "new": {"x": ""}}}),
    Tree("environment", ENVIRONMENT, ["+tail=${oc.env:CELLAR,null}"],
         {"home": "/p", "away": "none", "nested": "jam-x", "dir": "/p/jam/jam", "select": "jam", "missing": 7,
          "through": "jam", "all": {"jar": "jam", "tin": [1, 2]}, "shelf.jar": "jam", "tin": 2, "decoded": 12,
          "escaped": "${name}", "up.one.two": 3, "up.one.three": "jam!", "tail": None, "chosen": "jam/3",
          "variable": "/p"},
         {"PANTRY": "/p", "NUMBER": "12", "WAY": "two"}),
    Tree("hydra", HYDRA,
         ["hydra.job.name=oven", "hydra.sweep.dir=s", "+hydra.job.env_set.A=b", "hydra/env=mine", "hydra.env.heat=4"],
         keys=["x", "hydra.run.dir", "hydra.job.name", "hydra.sweep.dir", "hydra.job_logging", "hydra.job.env_set",
               "hydra.output_subdir", "hydra.job.env_copy", "hydra.env.heat"],
         builtins={"hydra.output_subdir": ".hydra", "hydra.job.env_copy": []},
         builtin_configs={"hydra.output_subdir": ["hydra/config"], "hydra.job.env_copy": ["hydra/config"],
                          "hydra.job.name": ["hydra/config"], "hydra.run.dir": ["hydra/output/default"],
                          "hydra.sweep.dir": ["hydra/output/default"]}),
]


def own_cases(folder, tool):
    """Writes the trees into a folder."""
    cases = []
    for tree in TREES:
        for name, text in tree.files.items():
            path = pathlib.Path(folder, tree.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        composing = Composing(f"{folder}/{tree.name}", "config", tree.words, tree.env, tool)
        cases.append(Case(tree.name, composing, **tree.more))
    return cases
