"""The embedded store's files (FORMAT "Segments"): head, segments, records up to the head.

Invariant: every record handed out stands below the head and fits its CRC, position, group and the
running hash.
"""

import hashlib
import re
import struct

from . import require

_CRC = []
for _n in range(256):
    for _ in range(8):
        _n = _n >> 1 ^ (0x82F63B78 if _n & 1 else 0)
    _CRC.append(_n)
HEAD_BYTES, SLOT_BYTES, SLOT_AT = 4608, 512, (0, 4096)
ENDS_BYTES = 64
RECORD_BYTES = 20
LEAF_BYTES_MAX = 65_535
NO_LINK = 2**64 - 1


def crc32c(data):
    """CRC-32C (Castagnoli)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class Record:
    """One record: position, links, leaf, leaf hash."""

    def __init__(self, position, links, leaf):
        self.position, self.links, self.leaf = position, links, leaf
        self.leaf_hash = hashlib.sha256(b"\0" + leaf).digest()


def read_head(directory):
    """(next position, running hash) of the acknowledged log."""
    data = (directory / "head").read_bytes()
    require(len(data) == HEAD_BYTES, "head file", f"{len(data)} bytes, expected {HEAD_BYTES}")
    good = []
    for parity, at in enumerate(SLOT_AT):
        slot = data[at : at + SLOT_BYTES]
        sequence, following = struct.unpack_from("<QQ", slot, 8)
        (crc,) = struct.unpack_from("<I", slot, 508)
        if slot[:8] == b"XFHEAD1\n" and crc == crc32c(slot[:508]) and sequence % 2 == parity:
            good.append((sequence, following, slot[24:56]))
    require(good, "head file", "both slots are bad")
    _, following, running = max(good)
    return following, running


def read_records(directory):
    """Yields the records below the head."""
    head, head_running = read_head(directory)
    names = sorted(p.name for p in directory.iterdir() if re.fullmatch(r"segment-[0-9]{20}\.xfs", p.name))
    require(names or head == 0, "log", f"no segments, but a head of {head}")
    position, running = 0, bytes(32)
    for name in names:
        data = (directory / name).read_bytes()
        _check_header(name, data, position, running)
        require(position <= head, name, f"begins at {position}, above the head {head}")
        closed = name != names[-1]
        table = _read_footer(name, data, position) if closed else None
        at, group, count = ENDS_BYTES, 0, 0
        while position < head if table is None else count < len(table):
            require(position < head, name, f"a closed segment reaches past the head {head}")
            require(table is None or table[count] == at, name, f"the table's entry {count} is not {at}")
            record, at, following = _read_record(name, data, at, position)
            require(group in (0, following + 1), f"position {position}", f"{following} follow in a group of {group}")
            group, position, count = following, position + 1, count + 1
            running = hashlib.sha256(running + record.leaf_hash).digest()
            yield record
        require(group == 0, name, "it ends, or the head stands, inside a group")
        if table is not None:
            _check_end(name, data, at, running)
    require(position == head, "log", f"it ends at {position}, the head says {head}")
    require(running == head_running, "head file", "its running hash is not that of the log")


def _check_header(name, data, position, running):
    require(len(data) >= 2 * ENDS_BYTES and data[:8] == b"XFSEGM1\n", name, "no segment header")
    length, zero, first = struct.unpack_from("<IIQ", data, 8)
    last, crc = struct.unpack_from("<II", data, 56)
    require(crc == crc32c(data[:60]), name, "the header's CRC")
    require(length == len(data), name, f"{len(data)} bytes, the header says {length}")
    require(zero == 0 and last == 0, name, "the header's zeros")
    require(first == position and name == f"segment-{first:020}.xfs", name, f"begins at {first}, expected {position}")
    require(data[24:56] == running, name, "the header's running hash")


def _read_footer(name, data, first):
    footer = data[-ENDS_BYTES:]
    require(footer[:8] == b"XFFOOT1\n", name, "a closed segment without a footer")
    count, _, position = struct.unpack_from("<IIQ", footer, 8)
    table_crc, crc = struct.unpack_from("<II", footer, 56)
    require(crc == crc32c(footer[:60]), name, "the footer's CRC")
    require(position == first, name, "the footer's first position")
    at = len(data) - ENDS_BYTES - 4 * count
    require(at >= ENDS_BYTES, name, "the footer's count")
    table = data[at:-ENDS_BYTES]
    require(table_crc == crc32c(table), name, "the table's CRC")
    return struct.unpack(f"<{count}I", table)


def _check_end(name, data, at, running):
    count, end = struct.unpack_from("<II", data, len(data) - ENDS_BYTES + 8)
    require(end == at, name, f"the footer's end is {end}, the records' {at}")
    require(data[-40:-8] == running, name, "the footer's running hash")
    rest = data[at : len(data) - ENDS_BYTES - 4 * count]
    require(rest.count(0) == len(rest), name, "bytes between records and table")


def _read_record(name, data, at, position):
    where = f"position {position} ({name}, offset {at})"
    require(at + RECORD_BYTES <= len(data), where, "no room for a record")
    crc, length, stored, following, links = struct.unpack_from("<IIQHH", data, at)
    require(length >= RECORD_BYTES + 8 * links and at + length <= len(data), where, f"a length of {length}")
    require(crc == crc32c(data[at + 4 : at + length]), where, "the CRC")
    require(stored == position, where, f"the record says {stored}")
    leaf_at = at + RECORD_BYTES + 8 * links
    leaf = data[leaf_at : at + length]
    require(len(leaf) <= LEAF_BYTES_MAX, where, "the leaf is too large")
    links = struct.unpack_from(f"<{links}Q", data, at + RECORD_BYTES)
    return Record(position, links, leaf), at + length, following
