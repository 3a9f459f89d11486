"""Ed25519 under the one strict rule (FORMAT "Ed25519"), in plain integers.

Invariant: `Key` holds only for a canonical point that is not of small order; `verify` compares
bytes, so no second encoding of R is ever accepted.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
D2 = 2 * D % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


class BadKey(Exception):
    """The bytes are no acceptable key."""


def _add(p, q):
    """p + q; p extended (X, Y, Z, T), q prepared by `_prepare`. Complete on this curve."""
    x, y, z, t = p
    minus, plus, t2d, z2 = q
    a = (y - x) * minus % P
    b = (y + x) * plus % P
    c = t * t2d % P
    d = z * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _prepare(p):
    x, y, z, t = p
    return (y - x) % P, (y + x) % P, t * D2 % P, 2 * z % P


def _table(p):
    """Per 4 bits of a scalar the 15 multiples that these bits can ask for."""
    windows = []
    for _ in range(64):
        step = _prepare(p)
        row, q = [], p
        for _ in range(15):
            row.append(_prepare(q))
            q = _add(q, step)
        windows.append(row)
        p = q
    return windows


def _multiply(table, scalar, start=IDENTITY):
    """start + scalar · (the table's point)."""
    q = start
    for row in table:
        digit = scalar & 15
        if digit:
            q = _add(q, row[digit - 1])
        scalar >>= 4
    return q


def _encode(p):
    x, y, z, _ = p
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(data):
    """The point of 32 bytes in its only encoding."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        raise BadKey("y is not below 2^255 - 19")
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_M1 % P
        if v * x * x % P != u:
            raise BadKey("no point of the curve")
    if x == 0 and sign:
        raise BadKey("a sign on x = 0")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _is_identity(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


def _is_small_order(p):
    for _ in range(3):
        p = _add(p, _prepare(p))
    return _is_identity(p)


_BASE = _table(_decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
_KEYS = {}


class Key:
    """A public key that signatures may be checked with: rules 2 and 3 hold for it."""

    def __init__(self, data):
        if len(data) != 32:
            raise BadKey("a key has 32 bytes")
        point = _decode(data)
        if _is_small_order(point):
            raise BadKey("a point of small order")
        x, y, z, t = point
        self.data = data
        self._negated = _table((P - x, y, z, P - t))

    @staticmethod
    def of(data):
        """The key of these bytes; made once, since its table costs some milliseconds."""
        if data not in _KEYS:
            _KEYS[data] = Key(data)
        return _KEYS[data]

    def is_prime_order(self):
        """Rule 5, asked when a key is registered."""
        return _is_identity(_multiply(self._negated, L))

    def verify(self, message, signature):
        """Whether rules 1 to 4 hold."""
        if len(signature) != 64:
            return False
        r, s = signature[:32], int.from_bytes(signature[32:], "little")
        if s >= L:
            return False
        k = int.from_bytes(hashlib.sha512(r + self.data + message).digest(), "little") % L
        point = _multiply(self._negated, k, _multiply(_BASE, s))
        # The computed point is encoded canonically: equal bytes make R canonical too.
        return _encode(point) == r and not _is_small_order(point)
