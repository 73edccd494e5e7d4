"""Chat templates drawn at random, each run in a child with little memory: none may need more than its limits say.

From a shell, ``PYTHONPATH=tests/python python -m fuzzing.templates TRIES SEED`` prints each template that took more
memory or time than a chat template may, and how many of the others ended in which way.
"""

import collections
import os
import random
import resource
import signal
import sys
import time
import warnings

FILTERS: list[str] = []  # the names of all
MEMORY = 1_500_000_000  # bytes of addresses that a template may take beside what is there before
SECONDS = 15
COUNTS = ("0", "1", "2", "7", "99", "99999", "10**6", "-10**9", "2**64")
LETTERS = (
    "'a'",
    "''",
    "'\\n'",
    "'\\t'",
    "'ab '",
    "'😀'",
    "'<&>'",
    "'a,b'",
    "'<!--'",
    "'http://a.b '",
    "'\\u2028'",
    "'ß'",
)
FORMS = (
    "'%s'",
    "'%s%s'",
    "'%r'",
    "'%9999d'",
    "'%99999d'",
    "'{0}{0}'",
    "'{:9999}'",
    "'{0[0]}{0[1]}'",
    "'{:{}}'",
    "'%(a)s'",
)
SCALES = ("1", "10", "3000", "99999", "3000000", "9000000")
LISTS = ("range(99999)", "[1, 2, 3]", "{'a': 1, 'b': [1]}", "('a', 'b')", "messages", "messages[0]", "[[]] * 99999")
TO_TEXT = ("upper", "lower", "title", "capitalize", "trim", "e", "safe", "string", "reverse", "urlencode", "tojson")
TO_TEXT += ("pprint", "striptags", "urlize", "wordwrap(1)", "indent", "format", "forceescape", "wordcount", "length")
TO_LIST = ("list", "sort", "unique | list", "reverse | list", "batch(2) | list", "slice(9) | list", "select | list")
TO_LIST += ("dictsort", "items | list", "groupby(0)", "map('string') | list", "map('list') | list", "sum(start=[])")
METHODS = ("upper", "lower", "title", "split", "splitlines", "strip", "swapcase", "encode", "format", "casefold")
METHODS += ("expandtabs", "isalpha", "partition")
OTHERS = tuple({name for kind in (str, list, dict, int, bytes, range) for name in dir(kind) if name[0] != "_"})
LOOPS = (
    "{% for i in range(COUNT) %}{% set ns.t = TEXT %}{% endfor %}",
    "{% for i in range(COUNT) %}{% set ns.l = LIST %}{% endfor %}",
    "{% for i in LIST %}{{ TEXT }}{% endfor %}",
    "{% for i in range(COUNT) %}{% if LIST == LIST or TEXT in TEXT %}{{ TEXT }}{% endif %}{% endfor %}",
)
LINES = (
    *LOOPS,
    *("{{ TEXT }}", "{{ LIST }}", "{{ m(LIST, TEXT) }}", "{% set ns.t %}{{ TEXT }}{{ TEXT }}{% endset %}"),
    *("{% set NAME = TEXT %}", "{% set NAME = LIST %}", "{% set ns.t = TEXT %}", "{% set ns.l = LIST %}"),
)
START = "{% set ns = namespace(t='a', l=['a']) %}{% macro m(x) %}{{ x }}{{ varargs }}{% endmacro %}"


class Drawn:
    """Draws templates."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.texts, self.lists = ["ns.t", "ns.t"], ["ns.l", "ns.l"]

    def text(self, depth=0):
        """Draw code that most often makes a text."""
        pick, draw = self.rng.random() * (depth < 4), self.rng.choice
        if pick < 0.2:
            return draw([draw(self.texts), f"({draw(LETTERS)} * {draw(SCALES)})", f"({draw(FORMS)} * {draw(SCALES)})"])
        one = self.text(depth + 1)
        if pick < 0.4:
            return f"({one} {draw(['+', '~', '%'])} {self.text(depth + 1)})"
        if pick < 0.55:
            return f"({draw([one, self.list(depth + 1)])} | {draw(TO_TEXT)})"
        if pick < 0.7:
            other = self.text(depth + 1)
            name = draw(["replace", "ljust", "join", "split", "format", draw(OTHERS)])
            return f"{one}.{name}({draw(['', draw(COUNTS), other, f'{other}, {self.text(depth + 1)}'])})"
        if pick < 0.85:
            given = draw([f"join({one})", "join", f"replace('a', {one})", f"center({draw(COUNTS)})", f"indent({one})"])
            return f"({draw([one, self.list(depth + 1)])} | {draw([given, f'{draw(FILTERS)}({one})'])})"
        return f"({draw([f'{one}.{draw(METHODS)}()', f'{one}[{draw(COUNTS)}:]', f'{one}[::-1]'])} | string)"

    def list(self, depth=0):
        """Draw code that most often makes a list."""
        pick, draw = self.rng.random() * (depth < 4), self.rng.choice
        if pick < 0.25:
            return draw([draw(self.lists), draw(LISTS)])
        one = self.list(depth + 1)
        if pick < 0.5:
            other = draw([self.list(depth + 1), self.text(depth + 1)])
            return draw([f"[{one}, {other}]", f"({one}, {other})", f"dict(a={one}, b={other})", f"[{other}] + [{one}]"])
        if pick < 0.8:
            return f"({draw([one, one, self.text(depth + 1)])} | {draw(TO_LIST)})"
        if pick < 0.9:
            return f"({one} | map('{draw(FILTERS)}'{draw(['', ', ' + self.text(3), ', ' + draw(COUNTS)])}) | list)"
        return draw([f"[{one}] * {draw(SCALES)}", f"{self.text(depth + 1)}.split()", f"{{'a': {one}}}.items() | list"])

    def template(self):
        """Draw a template of some lines."""
        lines = [START]
        for number in range(self.rng.randint(1, 8)):
            line = self.rng.choice(LINES).replace("COUNT", self.rng.choice(["40", "999", "99999"]))
            while "TEXT" in line or "LIST" in line:
                line = line.replace("TEXT", self.text(), 1).replace("LIST", self.list(), 1)
            names = self.texts if "TEXT" in line else self.lists
            if "NAME" in line:
                names.append(f"v{number}")
            lines.append(line.replace("NAME", f"v{number}"))
        return "".join(lines)


def prepare():
    """Load what templates need, so that children have it."""
    from transformers.utils import chat_template_utils

    from tidydl.pipelines.reading.template_limits import within_limits

    FILTERS[:] = sorted(chat_template_utils._cached_compile_jinja_template("").environment.filters)
    with within_limits():
        chat_template_utils._compile_jinja_template("{{ 'a' | pprint }}{{ 'a' | wordwrap }}").render()


def run(template):
    """Run a template in a child; return how it ended and how many seconds and kilobytes it took."""
    begun, (reading, writing) = time.monotonic(), os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        _as_child(template)
    os.close(writing)
    with os.fdopen(reading) as told:
        words = told.read()
    _, status = os.waitpid(child, 0)
    end, _, memory = words.partition(" ")
    if status:
        end = f"signal {os.WTERMSIG(status)}"
    return end, time.monotonic() - begun, int(memory or 0)


def _as_child(template):
    from transformers.utils import chat_template_utils

    from tidydl.pipelines.reading.template_limits import within_limits

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    signal.alarm(SECONDS)
    warnings.simplefilter("ignore")
    try:
        with within_limits():
            chat_template_utils._compile_jinja_template(template).render(messages=[{"role": "user", "content": "hi"}])
        end = "written"
    except BaseException as problem:
        end = type(problem).__name__
    os.write(1, f"{end} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before}".encode())
    os._exit(0)


def faults(tries, seed):
    """Return the templates that took too much, with what they did, and how all of them ended."""
    prepare()
    found, ends = [], collections.Counter()
    for number in range(tries):
        template = Drawn(f"{seed}/{number}").template()
        end, seconds, memory = run(template)
        ends[end] += 1
        if end.startswith(("signal", "MemoryError")) or seconds > SECONDS - 1 or memory > 1_000_000:
            found.append((template, end, round(seconds, 1), memory))
    return found, ends


if __name__ == "__main__":
    for fault in (told := faults(int(sys.argv[1]), int(sys.argv[2])))[0]:
        print(*fault, sep="\n  ")
    print(told[1])
