"""The Merkle tree of RFC 6962 and its tiles (FORMAT "Merkle tree", "Tiles").

Invariant: `rows[k]` holds the roots of all whole subtrees of 2^k leaves, from the left.
"""

import hashlib


def node(left, right):
    """The hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows at the right."""

    def __init__(self):
        self.rows = [[]]

    @property
    def size(self):
        """Number of leaves."""
        return len(self.rows[0])

    def append(self, leaf_hash):
        """Takes in a leaf hash."""
        level, carried = 0, leaf_hash
        while True:
            row = self.rows[level]
            row.append(carried)
            if len(row) % 2:
                return
            carried = node(row[-2], row[-1])
            level += 1
            if level == len(self.rows):
                self.rows.append([])

    def root(self, size):
        """The root at a size of at most its own."""
        if size == 0:
            return hashlib.sha256().digest()
        right = None
        for level in range(size.bit_length()):
            if size >> level & 1:
                subtree = self.rows[level][(size >> level) - 1]
                right = subtree if right is None else node(subtree, right)
        return right

    def tile(self, level, index, width):
        """The bytes of a tile; None if the tree is too small for it."""
        row = self.rows[8 * level] if 8 * level < len(self.rows) else []
        hashes = row[256 * index : 256 * index + width]
        return b"".join(hashes) if len(hashes) == width else None


def inclusion_root(leaf_hash, index, size, path):
    """The root that a path leads to (RFC 9162 section 2.1.3.2); None if the path cannot be one."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf_hash
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node(sibling, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, sibling)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None
