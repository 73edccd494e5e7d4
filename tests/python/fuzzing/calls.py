"""Draw calls with hostile arguments and count what ends in an error that is not ours.

From a shell, ``PYTHONPATH=tests/python python -m fuzzing.calls TRIES SEED`` prints the faults by function, exception
and place; ``=NUMBER`` instead of TRIES makes one try again and shows its traceback.

What an error of Python's own binding of arguments says, such as "missing 1 required positional argument", is Python's:
no line of tidydl ran. All else that leaves a call has to be a ``TidydlError``.
"""

import collections
import contextlib
import inspect
import io
import os
import random
import signal
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

SECONDS = 60  # that a call may take


class TooLongError(KeyboardInterrupt):
    """A call went on and on."""


def prepare(folder):
    """Write what valid calls read, and keep the session away from the network and the user's own folders."""
    from tidydl.private_folders import compiled_code_folder

    os.environ["NUMBA_CACHE_DIR"] = str(compiled_code_folder() or folder)  # compiled code is not made anew
    for name in ("HF_HOME", "TIDYDL_CACHE"):
        os.environ[name] = str(folder / name.lower())
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch  # noqa: F401  (an import that the clock breaks off cannot be made again)
    import transformers  # noqa: F401

    import tidydl
    from fuzzing import subjects

    (folder / "folder").mkdir()
    subjects._data().to_csv(folder / "frame.csv", index=False)
    tidydl.save_model(subjects._fit("network"), folder / "saved.json")
    tidydl.save_model(subjects._fit("multinom"), folder / "saved_multinom.json")
    (folder / "work").mkdir()
    os.chdir(folder / "work")


def drawn(number, seed):
    """Draw a subject and its hostile arguments: the subject, names of what is replaced, and a maker of all."""
    from fuzzing.pool import POOL, kinds_for
    from fuzzing.subjects import SUBJECTS

    draw = random.Random(f"{seed}:{number}")
    subject = draw.choices(SUBJECTS, [each.share for each in SUBJECTS])[0]
    kinds = {**subject.more, **{name: kind for name, (kind, _) in subject.base.items()}}
    made = {name: make for name, (_, make) in subject.base.items()}
    for name in [name for name, kind in kinds.items() if kind.startswith("broken")]:
        made[name] = _with(subject.base[name][1], draw)
    told = []
    replaceable = [
        name for name, kind in kinds.items() if kind in ("data", "numbers", "scalar", "text", "path", "object")
    ]
    for name in draw.sample(replaceable, min(len(replaceable), 1 if draw.random() < 0.7 else 2)):
        part = draw.choice(kinds_for(kinds[name] if draw.random() < 0.8 else "object"))
        value = draw.choice(list(POOL[part]))
        made[name] = POOL[part][value]
        told.append(f"{name} = {value}")
    return subject, told, made


def _with(make, draw):
    if "draw" in inspect.signature(make).parameters:
        return lambda folder: make(folder, draw)
    from fuzzing import broken
    from fuzzing.subjects import _folder

    return lambda folder: broken.folder(folder, _folder("text"), draw)


def attempt(number, seed, folder):
    """Build a try; returns what was called and the exception that left it, or None."""
    subject, told, made = drawn(number, seed)
    arguments = {name: make(folder) for name, make in made.items()}
    words = f"{subject.name}({', '.join(told)})"
    sink = io.StringIO()
    try:
        with warnings.catch_warnings(), _limited(), contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
            warnings.simplefilter("ignore")
            _shown(subject.call(**arguments))
    except BaseException as error:
        return words, error
    return words, None


def _shown(result):
    """Look at a result as a user does: print it."""
    if not type(result).__module__.startswith("plotnine"):
        repr(result)


@contextlib.contextmanager
def _limited():
    def ring(*given):
        raise TooLongError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def is_ours(error, words=""):
    """Return whether an error is one that a user should meet; a broken file is never blamed on an argument."""
    from tidydl.errors import TidydlError

    if isinstance(error, TidydlError):
        return not (is_blamed(error) and words.endswith("()"))
    return error is None or not _frames(error)


def is_blamed(error):
    """Return whether an error was met by the guard of all arguments alone, which no check foresaw."""
    return str(getattr(error, "problem", "")).startswith("An argument of `")


def _frames(error):
    frames = traceback.extract_tb(error.__traceback__)
    return [each for each in frames if "/tidydl/" in each.filename]


def place_of(error):
    """Name an exception, our innermost line that it passed, and where it was raised."""
    if is_blamed(error) and error.__cause__ is not None:
        return f"guard of arguments: {place_of(error.__cause__)}"
    own, innermost = _frames(error)[-1], traceback.extract_tb(error.__traceback__)[-1]
    where = f"{own.filename.rpartition('/tidydl/')[2]}:{own.lineno} {own.name}"
    there = "" if innermost is own else f" < {Path(innermost.filename).name}:{innermost.lineno} {innermost.name}"
    return f"{type(error).__name__} at {where}{there}"


def faults(tries, seed, folder, also_blamed=False):
    """Make tries and yield those that ended in what is not ours: number, words, exception."""
    for number in range(tries):
        words, error = attempt(number, seed, folder)
        if not is_ours(error, words) or (also_blamed and is_blamed(error)):
            yield number, words, error


def main(tries, seed):
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    prepare(folder)
    if tries.startswith("="):
        words, error = attempt(int(tries[1:]), seed, folder)
        print(words)
        traceback.print_exception(error)
        return
    found = collections.defaultdict(list)
    by_function = collections.Counter()
    for number, words, error in faults(int(tries), seed, folder, also_blamed="--blamed" in sys.argv):
        found[place_of(error)].append((number, words, error))
        by_function[words.partition("(")[0]] += 1
        print(f"={number} {words}: {place_of(error)}", file=sys.stderr, flush=True)
    print(f"{sum(by_function.values())} raw errors in {tries} tries, of {len(found)} places, seed {seed}")
    print(", ".join(f"{name} {count}" for name, count in by_function.most_common()))
    for place, each in sorted(found.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(each)} x {place}")
        for number, words, error in each[:4]:
            with contextlib.suppress(Exception):
                print(f"    ={number} {words}: {str(error)[:110]!r}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
