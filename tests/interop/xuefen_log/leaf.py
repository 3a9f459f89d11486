"""Leaf, assertion and batch member (FORMAT "Leaf", "Assertion", "Signed batch"): read from their bytes, signature not yet checked.

Invariant: what is read here would be written as the same bytes.
"""

import hashlib
import re

from . import Violation, require
from .text import BadText, base64url, decimal, digest, is_uuid, parse_canonical, time_ms

ASSERTION_BYTES_MAX = 65_000
TYP = "xf-assertion+jws"
_KIND = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+\.v[1-9][0-9]*")
_STREAM = re.compile(r"[a-z]+/[a-z0-9.:_/-]{1,128}")
_KID = re.compile(r"did:[!$-\[\]-~]+#[!$-\[\]-~]+")
_PAYLOAD = {"at", "data", "id", "kind", "log", "seen"}
_FACT = {"kind", "revision", "stream"}


def members(value, where, required, optional=()):
    """Refuses an object with other members than these."""
    require(isinstance(value, dict), where, "not an object")
    missing, unknown = set(required) - set(value), set(value) - set(required) - set(optional)
    require(not missing and not unknown, where, f"members missing {sorted(missing)}, unknown {sorted(unknown)}")


def size_of(value, where):
    """A whole number that counts something."""
    require(isinstance(value, int) and not isinstance(value, bool) and value >= 0, where, f"{value!r} is no count")
    return value


class Assertion:
    """A signed asking."""

    place = None

    def __init__(self, compact, where):
        require(len(compact) <= ASSERTION_BYTES_MAX, where, "an assertion of more than 65000 bytes")
        parts = compact.split(".")
        require(len(parts) == 3, where, "the assertion is no compact JWS")
        try:
            header, payload = (parse_canonical(base64url(part)) for part in parts[:2])
            self.signature = base64url(parts[2])
            self._read_header(header, where)
            self._read_payload(payload, where)
        except BadText as error:
            raise Violation(where, f"the assertion: {error}") from None
        self.compact = compact
        self.signed = compact[: compact.rindex(".")].encode()

    def _read_header(self, header, where):
        members(header, f"{where}, header", {"alg", "kid", "typ"})
        require(header["alg"] == "EdDSA" and header["typ"] == TYP, where, "the header's alg or typ")
        self._read_kid(header["kid"], where)

    def _read_kid(self, kid, where):
        self.kid = kid
        good = isinstance(self.kid, str) and len(self.kid) <= 256 and _KID.fullmatch(self.kid)
        require(good and self.kid.count("#") == 1, where, f"{self.kid!r} is no key name")
        self.did, self.fragment = self.kid.split("#")

    def _read_payload(self, payload, where):
        members(payload, f"{where}, payload", _PAYLOAD, {"act", "cause", "target"})
        self.id, self.log, self.kind = payload["id"], payload["log"], payload["kind"]
        require(is_uuid(self.id, "78"), where, f"id {self.id!r} is no UUIDv7 or v8")
        known = isinstance(self.kind, str) and len(self.kind) <= 64 and _KIND.fullmatch(self.kind)
        require(known, where, f"{self.kind!r} is no kind")
        require(isinstance(payload["at"], str), where, "at is no text")
        self.at_ms = time_ms(payload["at"])
        members(payload["seen"], f"{where}, seen", {"root", "size"})
        self.seen_size = size_of(payload["seen"]["size"], where)
        self.seen_root = digest(payload["seen"]["root"])
        self.target = payload.get("target")
        for name, required in (("target", {"id", "leaf"}), ("cause", {"id", "leaf", "log"})):
            if name in payload:
                members(payload[name], f"{where}, {name}", required)
                require(is_uuid(payload[name]["id"]), where, f"{name}.id is no UUID")
                digest(payload[name]["leaf"])
        self.act = payload.get("act")
        if "act" in payload:
            self._check_act(where)
        self.data = payload["data"]

    def _check_act(self, where):
        members(self.act, f"{where}, act", {"by", "person", "role"}, {"on_behalf_of"})
        require(self.act["by"] in ("passkey", "session", "token"), where, "act.by")
        require(is_uuid(self.act["person"]), where, "act.person is no UUID")
        require(is_uuid(self.act.get("on_behalf_of", self.act["person"])), where, "act.on_behalf_of is no UUID")
        require(isinstance(self.act["role"], str), where, "act.role is no text")


class Member(Assertion):
    """A member of a signed batch: its envelope's signature vouches for it."""

    def __init__(self, line, where):
        form = "the line of a batch's member"
        require(line.count(":") >= 4, where, form)
        _, envelope, index, rest = line.split(":", 3)
        kid, _, payload = rest.rpartition(":")
        require(len(payload) <= ASSERTION_BYTES_MAX, where, "an assertion of more than 65000 bytes")
        try:
            self.place = decimal(envelope), decimal(index)
            raw = base64url(payload)
            self._read_kid(kid, where)
            self._read_payload(parse_canonical(raw), where)
        except BadText as error:
            raise Violation(where, f"{form}: {error}") from None
        self.hash = hashlib.sha256(b"\0" + raw).digest()


class Commit:
    """A leaf, decoded."""

    def __init__(self, leaf, where):
        try:
            lines = leaf.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            raise Violation(where, "the leaf is not UTF-8") from None
        require(len(lines) == 8 and lines[7] == "", where, "the leaf has not seven lines")
        require(lines[0] == "xuefen/v1", where, "the leaf's first line")
        try:
            self.log = lines[1]
            self.position, self.recorded_at_ms, self.engine = map(decimal, lines[2:5])
            self.facts = parse_canonical(lines[6].encode())
        except BadText as error:
            raise Violation(where, f"the leaf: {error}") from None
        is_member = lines[5].startswith("batch:")
        self.assertion = Member(lines[5], where) if is_member else Assertion(lines[5], where)
        require(isinstance(self.facts, list) and self.facts, where, "a commit without facts")
        for fact in self.facts:
            members(fact, f"{where}, fact", _FACT, {"data"})
            require(fact.get("data", {}) is not None, where, "a fact whose data is null")
            size_of(fact["revision"], where)
            require(isinstance(fact["kind"], str), where, "a fact's kind is no text")
            stream = fact["stream"]
            require(isinstance(stream, str) and _STREAM.fullmatch(stream), where, f"{stream!r} is no stream")

    def data_of(self, fact):
        """A fact's data: its own, or the assertion's."""
        return fact.get("data", self.assertion.data)

    def streams(self):
        """The distinct streams of its facts, in order of first appearance."""
        return list(dict.fromkeys(fact["stream"] for fact in self.facts))
