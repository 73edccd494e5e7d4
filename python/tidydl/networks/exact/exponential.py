"""What the C library's exp() is made of, so that eight can be computed at once with the same bits.

The steps are those of ARM's optimized routines (MIT licence), which glibc has used since 2.28: x is split into
k ln2/128 + r, 2^(k/128) comes from a table of 128 entries with their tails, exp(r) from a polynomial. Where the
processor fuses multiplication and addition, glibc does so too. Whether the bits are really those of this machine's
C library is tried out before they are used (``kernels``); if not, its exp() is called number by number.
"""

from __future__ import annotations

import math
import struct

from llvmlite import binding

FUSED = bool(binding.get_host_cpu_features().get("fma", False))
INVERSE = float.fromhex("0x1.71547652b82fep0") * 128
ADDED = float.fromhex("0x1.8p52")
HIGH = float.fromhex("-0x1.62e42fefa0000p-8")
LOW = float.fromhex("-0x1.cf79abc9e3b3ap-47")
POLYNOMIAL = tuple(
    float.fromhex(number)
    for number in ("0x1.ffffffffffdbdp-2", "0x1.555555555543cp-3", "0x1.55555cf172b91p-5", "0x1.1111167a4d017p-7")
)
_BITS = 400


def _bits_of(number: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", number))[0]


def _table() -> tuple[int, ...]:
    """Return, for k below 128, the bits of the tail and of 2^(k/128), k's own place in the exponent taken out."""
    root = 2 << (2 * _BITS)
    for _ in range(7):  # 2^(1/2), 2^(1/4), ... 2^(1/128)
        root = math.isqrt(root) << _BITS
    root >>= _BITS
    power, table = 1 << _BITS, []
    for k in range(128):
        near = _nearest(power)
        exact = int(near * 2.0**52) << (_BITS - 52)
        tail = (power - exact) * 2**200 // exact
        table += [_bits_of(tail / 2**200), (_bits_of(near) - (k << 45)) % 2**64]
        power = power * root >> _BITS
    return tuple(table)


def _nearest(power: int) -> float:
    """Round a fixed-point number in [1, 2) to a double."""
    return ((power >> (_BITS - 53)) + 1 >> 1) / 2.0**52


TABLE = _table()
