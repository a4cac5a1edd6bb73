#!/usr/bin/env python3
"""Draws reward and value loss over the steps of one or more trainings, from their metrics.jsonl, as an SVG.

    plot.py eager=outputs/A/metrics.jsonl sdpa=outputs/B/metrics.jsonl > ppo_trainer.svg

Needs nothing but Python.
"""

import json
import sys

PANELS = [("reward: share of right letters", "critic/score/mean"), ("value loss", "critic/vf_loss")]
WIDTH, HEIGHT = 380, 220  # of one panel's axes
LEFT, TOP, GAP = 52, 40, 64
# A wide pale line below and a thin dark one above: both can be seen where they agree.
STROKES = ["first", "second", "third"]
STYLE = """
  text { font: 12px sans-serif; fill: #24292f; }
  .title { font-weight: bold; }
  .axis { stroke: #6e7781; fill: none; }
  .grid { stroke: #6e7781; stroke-opacity: 0.25; }
  .first { stroke: #e69f00; stroke-width: 5; }
  .second { stroke: #0b5cad; stroke-width: 1.5; }
  .third { stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 4 3; }
  polyline { fill: none; stroke-linejoin: round; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .second { stroke: #79c0ff; }
    .third { stroke: #56d364; }
  }
"""


def read_run(argument):
    label, _, path = argument.partition("=")
    with open(path, encoding="utf-8") as file:
        return label, [json.loads(line) for line in file]


def round_up(value):
    """The next number of the form 1, 2 or 5 times a power of ten."""
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 < value:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value)


def panel(runs, title, name, left):
    steps = max(run[-1]["training/global_step"] for _, run in runs)
    top = round_up(max(line[name] for _, run in runs for line in run))

    def x(step):
        return left + WIDTH * step / steps

    def y(value):
        return TOP + HEIGHT * (1 - value / top)

    parts = [f'<text class="title" x="{left}" y="{TOP - 16}">{title}</text>']
    for quarter in range(5):
        value = top * quarter / 4
        parts.append(f'<line class="grid" x1="{left}" x2="{left + WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
        step = steps * quarter // 4
        parts.append(f'<text x="{x(step):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{step}</text>')
    parts.append(f'<path class="axis" d="M{left} {TOP}V{TOP + HEIGHT}H{left + WIDTH}"/>')
    parts.append(f'<text x="{left + WIDTH * 7 / 8:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">step</text>')
    for (_, run), stroke in zip(runs, STROKES):
        points = " ".join(f'{x(line["training/global_step"]):.1f},{y(line[name]):.1f}' for line in run)
        parts.append(f'<polyline class="{stroke}" points="{points}"/>')
    return parts


def legend(runs, left):
    parts = []
    for index, ((label, _), stroke) in enumerate(zip(runs, STROKES)):
        row = TOP + HEIGHT * 0.55 + 22 * index
        parts.append(f'<line class="{stroke}" x1="{left}" x2="{left + 28}" y1="{row}" y2="{row}"/>')
        parts.append(f'<text x="{left + 36}" y="{row + 4}">{label}</text>')
    return parts


def main():
    if len(sys.argv) < 2 or len(sys.argv) > 1 + len(STROKES) or not all("=" in word for word in sys.argv[1:]):
        sys.exit(__doc__)
    runs = [read_run(word) for word in sys.argv[1:]]
    width = LEFT + len(PANELS) * (WIDTH + GAP)
    height = TOP + HEIGHT + 32
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{' and '.join(title for title, _ in PANELS)} of {', '.join(label for label, _ in runs)}</title>",
        f"<style>{STYLE}</style>",
    ]
    for index, (title, name) in enumerate(PANELS):
        parts += panel(runs, title, name, LEFT + index * (WIDTH + GAP))
    parts += legend(runs, LEFT + WIDTH * 0.72)
    print("\n".join(parts + ["</svg>"]))


if __name__ == "__main__":
    main()
