"""Every fact kind (FORMAT "Facts") and what a reader must fold: keys, names, outcomes and lots.

Invariant: a kind that is not in the table stops the reader; nothing is skipped.
"""

import hashlib
import re

from . import Violation, require
from .ed25519 import BadKey, Key
from .leaf import members
from .text import BadText, digest, is_uuid, multikey

REGISTRAR = 0
_OPEN = ({"category", "completed_on", "kind", "scheme"}, {"code", "credits", "hours", "level", "passed"})
# kind: (noun of its stream, members required, members optional)
KINDS = {
    "institution.admitted.v1": (
        "institution",
        {"level", "name", "number", "officers", "scope"},
        {"credit_code", "parent", "school_code"},
    ),
    "key.activated.v1": ("institution", {"custody", "fragment", "key", "use"}, set()),
    "key.activated.v2": ("institution", {"custody", "fragment", "key", "use"}, {"next"}),
    "key.retired.v1": ("institution", {"fragment"}, set()),
    "key.rotated.v1": ("institution", {"custody", "fragment", "key", "old", "use"}, {"next"}),
    "key.compromised.v1": ("institution", {"fragment", "not_valid_after"}, set()),
    "history.reaffirmed.v1": ("institution", {"except", "through"}, set()),
    "entries.reaffirmed.v1": ("institution", {"ranges"}, set()),
    "entries.repudiated.v1": ("institution", {"ranges"}, set()),
    "institution.renamed.v1": ("institution", {"name"}, set()),
    "institution.suspended.v1": ("institution", {"reason"}, set()),
    "institution.reinstated.v1": ("institution", set(), set()),
    "institution.closed.v1": ("institution", {"reason"}, set()),
    "institution.merged.v1": ("institution", {"into"}, set()),
    "institution.absorbs.v1": ("institution", {"generations", "numbers"}, set()),
    "institution.revived.v1": ("institution", {"officers"}, set()),
    "institution.numbered.v1": ("registry", {"codes", "number"}, set()),
    "role.granted.v1": ("officer", {"person", "role"}, {"institution"}),
    "role.removed.v1": ("officer", {"person", "role"}, {"institution"}),
    "policy.adopted.v1": ("policy", {"hash", "id", "version"}, set()),
    "person.registered.v1": ("person", {"identifiers", "person"}, {"_sd"}),
    "identifier.bound.v1": ("person", {"_sd", "identifier", "person"}, set()),
    "erasure.requested.v1": ("person", {"ground", "person", "purposes"}, {"_sd", "locks"}),
    "data.locked.v1": ("person", {"erasure", "lock"}, set()),
    "erasure.keys-destroyed.v1": (
        "person",
        {"commitments", "erasure", "keys", "part", "parts", "person", "purposes"},
        set(),
    ),
    "erasure.certified.v1": ("person", {"commitments", "erasure", "person"}, set()),
    "erasure.opened.v1": ("erasure", {"erasure", "person"}, set()),
    "erasure.carried-out.v1": ("erasure", {"erasure", "person"}, set()),
    "erasure.closed.v1": ("erasure", {"erasure", "person"}, set()),
    "person.suspended.v1": ("person", {"person", "reason"}, {"_sd"}),
    "person.reinstated.v1": ("person", {"person", "reason"}, {"_sd"}),
    "person.death-recorded.v1": ("person", {"person"}, {"_sd"}),
    "person.death-withdrawn.v1": ("person", {"person"}, {"_sd"}),
    "assurance.raised.v1": ("person", {"method", "person"}, {"_sd"}),
    "assurance.lowered.v1": ("person", {"level", "person"}, {"_sd"}),
    "delegation.granted.v1": (
        "person",
        {"agent", "basis", "person", "scopes", "unpressed", "until"},
        {"_sd", "uses_max"},
    ),
    "delegation.narrowed.v1": ("person", {"delegation", "person", "scopes", "until"}, set()),
    "delegation.expired.v1": ("person", {"delegation", "person"}, set()),
    "delegation.revoked.v1": ("person", {"delegation"}, set()),
    "delegate.acted.v1": ("person", {"delegation"}, set()),
    "limit.taken.v1": ("limit", {"basis", "delegation", "person", "until"}, set()),
    "limit.released.v1": ("limit", {"delegation"}, set()),
    "contact.recorded.v1": ("person", {"_sd", "channel", "person"}, set()),
    "contact.removed.v1": ("person", {"channel", "person"}, set()),
    "consent.given.v1": ("person", {"edition", "person", "use"}, set()),
    "consent.withdrawn.v1": ("person", {"edition", "person", "use"}, set()),
    "recovery.sheet-issued.v1": ("person", {"person", "sheet"}, set()),
    "recovery.started.v1": ("person", {"ready_ms", "recovery", "way"}, set()),
    "recovery.vetoed.v1": ("person", {"person", "recovery"}, set()),
    "recovery.completed.v1": ("person", {"person", "recovery"}, set()),
    "link.confirmed.v1": ("person", {"ceremony", "loa", "person"}, {"_sd"}),
    "link.removed.v1": ("person", {"link", "person"}, set()),
    "authenticator.enrolled.v1": ("person", {"authenticator", "loa", "person"}, set()),
    "authenticator.removed.v1": ("person", {"authenticator", "person"}, set()),
    "authenticator.suspended.v1": ("person", {"authenticator", "person"}, set()),
    "merge.applied.v1": ("person", set(), {"absorbed", "into"}),
    "merge.reverted.v1": ("person", set(), {"absorbed", "into"}),
    "split.proposed.v1": ("person", {"side", "split"}, set()),
    "split.agreed.v1": ("person", {"issuer", "split"}, set()),
    "split.applied.v1": ("person", {"split"}, set()),
    "split.withdrawn.v1": ("person", {"split"}, set()),
    "account.absorbed.v1": ("account", {"into"}, set()),
    "account.absorbs.v1": ("account", {"from", "lots"}, {"quarantined"}),
    "account.released.v1": ("account", {"from"}, {"quarantined"}),
    "account.restored.v1": ("account", {"from"}, set()),
    "outcome.recorded.v1": ("account", {"awarder", "open", "outcome", "person", "record"}, {"_sd"}),
    "outcome.corrected.v1": ("account", {"open", "outcome", "person", "reason"}, {"_sd"}),
    "outcome.revoked.v1": ("account", {"outcome", "person", "reason"}, {"_sd"}),
    "lot.deposited.v1": ("account", {"credits", "lot", "outcome", "policy", "usable_before"}, {"warnings"}),
    "lot.superseded.v1": ("account", {"lot", "successor"}, set()),
    "lot.revoked.v1": ("account", {"lot"}, set()),
    "outcome.certified.v1": ("account", {"credential", "outcome"}, set()),
    "credential.issued.v1": (
        "credential",
        {"_sd", "credential", "credits", "index", "issuer", "key", "list", "open", "outcome", "person", "subject"},
        set(),
    ),
    "credential.suspended.v1": ("credential", {"reason"}, set()),
    "credential.reinstated.v1": ("credential", {"reason"}, set()),
    "credential.revoked.v1": ("credential", {"reason"}, set()),
    "credential.superseded.v1": ("credential", set(), set()),
    "status.allocated.v1": ("status", {"credential", "index"}, set()),
    "status.changed.v1": ("status", {"index", "purpose", "set"}, set()),
    "batch.accepted.v1": ("batch", {"count", "root"}, set()),
    "approval.proposed.v1": ("approval", None, None),
    "approval.given.v1": ("approval", {"person"}, set()),
    "approval.completed.v1": ("approval", {"person"}, set()),
    "approval.rejected.v1": ("approval", {"person"}, set()),
}
USES = ("assertion", "credential", "bundle", "ledger", "checkpoint", "recovery", "acknowledgement", "client")
# Which keys sign which kind (FORMAT "Key windows"); what is not here, assertion keys sign.
SIGNED_BY = {
    "key.rotate.v1": ("assertion", "acknowledgement", "recovery"),
    "key.recover.v1": ("recovery",),
    "key.compromise.v1": ("recovery",),
    "history.reaffirm.v1": ("acknowledgement",),
    "entries.reaffirm.v1": ("acknowledgement",),
    "entries.repudiate.v1": ("acknowledgement",),
    "erasure.destroy.v1": ("ledger",),
    "erasure.certify.v1": ("ledger",),
}


def uuid_v8(domain, *parts):
    """The id derived from `parts` (FORMAT "Derived ids")."""
    data = domain.encode() + b"\0" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    derived = bytearray(hashlib.sha256(data).digest()[:16])
    derived[6] = derived[6] & 0x0F | 0x80
    derived[8] = derived[8] & 0x3F | 0x80
    text = derived.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def uuid_bytes(text):
    """The 16 bytes of a UUID."""
    return bytes.fromhex(text.replace("-", ""))


class HeldKey:
    """A key and its window in positions."""

    def __init__(self, data, activated):
        self.fragment, self.use, self.custody = data["fragment"], data["use"], data["custody"]
        self.text, self.activated, self.retired = data["key"], activated, None
        self.next, self.not_valid_after = data.get("next"), None
        self.key = Key.of(multikey(data["key"]))

    def is_valid_at(self, position):
        """Whether what it signs at that position counts."""
        ends = (self.retired, self.not_valid_after)
        return self.activated < position and all(end is None or position <= end for end in ends)


class State:
    """What the facts so far say."""

    def __init__(self, host):
        self.host = host
        self.moved = None
        self.keys = {}
        self.names = {}
        self.streams = {}
        self.outcomes = {}
        self.ended = set()
        self.merged = {}
        self.bits = {}

    def name_at(self, number, position):
        """The name of an institution before that position; None = it was not admitted yet."""
        names = [name for given, name in self.names.get(number, []) if given < position]
        return names[-1] if names else None

    def number_of(self, did):
        """The issuer number of a DID under this log's host; None = no such DID."""
        base = "did:web:" + self.host.replace(":", "%3A")
        if did == base:
            return REGISTRAR
        found = re.fullmatch(re.escape(base) + r":i:([1-9][0-9]{0,9})", did)
        return int(found[1]) if found and int(found[1]) < 2**32 else None

    def did_of(self, number):
        """The DID of an issuer number."""
        base = "did:web:" + self.host.replace(":", "%3A")
        return base if number == REGISTRAR else f"{base}:i:{number}"

    def key_named(self, kid):
        """The key of this name, whatever its window; None = there is none."""
        did, _, fragment = kid.partition("#")
        found = (key for key in self.keys.get(self.number_of(did), []) if key.fragment == fragment)
        return next(found, None)

    def take(self, commit, links, where):
        """Folds a commit; checks back-pointers, revisions, shapes and derived ids."""
        expected = tuple(self.streams.get(stream, (None, 0))[0] for stream in commit.streams())
        require(links == expected, where, f"back-pointers {links}, expected {expected}")
        said = commit.assertion
        self.moved = None
        if said.kind == "split.move.v1":
            self.moved = uuid_v8("xuefen/moved", uuid_bytes(said.data["split"]), uuid_bytes(said.data["moved"]))
        for fact in commit.facts:
            stream, kind = fact["stream"], fact["kind"]
            _, revision = self.streams.get(stream, (None, 0))
            require(fact["revision"] == revision, where, f"{stream}: revision {fact['revision']}, expected {revision}")
            self.streams[stream] = (commit.position, revision + 1)
            self._check_shape(stream, kind, commit.data_of(fact), f"{where}, {kind}")
            try:
                self._fold(stream, kind, commit.data_of(fact), commit.position, f"{where}, {kind}")
            except (BadText, BadKey) as error:
                raise Violation(f"{where}, {kind}", str(error)) from None

    def _check_shape(self, stream, kind, data, where):
        require(kind in KINDS, where, "a kind that this reader does not know")
        noun, required, optional = KINDS[kind]
        require(stream.split("/")[0] == noun, where, f"it cannot stand in {stream}")
        if required is None:
            return
        members(data, where, required, optional)
        if noun in ("person", "account") and "person" in data:
            require(stream == f"{noun}/{data['person']}", where, f"it is about {data['person']}, not {stream}")
        if "open" in data:
            members(data["open"], f"{where}, open", *_OPEN)
        commitments = data.get("_sd", [])
        ascending = all(a < b for a, b in zip(commitments, commitments[1:]))
        require(ascending and len(commitments) <= 32, where, "_sd is not ascending, or longer than 32")
        for commitment in commitments:
            digest(commitment)

    def _fold(self, stream, kind, data, position, where):
        if kind == "institution.admitted.v1":
            require(stream == f"institution/{data['number']}", where, f"it cannot stand in {stream}")
            self.names[data["number"]] = [(position, data["name"])]
        elif kind == "institution.renamed.v1":
            self.names[int(stream.split("/")[1])].append((position, data["name"]))
        elif kind in ("institution.closed.v1", "institution.merged.v1"):
            number = int(stream.split("/")[1])
            require(number != REGISTRAR, where, "the registrar does not end")
            self._end(number, data.get("into"), position, where)
        elif kind == "institution.absorbs.v1":
            number = int(stream.split("/")[1])
            merged = [other for other in data["numbers"] if self.merged.get(other) == number]
            require(len(merged) == 1, where, "it takes in exactly one that was merged into it, and whom that one answered for")
        elif kind == "institution.revived.v1":
            number = int(stream.split("/")[1])
            require(number in self.ended and number not in self.merged, where, "only one that was closed is revived")
            self.ended.remove(number)
        elif kind in ("key.activated.v1", "key.activated.v2"):
            require(kind.endswith("v2") or data["use"] not in ("acknowledgement", "client"), where, "a use of the second version")
            self._activate(int(stream.split("/")[1]), data, position, where)
        elif kind == "key.retired.v1":
            keys = self.keys.get(int(stream.split("/")[1]), [])
            found = [key for key in keys if key.fragment == data["fragment"] and key.retired is None]
            require(len(found) == 1, where, f"no key {data['fragment']!r} to retire")
            found[0].retired = position
        elif kind == "key.rotated.v1":
            old = self._key(stream, data["old"], where)
            require(old.is_valid_at(position) and old.use == data["use"], where, "the old key does not sign here")
            pledged = hashlib.sha256(data["key"].encode()).digest()
            require(old.next is None or digest(old.next) == pledged, where, "not the key that was pledged")
            old.retired = position
            self._activate(int(stream.split("/")[1]), data, position, where)
        elif kind == "key.compromised.v1":
            key, cut_off = self._key(stream, data["fragment"], where), data["not_valid_after"]
            require(cut_off < position, where, "the cut-off lies ahead")
            require(key.not_valid_after is None or cut_off < key.not_valid_after, where, "the cut-off does not fall")
            key.not_valid_after = cut_off
            key.retired = position if key.retired is None else key.retired
        elif kind == "outcome.recorded.v1":
            record, person = data["record"].encode(), uuid_bytes(data["person"])
            derived = uuid_v8("xuefen/outcome", data["awarder"].to_bytes(4, "big"), record, person)
            derived = self.moved or derived
            require(data["outcome"] == derived, where, f"the outcome's id must be {derived}")
            require(derived not in self.outcomes, where, "recorded twice")
            self.outcomes[derived] = 0
        elif kind == "lot.deposited.v1":
            outcome = data["outcome"]
            require(outcome in self.outcomes, where, "a lot of an outcome that was not recorded")
            derived = uuid_v8("xuefen/lot", uuid_bytes(outcome), self.outcomes[outcome].to_bytes(8, "big"))
            require(data["lot"] == derived, where, f"the lot's id must be {derived}")
            self.outcomes[outcome] += 1

        elif kind == "status.allocated.v1":
            given = self.bits.setdefault(stream, {})
            require(data["index"] < 131_072 and data["index"] not in given, where, "a bit that is used, or beyond the list")
            given[data["index"]] = data["credential"]
        elif kind == "status.changed.v1":
            require(data["index"] in self.bits.get(stream, {}), where, "a bit that belongs to no credential")
            require(data["purpose"] in ("revocation", "suspension", "refresh"), where, "another purpose")

    def _end(self, number, into, position, where):
        require(number not in self.merged, where, "it ended in a merger before")
        require(into not in self.ended and into != number, where, "its successor does not act")
        self.ended.add(number)
        if into is not None:
            self.merged[number] = into
        for key in self.keys.get(number, []):
            if key.use == "assertion" and key.retired is None:
                key.retired = position

    def _key(self, stream, fragment, where):
        keys = self.keys.get(int(stream.split("/")[1]), [])
        found = [key for key in keys if key.fragment == fragment]
        require(len(found) == 1, where, f"no key {fragment!r}")
        return found[0]

    def _activate(self, number, data, position, where):
        require(data["use"] in USES and data["custody"] in ("own", "platform"), where, "use or custody")
        held = HeldKey(data, position)
        require(held.key.is_prime_order(), where, "a key of mixed order")
        keys = self.keys.setdefault(number, [])
        require(all(key.fragment != held.fragment for key in keys), where, "a key's name is used twice")
        keys.append(held)
