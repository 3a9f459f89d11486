"""What both Python tests stand on: the folder that prepare.js filled, and counts for run.sh."""

import json
import os
import pathlib
import subprocess
import sys

HOST = "xf.example.org"
WORK = pathlib.Path(os.environ["INTEROP_WORK"])
BIN = os.environ["XF_BIN"]
TRUST = WORK / "trust.json"
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Tally:
    """Counts the cases of one row of the table."""

    all_right = True

    def __init__(self, row):
        self.row, self.passed, self.wrong = row, 0, []

    def case(self, what, good, seen=""):
        """One case; `seen` is said where it is wrong."""
        if good:
            self.passed += 1
        else:
            self.wrong.append(f"{what}: {seen}")

    def equal(self, what, seen, wanted):
        self.case(what, seen == wanted, f"{seen!r}, not {wanted!r}")

    def end(self):
        """Writes the counts and says what is wrong."""
        with (WORK / "counts.tsv").open("a", encoding="utf-8") as file:
            file.write(f"{self.row}\t{self.passed}\t{len(self.wrong)}\n")
        print(f"{'not ok' if self.wrong else 'ok'} - {self.row}: {self.passed} right, {len(self.wrong)} wrong")
        for line in self.wrong[:20]:
            print(f"    {line}")
        Tally.all_right = Tally.all_right and not self.wrong and self.passed > 0


def finish():
    """Exit code of a test file."""
    sys.exit(0 if Tally.all_right else 1)


def bundle():
    return json.loads(TRUST.read_text("utf-8"))


def raw_key(multikey):
    """The 32 bytes of an Ed25519 Multikey."""
    number = 0
    for letter in multikey[1:]:
        number = number * 58 + ALPHABET.index(letter)
    data = number.to_bytes(34, "big")
    assert multikey[0] == "z" and data[:2] == b"\xed\x01", multikey
    return data[2:]


def cose_of(address):
    """COSE bytes of an XF-QR/1 text (STANDARDS section 9)."""
    prefix = f"https://{HOST}/q#1"
    assert address.startswith(prefix), address[:40]
    digits = address[len(prefix):]
    tails = {17: 7, 3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6}
    groups = [digits[at:at + 17] for at in range(0, len(digits), 17)]
    return b"".join(int(group).to_bytes(tails[len(group)], "big") for group in groups)


def zbar(picture):
    """What zbarimg reads from a picture: bytes, none if nothing."""
    run = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", str(picture)],
        capture_output=True, check=False)
    return run.stdout.removesuffix(b"\n") or None


def verify(files):
    """Reports of `xuefen verify --json`, in order."""
    run = subprocess.run(
        [BIN, "verify", "--json", "--offline", "--trust", str(TRUST), *map(str, files)],
        capture_output=True, text=True, check=False)
    reports = [json.loads(line)["report"] for line in run.stdout.splitlines()]
    assert len(reports) == len(files), run.stderr
    return reports
