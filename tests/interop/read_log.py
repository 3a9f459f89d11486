#!/usr/bin/env python3
"""Reads a Xuefen data directory without any of Xuefen's code and checks everything it can.

Usage: read_log.py DATA_DIR [--receipt FILE]; prints counts and OK, or exits with 1 and says where
the first thing stands that does not hold. Written from docs/FORMAT.md; needs Python 3.11, nothing else.

Not checked here: whether the facts are what the rules make of the assertion (`xuefen log audit` does).
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True

from xuefen_log import Violation, require  # noqa: E402
from xuefen_log.batches import Batches  # noqa: E402
from xuefen_log.ed25519 import BadKey, Key  # noqa: E402
from xuefen_log.facts import REGISTRAR, SIGNED_BY, State  # noqa: E402
from xuefen_log.leaf import Commit  # noqa: E402
from xuefen_log.merkle import Tree  # noqa: E402
from xuefen_log.published import check_checkpoint, check_receipt, check_tiles, check_trust  # noqa: E402
from xuefen_log.segments import NO_LINK, read_records  # noqa: E402
from xuefen_log.text import BadText, multikey  # noqa: E402

AHEAD_MS_MAX = 5 * 60_000
SEEN_AGE_MS_MAX = 7 * 86_400_000


class Log:
    """A log, read and checked commit by commit."""

    def __init__(self, directory):
        self.origin = None
        self.tree = Tree()
        self.recorded_at_ms = []
        self.ids = {}
        self.facts = 0
        self.state = None
        self.batches = Batches()
        for record in read_records(directory / "log"):
            self._take(record)
        self.batches.end(f"position {self.tree.size}")

    def checkpoint_keys(self):
        """The registrar's checkpoint keys that the log knows."""
        return [key for key in self.state.keys.get(REGISTRAR, []) if key.use == "checkpoint" and key.retired is None]

    def _take(self, record):
        position, where = record.position, f"position {record.position}"
        commit = Commit(record.leaf, where)
        assertion = commit.assertion
        if self.state is None:
            self.origin = commit.log
            self.state = State(commit.log.split("/")[0])
        require(commit.position == position, where, f"its leaf says {commit.position}")
        require(commit.log == self.origin and assertion.log == self.origin, where, "it is of another log")
        require(commit.engine == 1, where, f"engine {commit.engine} is not known to this reader")
        require(assertion.id not in self.ids, where, f"id {assertion.id} stands at {self.ids.get(assertion.id)} too")
        self._check_times(commit, where)
        seen = assertion.seen_size
        require(seen <= position, where, f"its signer saw size {seen}, which was still to come")
        require(assertion.seen_root == self.tree.root(seen), where, f"its signer saw another root at size {seen}")
        key = self._signing_key(assertion, position, where)
        if assertion.place is None:
            true = key.verify(assertion.signed, assertion.signature)
            require(true, where, f"{assertion.kid}: the signature is false")
        self.batches.take(commit, where)
        links = tuple(None if link == NO_LINK else link for link in record.links)
        self.state.take(commit, links, where)
        self.tree.append(record.leaf_hash)
        self.recorded_at_ms.append(commit.recorded_at_ms)
        self.ids[assertion.id] = position
        self.facts += len(commit.facts)

    def _check_times(self, commit, where):
        now = commit.recorded_at_ms
        require(not self.recorded_at_ms or now >= self.recorded_at_ms[-1], where, "recorded before its predecessor")
        require(commit.assertion.at_ms <= now + AHEAD_MS_MAX, where, "at is more than 5 minutes ahead")
        seen = commit.assertion.seen_size
        if seen < len(self.recorded_at_ms):
            require(now - self.recorded_at_ms[seen] <= SEEN_AGE_MS_MAX, where, "the checkpoint seen is too old")

    def _signing_key(self, assertion, position, where):
        number = self.state.number_of(assertion.did)
        require(number is not None, where, f"{assertion.kid} is under no DID of this log")
        require((assertion.kind == "log.open.v1") == (position == 0), where, f"{assertion.kind} cannot stand here")
        if position == 0:
            return _genesis_key(assertion, number, where)
        held = self.state.key_named(assertion.kid)
        require(held is not None, where, f"{assertion.kid} is not in the log")
        uses = SIGNED_BY.get(assertion.kind, ("assertion",))
        require(held.use in uses, where, f"{assertion.kid} is a key for {held.use}")
        window = f"activated at {held.activated}, retired at {held.retired}, cut off at {held.not_valid_after}"
        require(held.is_valid_at(position), where, f"{assertion.kid} does not sign here: {window}")
        return held.key


def _genesis_key(assertion, number, where):
    """The first commit carries its own key."""
    require(number == REGISTRAR, where, "the first commit is the registrar's")
    try:
        for key in assertion.data["keys"]:
            if (key["fragment"], key["use"]) == (assertion.fragment, "assertion"):
                return Key.of(multikey(key["key"]))
    except (BadText, BadKey, KeyError, TypeError) as error:
        raise Violation(where, f"the first commit's keys: {error!r}") from None
    raise Violation(where, f"the first commit does not carry {assertion.kid}")


def check(directory, receipt):
    """Checks everything; returns the lines to print."""
    log = Log(directory)
    require(log.state is not None, "log", "it has no commits")
    size = check_checkpoint(directory, log)
    tiles = check_tiles(directory, log, size)
    trust = check_trust(directory, log)
    lines = [
        f"log {log.origin}",
        f"commits {log.tree.size}, facts {log.facts}, streams {len(log.state.streams)}",
        f"members of batches {log.batches.members}",
        f"root {log.tree.root(log.tree.size).hex()}",
        f"checkpoint {size}, tiles {tiles}",
        f"issuers {len(log.state.keys)}, keys {sum(map(len, log.state.keys.values()))}",
        "trust.json none" if trust is None else f"trust.json of position {trust}",
    ]
    if receipt is not None:
        index = check_receipt(receipt.read_bytes().decode("utf-8", "replace"), log)
        lines.append(f"receipt of position {index}")
    return lines


def main():
    parser = argparse.ArgumentParser(description="Checks a Xuefen data directory.")
    parser.add_argument("data_dir", type=pathlib.Path, metavar="DATA_DIR")
    parser.add_argument("--receipt", type=pathlib.Path, metavar="FILE")
    asked = parser.parse_args()
    try:
        lines = check(asked.data_dir, asked.receipt)
    except (Violation, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join([*lines, "OK"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
