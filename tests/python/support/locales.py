"""Locales that a machine may lack, made for a test by glibc's own localedef."""

import shutil
import subprocess

import pytest


def make_locale(folder, language, encoding):
    """Build a locale below a folder; give the variables of a process that speaks it."""
    if shutil.which("localedef") is None:
        pytest.skip("localedef, which makes locales, is not installed")
    name = f"{language}.{encoding}"
    made = subprocess.run(["localedef", "-i", language, "-f", encoding, str(folder / name)], capture_output=True)
    if made.returncode:
        pytest.skip(f"localedef knows no {name} here")
    return {"LOCPATH": str(folder), "LANG": name, "LC_ALL": "", "LC_CTYPE": "", "PYTHONUTF8": "0"}
