"""Judge the log of an R CMD check: nothing but OK, and the notes that cannot be avoided.

python tools/check_log.py tidydl.Rcheck/00check.log
"""

import re
import sys
from pathlib import Path

# The note (as a regular expression over its text) and why it cannot be avoided. Add to it only with a reason.
UNAVOIDABLE = {
    r"checking package dependencies .*Packages? suggested but not available for checking": (
        "suggested packages are optional, and not every machine that checks has them"
    ),
    r"checking installed package size .*installed size is +[0-9.]+Mb": (
        "the Python half and the example data travel inside"
    ),
}


def entries(log: str) -> list[str]:
    """Split a log into its entries, each beginning with ``* checking``."""
    return [entry for entry in re.split(r"^\* ", log, flags=re.MULTILINE) if entry.startswith("checking")]


def status(entry: str) -> str:
    """Return the verdict of one entry."""
    found = re.search(r"\.\.\..*?\b(OK|NOTE|WARNING|ERROR|SKIPPED|NONE)\b", entry, flags=re.DOTALL)
    worst = re.findall(r"^ +(?:\[.*\] )?(NOTE|WARNING|ERROR)\b", entry, flags=re.MULTILINE)
    for verdict in ("ERROR", "WARNING", "NOTE"):
        if verdict in worst:
            return verdict
    return found.group(1) if found else "OK"


def allowed(entry: str) -> str | None:
    """Return the reason why a note is allowed, or None."""
    flat = " ".join(entry.split())
    return next((reason for pattern, reason in UNAVOIDABLE.items() if re.search(pattern, flat)), None)


def main(arguments: list[str]) -> int:
    log = Path(arguments[0]).read_text(encoding="utf-8", errors="replace")
    if not re.search(r"^\* DONE|^Status:", log, flags=re.MULTILINE):
        print("check: the log ends early: R CMD check did not come to its end", file=sys.stderr)
        return 1
    wrong = 0
    for entry in entries(log):
        verdict = status(entry)
        if verdict not in ("NOTE", "WARNING", "ERROR"):
            continue
        reason = allowed(entry) if verdict == "NOTE" else None
        wrong += reason is None
        print(f"{verdict}: {entry.strip()}" if reason is None else f"NOTE, allowed because {reason}")
    print(f"R CMD check: {wrong} errors, warnings or notes that are not allowed")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
