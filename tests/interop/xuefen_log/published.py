"""What is published beside the commits: checkpoint, tiles, trust bundle, receipts.

Invariant: everything here is held against the log that was read, and no key is believed that the
log does not name.
"""

import hashlib
import re

from . import Violation, require
from .batches import vouches
from .ed25519 import Key
from .facts import REGISTRAR
from .leaf import Assertion, Commit
from .merkle import inclusion_root
from .text import BadText, base58, base64_padded, decimal, digest, multikey, parse, to_base64url, write

NOTE_BYTES_MAX, SIGNATURES_MAX = 1 << 20, 64
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f-\x9f]+")
_TILE = re.compile(r"tile/([0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_ISSUER = ("id", "did", "name", "custody", "suspended", "status_required", "disputed", "keys", "status")
_KEY = ("kid", "pub", "use", "custody", "activated", "retired", "not_valid_after")


def open_checkpoint(note, origin, keys, where):
    """(size, root) of a signed note of the log `origin`; `keys` are its checkpoint keys."""
    at = note.rfind("\n\n")
    good = at > 0 and note.endswith("\n") and len(note.encode()) <= NOTE_BYTES_MAX
    require(good and not re.search(r"[\x00-\x09\x0b-\x1f]", note), where, "no signed note")
    body, lines = note[: at + 1], note[at + 2 : -1].split("\n")
    require(len(lines) <= SIGNATURES_MAX, where, "more than 64 signatures")
    signed = False
    for line in lines:
        name, key_id, signature = _signature(line, where)
        for key in keys:
            wanted = hashlib.sha256(origin.encode() + b"\n\x01" + key.key.data).digest()[:4]
            if (name, key_id) == (origin, wanted):
                require(key.key.verify(body.encode(), signature), where, f"the signature by {key.fragment} is false")
                signed = True
    require(signed, where, "no signature by the log's checkpoint key")
    first = body[:-1].split("\n")
    require(len(first) >= 3 and all(first), where, "the body has not its three lines")
    require(first[0] == origin, where, f"it is of the log {first[0]!r}")
    try:
        size, root = decimal(first[1]), base64_padded(first[2])
    except BadText as error:
        raise Violation(where, str(error)) from None
    require(len(root) == 32, where, "the root has not 32 bytes")
    return size, root


def _signature(line, where):
    parts = line.split(" ")
    require(len(parts) == 3 and parts[0] == "\u2014" and _NAME.fullmatch(parts[1]), where, "a signature line")
    try:
        data = base64_padded(parts[2])
    except BadText as error:
        raise Violation(where, f"a signature line: {error}") from None
    require(len(data) > 4, where, "a signature line without a signature")
    return parts[1], data[:4], data[4:]


def check_checkpoint(directory, log):
    """Checks the published checkpoint; returns its size."""
    path = directory / "checkpoint"
    require(path.exists(), "checkpoint", "none is published")
    note = path.read_bytes().decode("utf-8", "replace")
    size, root = open_checkpoint(note, log.origin, log.checkpoint_keys(), "checkpoint")
    require(size <= log.tree.size, "checkpoint", f"size {size}, but the log has {log.tree.size} commits")
    require(root == log.tree.root(size), "checkpoint", f"the log has another root at size {size}")
    return size


def check_tiles(directory, log, size):
    """Checks every tile that is there, and that those of the checkpoint's size are; says how many."""
    count = 0
    for path in sorted((directory / "tile").rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not name.endswith(".tmp"):
            found = _TILE.fullmatch(name)
            require(found and int(found[3] or 256) <= 256, name, "no name of a tile")
            index = int(found[2].replace("x", "").replace("/", ""))
            expected = log.tree.tile(int(found[1]), index, int(found[3] or 256))
            require(expected is not None, name, "it holds more than the log")
            require(path.read_bytes() == expected, name, "its hashes are not those of the log")
            count += 1
    level = 0
    while size >> 8 * level:
        hashes = size >> 8 * level
        for index in range(-(-hashes // 256)):
            width = min(256, hashes - 256 * index)
            name = tile_name(level, index, width)
            require((directory / name).is_file(), name, f"the checkpoint of size {size} needs it")
        level += 1
    return count


def tile_name(level, index, width):
    """The name of a tile."""
    groups, rest = f"{index % 1000:03}", index // 1000
    while rest:
        groups, rest = f"x{rest % 1000:03}/{groups}", rest // 1000
    return f"tile/{level}/{groups}" + (f".p/{width}" if width < 256 else "")


def check_trust(directory, log):
    """Checks the trust bundle: proof, and that it agrees with the log; None if there is none."""
    path = directory / "trust.json"
    if not path.exists():
        return None
    try:
        return _check_bundle(parse(path.read_bytes().decode("utf-8", "replace")), log)
    except (BadText, KeyError, TypeError, AttributeError) as error:
        raise Violation("trust.json", f"not a trust bundle: {error!r}") from None


def _check_bundle(bundle, log):
    where = "trust.json"
    proof = bundle.pop("proof")
    position = bundle["position"]
    require(0 < position <= log.tree.size, where, f"it is of position {position}, the log has {log.tree.size} commits")
    require(bundle["log"]["origin"] == log.origin, where, "it is of another log")
    require((bundle["log"]["alg"], bundle["log"]["hash"]) == ("EdDSA", "SHA-256"), where, "log.alg or log.hash")
    at_position = {number: [_window(key, position) for key in keys] for number, keys in log.state.keys.items()}
    issuers = {issuer["id"]: issuer for issuer in bundle["issuers"]}
    for number, issuer in issuers.items():
        expected = [key for key in at_position.get(number, []) if key]
        _check_issuer(issuer, number, expected, (log, position), f"{where}, issuer {number}")
    for number, keys in at_position.items():
        require(number in issuers or not any(keys), where, f"issuer {number} is missing")
    own = issuers[REGISTRAR]["keys"]
    checkpoint = [key["pub"] for key in own if key["use"] == "checkpoint" and key["retired"] is None]
    require(bundle["log"]["key"] in checkpoint[-1:], where, "log.key is not the log's checkpoint key")
    for name in ("version", "issued_at", "witnesses", "quorum"):
        bundle[name]
    for name in ("plain_hours", "unknown_hours"):
        bundle["age_policy"][name]
    _check_proof(bundle, proof, own, where)
    return position


def _window(key, position):
    """A key as the bundle of this position must tell it; None if it is newer."""
    if key.activated >= position:
        return None
    retired = key.retired if key.retired is not None and key.retired < position else None
    return (key.fragment, key.text, key.use, key.custody, key.activated, retired)


def _check_issuer(issuer, number, expected, at, where):
    log, position = at
    for name in _ISSUER:
        issuer[name]
    require(issuer["did"] == log.state.did_of(number), where, f"its DID {issuer['did']!r}")
    require(issuer["name"] == log.state.name_at(number, position), where, "its name is not the log's")
    told = []
    for key in issuer["keys"]:
        did, _, fragment = key["kid"].partition("#")
        require(did == issuer["did"], where, f"key {key['kid']!r} is under another DID")
        told.append((fragment, *(key[name] for name in _KEY[1:6])))
        key["not_valid_after"]
    require(told == expected, where, "its keys are not those of the log")
    active = [key for key in expected if key[2] == "assertion" and key[5] is None]
    custody = "own" if active and all(key[3] == "own" for key in active) else "platform"
    require(issuer["custody"] == custody, where, f"its custody is {custody}")


def _check_proof(document, proof, own, where):
    value = base58(proof.pop("proofValue"))
    form = (proof["type"], proof["cryptosuite"], proof["proofPurpose"])
    require(form == ("DataIntegrityProof", "eddsa-jcs-2022", "assertionMethod"), where, "the proof's form")
    expected = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose"}
    require(set(proof) == expected, where, "the proof's members")
    found = [key for key in own if key["kid"] == proof["verificationMethod"] and key["use"] == "bundle"]
    require(found and found[0]["retired"] is None, where, "signed by no bundle key of the registrar")
    signed = b"".join(hashlib.sha256(write(part).encode()).digest() for part in (proof, document))
    key = Key.of(multikey(found[0]["pub"]))
    require(key.verify(signed, value), where, "the proof does not verify")


def check_receipt(text, log):
    """Checks a receipt against the log's key and, where the log holds that position, its leaf; says the index."""
    where = "receipt"
    lines = text.split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1" and "" in lines, where, "no tlog-proof")
    gap = lines.index("")
    head, note = lines[1:gap], "\n".join(lines[gap + 1 :])
    require(len(head) >= 2 and head[0].startswith("extra ") and head[1].startswith("index "), where, "extra and index")
    try:
        leaf, index = base64_padded(head[0][6:]), decimal(head[1][6:])
        path = [base64_padded(line) for line in head[2:]]
    except BadText as error:
        raise Violation(where, str(error)) from None
    require(len(path) <= 64 and all(len(sibling) == 32 for sibling in path), where, "the path's hashes")
    size, root = open_checkpoint(note, log.origin, log.checkpoint_keys(), f"{where}, checkpoint")
    leaf, behind = split_leaf(leaf, where)
    if behind:
        check_member(leaf, behind, log, where)
    leaf_hash = hashlib.sha256(b"\0" + leaf).digest()
    led_to = inclusion_root(leaf_hash, index, size, path)
    require(led_to == root, where, "the path does not lead to the checkpoint's root")
    if size <= log.tree.size:
        require(root == log.tree.root(size), where, f"this log has another root at size {size}: two histories")
        require(leaf_hash == log.tree.rows[0][index], where, f"this log has leaf {to_base64url(log.tree.rows[0][index])}")
    return index


def split_leaf(extra, where):
    """A leaf of seven lines, and the lines behind it: a member's envelope and its path."""
    lines = extra.split(b"\n")
    require(len(lines) >= 8 and lines[-1] == b"", where, "extra is no leaf")
    behind = lines[7:-1]
    return b"".join(line + b"\n" for line in lines[:7]), [line.decode("ascii", "replace") for line in behind]


def check_member(leaf, behind, log, where):
    """Checks that the envelope that travels with a member's leaf vouches for it."""
    member = Commit(leaf, where).assertion
    require(member.place is not None, where, "an envelope behind a leaf that is no batch's member")
    envelope = Assertion(behind[0], f"{where}, envelope")
    try:
        path = [digest(line) for line in behind[1:]]
    except BadText as error:
        raise Violation(where, str(error)) from None
    vouches(envelope, path, member, where)
    held = log.state.key_named(envelope.kid)
    true = held is not None and held.key.verify(envelope.signed, envelope.signature)
    require(true, where, "the envelope's signature is false")
