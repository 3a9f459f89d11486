"""Our codes under PyPI cwt: COSE_Sign1 with external_aad xuefen/qr/1 and the key of the trust bundle."""

import hashlib
import json

import cbor2
import cwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from world import WORK, Tally, bundle, cose_of, finish, raw_key

AAD = b"xuefen/qr/1"
DOCUMENT = json.loads((WORK / "good-0.json").read_text("utf-8"))


def key(multikey):
    """A COSE key with the kid of STANDARDS section 9."""
    raw = raw_key(multikey)
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return cwt.COSEKey.from_pem(pem, kid=hashlib.sha256(raw).digest()[:8])


def named(kid):
    keys = [each for issuer in bundle()["issuers"] for each in issuer["keys"]]
    return key(next(each["pub"] for each in keys if each["kid"] == kid))


def decode(data, with_key, aad=AAD):
    """The payload, or the name of the refusal."""
    try:
        return cwt.COSE.new().decode(data, with_key, external_aad=aad)
    except Exception as refusal:  # noqa: BLE001: whatever a library says no with is a no
        return type(refusal).__name__


def main():
    signer = named(DOCUMENT["proof"]["verificationMethod"])
    accepts = Tally("PyPI cwt accepts our codes")
    refuses = Tally("PyPI cwt refuses them flipped, or for another use")
    for name in ("qr-short.txt", "qr-receipt.txt"):
        data = cose_of((WORK / name).read_text("ascii").strip())
        payload = decode(data, signer)
        accepts.case(f"{name}: signature", isinstance(payload, bytes), payload)
        claims = cbor2.loads(payload)
        accepts.equal(f"{name}: cti", claims[7].hex(), DOCUMENT["id"][9:].replace("-", ""))
        accepts.equal(f"{name}: amount", claims[-65537][4] / 1000,
                      DOCUMENT["credentialSubject"]["achievement"]["creditsAvailable"])
        accepts.equal(f"{name}: canonical", cbor2.dumps(cbor2.loads(payload), canonical=True).hex(), payload.hex())

        refuses.equal(f"{name}: no external_aad", decode(data, signer, b""), "VerifyError")
        refuses.equal(f"{name}: other external_aad", decode(data, signer, b"xuefen/qr/2"), "VerifyError")
        other = next(each for issuer in bundle()["issuers"] if issuer["id"] == 2 for each in issuer["keys"]
                     if each["use"] == "credential")
        refuses.case(f"{name}: another issuer's key", not isinstance(decode(data, key(other["pub"])), bytes), "accepted")
        # The receipt lies outside the signature by design, so only the signed bytes are flipped here.
        parts = cbor2.loads(data).value
        spans = {part: data.index(part) for part in (parts[0], parts[2], parts[3])}
        for part, start in spans.items():
            for at in range(start, start + len(part)):
                flipped = bytearray(data)
                flipped[at] ^= 1 << at % 8
                seen = decode(bytes(flipped), signer)
                refuses.case(f"{name}: byte {at}", not isinstance(seen, bytes), "accepted")
    accepts.end()
    refuses.end()
    finish()


if __name__ == "__main__":
    main()
