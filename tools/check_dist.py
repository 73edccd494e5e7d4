"""See that what was built carries what it should and nothing else, and that the wheel is small.

python tools/check_dist.py dist
"""

import sys
import tarfile
import zipfile
from pathlib import Path

LARGEST_WHEEL = 3_000_000
R_PREFIX = "tidydl/inst/python/"
UNWANTED = ("__pycache__", ".egg-info/", ".pyc", "/.venv/", "/.setup/", ".so")


def names_in(archive: Path) -> list[str]:
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(archive) as opened:
        links = [member.name for member in opened if member.issym() or member.islnk()]
        assert not links, f"{archive.name} holds links: {links}"
        return opened.getnames()


def faults(archive: Path, prefix: str) -> list[str]:
    names = names_in(archive)
    sources = {path.relative_to("python").as_posix() for path in Path("python").rglob("tidydl/**/*.py")}
    found = [f"lacks {name}" for name in sorted(sources) if prefix + name not in names]
    is_sdist = prefix.endswith("/python/") and prefix != R_PREFIX  # it holds the record of its own making
    unwanted = [bad for bad in UNWANTED if not (is_sdist and bad == ".egg-info/")]
    return found + [f"holds {name}" for name in names for bad in unwanted if bad in name]


def prefix_of(archive: Path) -> str:
    """Return where in an archive the Python package lies."""
    if archive.suffix == ".whl":
        return ""
    return R_PREFIX if archive.name.startswith("tidydl_") else f"{archive.name.removesuffix('.tar.gz')}/python/"


def main(arguments: list[str]) -> int:
    wrong = 0
    for archive in sorted(Path(arguments[0]).iterdir()):
        found = faults(archive, prefix_of(archive))
        if archive.suffix == ".whl" and archive.stat().st_size >= LARGEST_WHEEL:
            found.append(f"is larger than {LARGEST_WHEEL / 1e6:.0f} MB")
        print(f"dist/{archive.name}: {archive.stat().st_size / 1e6:.2f} MB")
        for fault in found:
            print(f"  {fault}", file=sys.stderr)
        wrong += len(found)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
