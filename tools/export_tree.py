"""Copy what git lists (tracked, and untracked but not ignored) to an empty folder, as real files.

Links are followed. R CMD build copies everything it finds before it leaves anything out, and R CMD INSTALL
takes the inst folder as it is; so packages are built from such a copy, never from the working tree with its
environment and its compiled files.

    python tools/export_tree.py DESTINATION
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEVER = {".git", ".venv", ".setup", "__pycache__", "build", "dist", "demo"}


def listed_by_git() -> list[str] | None:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return sorted(set(answer.stdout.decode().split("\0")) - {""})


def found_by_walking() -> list[str]:
    """List the files of an unpacked archive, which has no git."""
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        generated = any(part in NEVER or part.endswith((".egg-info", ".Rcheck", "_cache")) for part in parts)
        if not generated and (path.is_symlink() or path.is_file()):
            found.append(path.relative_to(ROOT).as_posix())
    return sorted(found)


def link_target(name: str) -> str | None:
    """Return which folder a link stands for; a clone on Windows leaves a text file that holds the target."""
    path = ROOT / name
    is_text = not path.is_symlink() and path.is_file() and 0 < path.stat().st_size < 100 and path.suffix == ""
    if not path.is_symlink() and not is_text:
        return None
    text = str(path.readlink()) if path.is_symlink() else path.read_text(errors="replace").strip()
    target = (path.parent / text).resolve() if "\n" not in text and "\0" not in text else path
    inside = target.is_dir() and ROOT in target.parents
    return target.relative_to(ROOT).as_posix() if inside else None


def copies(names: list[str]) -> dict[str, str]:
    """Map the name of every file in the copy to the file it is made from."""
    plan = {}
    for name in names:
        target = link_target(name)
        if target is not None:
            below = [other for other in names if other.startswith(f"{target}/") and (ROOT / other).is_file()]
            plan.update({f"{name}{other[len(target) :]}": other for other in below})
        elif (ROOT / name).is_file():  # a file deleted but still listed is left out
            plan[name] = name
    return plan


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    destination = Path(arguments[0])
    if destination.exists() and any(destination.iterdir()):
        print(f"export: {destination} is not empty", file=sys.stderr)
        return 2
    for name, source in copies(listed_by_git() or found_by_walking()).items():
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / source, destination / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
