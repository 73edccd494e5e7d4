"""Print one hash over files, folders and words, by which set-up knows whether anything has changed."""

import hashlib
import sys
from pathlib import Path

IGNORED = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


def files_of(name: str) -> list[Path]:
    path = Path(name)
    if not path.is_dir():
        return [path]
    inside = (file for file in path.rglob("*") if file.is_file())
    return sorted(f for f in inside if not IGNORED.intersection(f.parts) and ".egg-info" not in str(f))


def main(arguments: list[str]) -> None:
    total = hashlib.sha256()
    for argument in arguments:
        total.update(f"{argument}\0".encode())
        for file in files_of(argument):
            if file.is_file():
                total.update(f"{file.as_posix()}\0".encode() + file.read_bytes() + b"\0")
    print(total.hexdigest())


if __name__ == "__main__":
    main(sys.argv[1:])
