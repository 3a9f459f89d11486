"""Signed batches (FORMAT "Signed batch"): behind an envelope stand its members, all and in order."""

from . import require
from .leaf import members, size_of
from .merkle import Tree, inclusion_root
from .text import digest

KIND = "batch.submit.v1"
COUNT_MAX = 1_000


def envelope_of(assertion, where):
    """Count and root that an envelope states."""
    members(assertion.data, f"{where}, data", {"count", "root"})
    count = size_of(assertion.data["count"], where)
    require(1 <= count <= COUNT_MAX, where, f"an envelope of {count} members")
    return count, digest(assertion.data["root"])


class Batches:
    """The batch that the log is in, if it is in one."""

    def __init__(self):
        self.open = None
        self.members = 0

    def take(self, commit, where):
        """Checks the next commit's place in or outside a batch."""
        assertion = commit.assertion
        if assertion.place is None:
            require(self.open is None, where, "a batch's member belongs here")
            if assertion.kind == KIND:
                self.open = (commit, *envelope_of(assertion, where), Tree())
            return
        require(self.open is not None and assertion.kind != KIND, where, "a batch's member behind no envelope")
        envelope, count, root, tree = self.open
        require(assertion.place == (envelope.position, tree.size), where, "a batch's member in another place")
        require(commit.position == envelope.position + 1 + tree.size, where, "a batch's member in another place")
        same = (assertion.kid, commit.recorded_at_ms) == (envelope.assertion.kid, envelope.recorded_at_ms)
        require(same, where, "a batch's member of another key or time than its envelope")
        tree.append(assertion.hash)
        self.members += 1
        if tree.size == count:
            require(tree.root(count) == root, where, "the envelope's root is not that of its members")
            self.open = None

    def end(self, where):
        """The log may end only between two batches."""
        require(self.open is None, where, "the log ends inside a batch")


def vouches(envelope, path, member, where):
    """Checks that `path` leads from a member to its envelope's root; the signature is checked elsewhere."""
    count, root = envelope_of(envelope, where)
    require(envelope.kind == KIND and envelope.kid == member.kid, where, "another envelope")
    led_to = inclusion_root(member.hash, member.place[1], count, path)
    require(led_to == root, where, "the path does not lead to the envelope's root")
