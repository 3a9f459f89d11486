"""Makes and signs assertions as docs/FORMAT.md has them; PyJWT and cryptography do the signing.

A payload is signed as the bytes it is; nothing here sends, and nothing here is kept.
"""

import base64
import hashlib
import json
import secrets
import time
import unicodedata
import uuid
from datetime import datetime, timezone
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jcs(value):
    """RFC 8785: for ASCII member names, text, integers and booleans (no floats) this is all there is to it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def uuid_of(octets, version):
    """A UUID of 16 bytes with version and variant set."""
    number = int.from_bytes(octets, "big") & ~(0xF << 76 | 0x3 << 62)
    return str(uuid.UUID(int=number | version << 76 | 0x2 << 62))


def uuid_v8(domain, *parts):
    """FORMAT "Derived ids": the same parts are the same id, whoever computes it."""
    text = domain.encode() + b"\0" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return uuid_of(hashlib.sha256(text).digest()[:16], 8)


def merkle_root(leaves):
    """RFC 6962: a leaf is hashed behind 0x00, two nodes behind 0x01."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    left = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two below the number
    return hashlib.sha256(b"\1" + merkle_root(leaves[:left]) + merkle_root(leaves[left:])).digest()


class Signer:
    """The key of an institution, and what it knows of the log that it signs for."""

    def __init__(self, key_file, checkpoint):
        _form, self.kid, seed = Path(key_file).read_text("ascii").splitlines()
        self.key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "="))
        self.number = int(self.kid.split("#")[0].rsplit(":", 1)[1])  # did:web:<host>:i:<number>
        self.log, size, root = checkpoint.splitlines()[:3]
        self.seen = {"root": b64url(base64.b64decode(root)), "size": int(size)}

    def payload(self, kind, data):
        """An assertion's payload; its id is new, so sign once and keep what was signed. Without `act`: the key is our own."""
        now = time.time_ns() // 1_000_000
        at = datetime.fromtimestamp(now / 1000, timezone.utc).isoformat(timespec="milliseconds")
        return jcs({"at": at.replace("+00:00", "Z"), "data": data, "kind": kind, "log": self.log, "seen": self.seen,
                    "id": uuid_of(now.to_bytes(6, "big") + secrets.token_bytes(10), 7)})

    def sign(self, payload):
        """Compact JWS of these bytes. PyJWT writes the header sorted and compact, which is its JCS form."""
        headers = {"alg": "EdDSA", "kid": self.kid, "typ": "xf-assertion+jws"}
        jws = jwt.PyJWS().encode(payload, self.key, algorithm="EdDSA", headers=headers, sort_headers=True)
        assert jws.startswith(b64url(jcs(headers)) + "."), "this PyJWT writes another header"
        return jws

    def outcome(self, row):
        """One row: the payload, and behind it the disclosures of what never stands in the log."""
        row = {name: unicodedata.normalize("NFC", value.strip()) for name, value in row.items()}
        opened = [b64url(jcs([b64url(secrets.token_bytes(32)), name, row[name]])) for name in ("title", "grade")]
        return self.payload("outcome.record.v1", {
            "_sd": sorted(b64url(hashlib.sha256(text.encode()).digest()) for text in opened),
            "awarder": self.number, "person": row["learner"], "record": row["record"],
            "outcome": uuid_v8("xuefen/outcome", self.number.to_bytes(4, "big"), row["record"].encode(),
                               uuid.UUID(row["learner"]).bytes),
            "open": {"category": "general", "code": row["code"], "completed_on": row["completed_on"],
                     "credits": row["credits"], "kind": "course", "scheme": "cn-he"},
        }), "".join(f"~{text}" for text in opened) + "~"

    def bodies(self, rows, how):
        """What is to be sent of (payload, disclosures): a body for each, or one for all of them."""
        if how == "batch":
            data = {"count": len(rows), "root": b64url(merkle_root([payload for payload, _ in rows]))}
            return [json.dumps({"envelope": self.sign(self.payload("batch.submit.v1", data)),
                                "payloads": [b64url(payload) + opened for payload, opened in rows]})]
        submissions = [self.sign(payload) + opened for payload, opened in rows]
        return submissions if how == "one" else ["\n".join(submissions)]
