"""The modules that code of a course imports: mended where they have changed, else as they are installed."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from tidydl import rendering
from tidydl.boundaries import first_line, guarded
from tidydl.checks import check_text
from tidydl.errors import DependencyError, bring_extra

MENDED = ("datasets", "evaluate", "transformers")
_EXTRAS = {"sklearn": "sklearn", "accelerate": "train", "soundfile": "audio", "av": "video", "pytesseract": "ocr"}
_PACKAGES = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "sentence_transformers": "sentence-transformers",
}


@guarded
def course_module(name: str) -> ModuleType:
    """Return a Python module for code of a course.

    Parameters
    ----------
    name
        The name of the module. "transformers" and "datasets" are the mended ones of this package, and so is
        "evaluate" where it is not installed; all others, such as "transformers.pipelines", are the installed ones.

    Returns
    -------
    module
        The module.

    Raises
    ------
    DependencyError
        If the library is not installed, or cannot be imported; says how to install it.

    Examples
    --------
    >>> course_module("json").dumps([1])
    '[1]'
    """
    check_text("name", name, "The name of a Python module, such as 'transformers'.")
    if name in MENDED and not (name == "evaluate" and importlib.util.find_spec(name)):
        return importlib.import_module(f"tidydl.workshop.{name}")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as problem:
        raise _not_installed(name, problem) from problem
    except ImportError as problem:
        raise DependencyError(
            f"The Python module '{name}' cannot be imported: {first_line(problem)}.",
            allowed="A library whose parts fit together.",
            hint="sitrep() shows which libraries are installed.",
        ) from problem


def _not_installed(name: str, problem: ModuleNotFoundError) -> DependencyError:
    library, missing = name.partition(".")[0], (problem.name or name).partition(".")[0]
    what = f"The Python module '{name}' does not exist" if missing == library and "." in name else None
    if what and importlib.util.find_spec(library) is not None:
        return DependencyError(
            f"{what}: the installed '{library}' has no such part.",
            allowed="A module of the installed version.",
            hint=f"Import '{library}' itself, and look there for what you need.",
        )
    by = "" if missing == library else f", which '{name}' needs,"
    return DependencyError(
        f"The Python library '{missing}'{by} is not installed.",
        allowed="Libraries that are installed in this Python.",
        hint=bring_extra(_EXTRAS[missing]) if missing in _EXTRAS else _install(_PACKAGES.get(missing, missing)),
    )


def _install(package: str) -> str:
    command = rendering.by_language(f"pip install {package}", f'reticulate::py_install("{package}")')
    return f"Install it with `{command}`, then restart the session."
