"""Text forms: narrowed JCS, base64, base58, UUIDs, times (FORMAT "Identifiers and encodings", "JSON").

Invariant: what is accepted here is the only text of its value.
"""

import base64
import json
import re
import unicodedata

DEPTH_MAX = 64
NUMBER_MAX = 2**53 - 1
_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_ESCAPES.update({n: f"\\u{n:04x}" for n in range(32) if n not in _ESCAPES})
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z")


class BadText(Exception):
    """A text that is not in the one form of its value."""


def _number(text):
    if text == "-0" or abs(int(text)) > NUMBER_MAX:
        raise BadText(f"the number {text}")
    return int(text)


def _refused(text):
    raise BadText(f"{text} is no whole number")


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadText("a duplicate member")
    return members


def parse(text):
    """The value of a JSON text without floats and duplicate members; its spelling is not judged."""
    try:
        return json.loads(
            text, object_pairs_hook=_members, parse_int=_number, parse_float=_refused, parse_constant=_refused
        )
    except (ValueError, RecursionError) as error:
        raise BadText(f"not JSON: {error}") from None


def _quoted(text):
    if not unicodedata.is_normalized("NFC", text):
        raise BadText("text that is not in normal form C")
    return '"' + text.translate(_ESCAPES) + '"'


def write(value, depth=0):
    """The JCS text of a value."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if depth == DEPTH_MAX:
        raise BadText("nested deeper than 64")
    if isinstance(value, list):
        return "[" + ",".join(write(item, depth + 1) for item in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{_quoted(name)}:{write(value[name], depth + 1)}" for name in names) + "}"


def parse_canonical(data):
    """The value of bytes that are its JCS form."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadText("not UTF-8") from None
    value = parse(text)
    if write(value) != text:
        raise BadText("not the JCS form of its value")
    return value


def base64url(text):
    """The bytes of base64url without padding."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise BadText("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BadText("not base64url") from None
    if to_base64url(data) != text:
        raise BadText("base64url with stray bits")
    return data


def to_base64url(data):
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64_padded(text):
    """The bytes of base64 with padding."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise BadText("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise BadText("base64 with stray bits")
    return data


def digest(text):
    """The 32 bytes of a hash in its 43 characters."""
    data = base64url(text)
    if len(data) != 32:
        raise BadText("not a hash of 32 bytes")
    return data


def base58(text):
    """The bytes of `z` and base58btc."""
    if not text.startswith("z"):
        raise BadText("no multibase z")
    digits, number = text[1:], 0
    for character in digits:
        value = _BASE58.find(character)
        if value < 0:
            raise BadText("not base58")
        number = number * 58 + value
    zeros = len(digits) - len(digits.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multikey(text):
    """The 32 bytes of an Ed25519 Multikey."""
    data = base58(text)
    if len(data) != 34 or data[:2] != b"\xed\x01":
        raise BadText("no Ed25519 Multikey")
    return data[2:]


def decimal(text):
    """A whole number without sign and leading zero."""
    if not re.fullmatch(r"0|[1-9][0-9]*", text) or int(text) >= 2**64:
        raise BadText(f"{text[:24]!r} is no plain decimal")
    return int(text)


def is_uuid(text, versions=None):
    """Whether it is a UUID in lower case with hyphens (of one of the versions)."""
    return isinstance(text, str) and bool(_UUID.fullmatch(text)) and (versions is None or text[14] in versions)


def time_ms(text):
    """Unix milliseconds of RFC 3339 in UTC with three decimals."""
    found = _TIME.fullmatch(text)
    if not found:
        raise BadText(f"{text[:40]!r} is no time with milliseconds")
    year, month, day, hour, minute, second, milli = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not (1 <= month <= 12 and 1 <= day <= lengths[month - 1] and hour < 24 and minute < 60 and second < 60):
        raise BadText(f"{text!r} is no moment")
    years = year - 1
    days = 365 * year + (years // 4 - years // 100 + years // 400 + 1 if year else 0) + sum(lengths[: month - 1]) + day
    # 719529 is that number for 1970-01-01.
    return (((days - 719529) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + milli
