"""Judge what R printed while R CMD check ran the examples: every help page's were run, none skipped for lack of Python.

python tools/check_examples.py tidydl.Rcheck/tidydl-Ex.Rout
"""

import re
import sys
from pathlib import Path

# The help page and why its examples are only shown. Add to it only with a reason.
SHOWN_ONLY = {"install_tidydl": "installs packages, for which it needs a network"}


def pages(printed: str) -> dict[str, str]:
    """Split it by help page: the name of each, and what was printed for it."""
    parts = re.split(r"^> ### Name: (.+)$", printed, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def faults(printed: str) -> list[str]:
    """Return a line for each page whose examples were not run."""
    found = pages(printed)
    wrong = [] if found else ["there are no examples"]
    for name, text in found.items():
        if "\n> ## Not run:" in text and name not in SHOWN_ONLY:
            wrong.append(f"{name}: examples are marked not to be run")
        # R shows a block that waits for a condition with "+ ", and each line of it anew with "> " when it is run
        if "# examplesIf" in text and not re.search(r"# examplesIf\n(?:\+ .*\n)+> (?!#)", text):
            wrong.append(f"{name}: the condition of the examples does not hold")
    return wrong


def main(arguments: list[str]) -> int:
    path = Path(arguments[0])
    printed = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    wrong = faults(printed)
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    print(f"examples of R: {len(pages(printed))} help pages, {len(wrong)} faults")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
