"""Set what R and Python noted in the demo side by side: a line a step, and a status that is not 0 where they differ.

python tools/compare_demo.py NOTES_OF_R NOTES_OF_PYTHON
"""

import sys
from pathlib import Path

TOLERANCE = 2e-6  # of what torch computed, whose sums are made in another order on another machine
ROUNDED = {"score"}  # the items that torch computed; all others are equal to the last digit
SHOWN = 10  # the first rows of a tibble, which the page shows


def read(path):
    """Return the noted values by step and item."""
    notes = {}
    for line in Path(path).read_text("utf-8").splitlines():
        step, item, *values = line.rstrip(" ").split("\t")
        notes[step, item] = [value.rstrip(" ") for value in "\t".join(values).split("|")]
    return notes


def compare(item, one, other):
    """Return how far two lists of values of one item agree."""
    if one == other:
        return "equal"
    if item not in ROUNDED:
        return "DIFFERENT"
    try:
        pairs = [(float(a), float(b)) for a, b in zip(one, other, strict=True)]
    except ValueError:
        return "DIFFERENT"
    close = all(abs(a - b) <= TOLERANCE for a, b in pairs)
    return f"equal to {TOLERANCE:g}" if close else "DIFFERENT"


def near_an_edge(values):
    """Return the values whose three digits, as the pages show them, another processor may print otherwise."""
    edges = []
    for value in map(float, values[:SHOWN]):
        low, high = value - TOLERANCE, value + TOLERANCE
        if f"{low:.3g}" != f"{high:.3g}" or f"{low:.3f}" != f"{high:.3f}":
            edges.append(value)
    return edges


def verdict_on(item, one, other):
    """Return how far two lists of values of one item agree, and whether the pages can show them."""
    edges = [*near_an_edge(one), *near_an_edge(other)] if item in ROUNDED else []
    return f"DIFFERENT elsewhere: {edges[0]:.7g} lies near a rounding edge" if edges else compare(item, one, other)


def shown(values):
    """Return one value whole, or how many there are and the first."""
    first = values[0].strip()
    try:
        first = f"{float(first):.8g}"
    except ValueError:
        first = first if len(first) <= 18 else first[:17] + "…"
    return first if len(values) == 1 else f"{len(values)}: {first}, …"


def main(notes_of_r, notes_of_python):
    r, python = read(notes_of_r), read(notes_of_python)
    print(f"{'step':<26}{'what':<12}{'R':<28}{'Python':<28}")
    differ = 0
    for key in dict.fromkeys([*r, *python]):
        both = key in r and key in python
        verdict = verdict_on(key[1], r[key], python[key]) if both else "DIFFERENT: only in one language"
        differ += verdict.startswith("DIFFERENT")
        sides = [shown(side[key]) if key in side else "—" for side in (r, python)]
        print(f"{key[0]:<26}{key[1]:<12}{sides[0]:<28}{sides[1]:<28}{verdict}")
    if not r or not python:
        print("one side noted nothing")
        return 1
    print("R and Python agree in every step." if not differ else f"R and Python differ in {differ} steps.")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
