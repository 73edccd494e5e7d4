"""Records as R writes and reads them, for tests of the wire."""

import importlib
import struct
import sys

from support import ROOT
from tidydl.bridge import start
from tidydl.bridge.decode import decode
from tidydl.bridge.encode import encode

sys.path.append(str(ROOT / "tests" / "testthat"))
importlib.import_module("diagnostics")  # whose functions can be called then

NA_REAL = struct.pack("<Q", 0x7FF00000000007A2)
NA_INTEGER = struct.pack("<i", -(2**31))


def arguments(**values):
    return encode(values)


def scalar(value):
    """A record as R writes a single bare value."""
    return {**encode(value), "scalar": True}


def call(name, **records):
    names = encode(list(records)) if not records else encode(dict.fromkeys(records))["names"]
    return start(name, {"kind": "list", "names": names, "items": list(records.values())})


def back(frame, repairs=None):
    """What a frame is after it went over and came back, both halves being Python's."""
    return decode(encode(frame, repairs))
