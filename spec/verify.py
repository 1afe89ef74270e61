#!/usr/bin/env python3
"""Checks the golden vectors from FORMAT.md alone: names of nodes, and proofs. Standard library only.

    python3 spec/verify.py                                           all vectors
    python3 spec/verify.py ROOT KEY PROOF_FILE                       one proof of a key (hexadecimal)
"""
import hashlib
import json
import pathlib
import re
import struct
import sys

# BLAKE3 in keyed mode: section 2 of its paper.
IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
LANES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
         (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED = 1, 2, 4, 8, 16


def rotate(word, by):
    return (word >> by | word << (32 - by)) & 0xFFFFFFFF


def compress(chain, block, counter, length, flags):
    v = [*chain, *IV[:4], counter & 0xFFFFFFFF, counter >> 32, length, flags]
    words = struct.unpack("<16I", block.ljust(64, b"\0"))
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(LANES):
            for word, first, second in ((words[2 * i], 16, 12), (words[2 * i + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & 0xFFFFFFFF
                v[d] = rotate(v[d] ^ v[a], first)
                v[c] = (v[c] + v[d]) & 0xFFFFFFFF
                v[b] = rotate(v[b] ^ v[c], second)
        words = [words[i] for i in PERMUTATION]
    return tuple(v[i] ^ v[i + 8] for i in range(8))


def blake3(key, data, counter=0, top=ROOT):
    if len(data) <= 1024:
        chain, start = key, CHUNK_START
        blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
        for block in blocks[:-1]:
            chain = compress(chain, block, counter, 64, KEYED | start)
            start = 0
        return compress(chain, blocks[-1], counter, len(blocks[-1]), KEYED | start | CHUNK_END | top)
    left = 1024
    while left * 2 < len(data):
        left *= 2
    halves = (*blake3(key, data[:left], counter, 0),
              *blake3(key, data[left:], counter + left // 1024, 0))
    return compress(key, struct.pack("<16I", *halves), 0, 64, KEYED | PARENT | top)


def name(kind, message, padded=True):
    key = struct.unpack("<8I", b"prollytree 1 " + kind.encode().ljust(19, b"\0"))
    if padded:
        message += bytes(-len(message) % 64)
    return struct.pack("<8I", *blake3(key, message))


# Names.
def leaf_entry(key, stored, large):
    return name("leaf entry", struct.pack("<HH", len(key), len(stored) | large << 15) + key + stored)


def inner_entry(key, count, natural, child):
    head = struct.pack("<H", len(key) | natural << 15) + count.to_bytes(6, "little")
    return name("inner entry", head + child + key)


def pair(level, left, right, separator):
    kind = "inner pair" if level else "leaf pair"
    return name(kind, left + right + struct.pack("<H", len(separator)) + separator)


def node(level, entries, count, top):
    return name("node", struct.pack("<BBHQ20x", 1, level, entries, count) + top)


EMPTY = node(0, 0, 0, bytes(32))


def left_len(entries):
    return 1 << (entries - 1).bit_length() - 1


class Refused(Exception):
    pass


def require(condition, why):
    if not condition:
        raise Refused(why)


def node_name(data):
    """The name of an encoded node."""
    return node_parts(data)[0]


def node_parts(data):
    """The name of an encoded node, its keys, and the names of its children."""
    form, level, n, prefix_len = struct.unpack_from("<BBHH", data)
    require(form == 1, "format")
    at = 6 + prefix_len
    prefix = data[6:at]

    def numbers(size):
        nonlocal at
        start, at = at, at + size * n
        return [int.from_bytes(data[i:i + size], "little") for i in range(start, at, size)]

    key_ends = numbers(2)
    second = numbers(6 if level else 2)
    children = [data[at + 32 * i:at + 32 * i + 32] for i in range(n)]
    at += 32 * n if level else 0
    starts = [0, *(end & 0x7FFF for end in key_ends)]
    keys = [prefix + data[at + a:at + b] for a, b in zip(starts, starts[1:])]
    at += starts[-1]
    if level:
        counts = [b - a for a, b in zip([0, *second], second)]
        digests = [inner_entry(key, count, end >> 15, child)
                   for key, count, end, child in zip(keys, counts, key_ends, children)]
        count = sum(counts)
    else:
        starts = [0, *(end & 0x7FFF for end in second)]
        digests = [leaf_entry(key, data[at + a:at + b], end >> 15)
                   for key, a, b, end in zip(keys, starts, starts[1:], second)]
        count = n

    return node(level, n, count, top_digest(level, keys, digests)), keys, children if level else []


def top_digest(level, keys, digests):
    def top(first, length):
        if length == 1:
            return digests[first]
        middle = first + left_len(length)
        separator = keys[middle - 1]
        if not level:
            right = keys[middle]
            separator = next(right[:i] for i in range(len(right) + 1) if right[:i] > keys[middle - 1])
        return pair(level, top(first, middle - first), top(middle, first + length - middle), separator)

    return top(0, len(keys)) if keys else bytes(32)


# Cuts are byte strings: the smallest key behind the cut. END is behind all of them.
END = None


def below(a, b):
    return a is not END and (b is END or a < b)


class Proof:
    """Reads a proof. `intervals` is the statement: disjoint pairs of cuts, in order."""

    def __init__(self, data, kind, intervals):
        require(data[:6] == b"PPRF" + bytes([1, kind]), "header")
        self.data, self.at, self.diff, self.intervals = data, 6, kind == 2, intervals

    def take(self, size):
        require(self.at + size <= len(self.data), "cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self, flags=0):
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            require(number < 1 << 64 and not (byte == 0 and shift > 7), "varint")
            if byte < 0x80:
                return number >> flags, number & (1 << flags) - 1

    def bytes(self, flags=0):
        length, bits = self.varint(flags)
        require(length <= 4096, "key")
        return self.take(length), bits

    def matters(self, lo, hi):
        return any(below(start, hi) and below(lo, end) for start, end in self.intervals)

    def shown(self, lo, hi, flag):
        require(not (self.diff and flag) or self.matters(lo, hi), "flag")
        return bool(flag) if self.diff else self.matters(lo, hi)

    def digest(self, lo, hi, *extent):
        digest = self.take(32)
        if self.diff and self.matters(lo, hi):
            self.parts.append((lo, hi, extent, digest))
        return digest

    def tree(self, root):
        """The entries that the proof shows, and the parts that it leaves out."""
        self.entries, self.parts = [], []
        level, (count, _) = self.take(1)[0], self.varint()
        require(level <= 63 and count < 1 << 48 and (count or not level), "root")
        found = self.node(level, count, b"", END) if count else EMPTY
        require(found == root, "root")
        return self.entries, self.parts

    def node(self, level, count, lo, hi):
        n = self.varint()[0] if level else count
        require(0 < n <= min(count, 65535), "number of entries")
        digest, least, exact = self.half(level, n, True, lo, hi)
        require(least == count if exact else least <= count, "count")
        return node(level, n, count, digest)

    def half(self, level, n, is_last, lo, hi):
        if n > 1:
            separator, flags = self.bytes(2 if self.diff else 0)
            cut = separator + b"\0" if level else separator
            require(lo < cut and below(cut, hi), "separator")
            result = []
            for size, last, a, b, flag in ((left_len(n), False, lo, cut, flags >> 1),
                                           (n - left_len(n), is_last, cut, hi, flags & 1)):
                if self.shown(a, b, flag):
                    result.append(self.half(level, size, last, a, b))
                else:
                    result.append((self.digest(a, b, level, size), size, not level))
            (left, some, all_left), (right, more, all_right) = result
            return pair(level, left, right, separator), some + more, all_left and all_right
        known = hi is not END and (level or is_last)
        key = hi[:-1] if known else self.bytes()[0]
        require(lo <= key and (hi is END or key + b"\0" <= hi), "key")
        if not level:
            length, _ = self.varint()
            require(length <= 1025, "value")
            stored = self.take(length - 1 if length else 41)
            require(length or 1024 < int.from_bytes(stored[1:9], "little") <= 1 << 40, "large value")
            if self.matters(key, key + b"\0"):
                self.entries.append((key, stored, not length))
            return leaf_entry(key, stored, not length), 1, True
        flags = 1 if self.diff else 0
        count, bits = self.varint(1 + flags)
        require(count < 1 << 48, "count")
        hi = key + b"\0"
        if self.shown(lo, hi, bits & 1):
            child = self.node(level - 1, count, lo, hi)
        else:
            child = self.digest(lo, hi, level - 1, count, "node")
        return inner_entry(key, count, bits >> flags, child), count, True

    def finish(self):
        require(self.at == len(self.data), "bytes left over")


def verify(root, intervals, data):
    proof = Proof(data, 1, intervals)
    entries, _ = proof.tree(root)
    proof.finish()
    return entries


def verify_diff(before, after, intervals, data):
    proof = Proof(data, 2, intervals)
    was, parts = proof.tree(before)
    now, other_parts = proof.tree(after)
    proof.finish()
    require(parts == other_parts, "unequal parts")
    was, now = ({key: value for key, *value in entries} for entries in (was, now))
    return [(key, was.get(key), now.get(key)) for key in sorted({*was, *now})
            if was.get(key) != now.get(key)]


# Vectors.
def value_json(stored, large):
    if not large:
        return {"inline": stored.hex()}
    return {"height": stored[0], "len": int.from_bytes(stored[1:9], "little"), "hash": stored[9:].hex()}


# A version in Git: what its objects hold, by path.
def escape(key):
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789_=-"
    parts = [chr(byte) if byte in plain else f"%{byte:02x}" for byte in key]
    if sum(map(len, parts)) <= 100:
        return "".join(parts)
    cut = 0
    while sum(map(len, parts[:cut + 1])) <= 80:
        cut += 1
    return "".join(parts[:cut]) + "~" + name("chunk", key, padded=False).hex()[:32]


def text_leaf(text):
    """The name of a leaf that stands as text."""
    unescape = {b"\\\\": b"\\", b"\\t": b"\t", b"\\n": b"\n", b"\\r": b"\r"}
    plain = lambda part: re.sub(rb"\\.", lambda found: unescape[found[0]], part)
    require(text.endswith(b"\n"), "the last line ends")
    keys, digests = [], []
    for line in text[:-1].split(b"\n"):
        key, stored = line.split(b"\t")
        large = stored.startswith(b"\\@")
        if large:
            height, length, top = stored[2:].split(b" ")
            stored = bytes([int(height)]) + int(length).to_bytes(8, "little") + bytes.fromhex(top.decode())
        keys.append(plain(key))
        digests.append(leaf_entry(keys[-1], stored if large else plain(stored), large))
    return node(0, len(keys), len(keys), top_digest(0, keys, digests))


def git_node(objects, path):
    """The name of the node at a path, whose children and large values bear the names they must."""
    if f"{path}/node" in objects:
        found, keys, children = node_parts(objects[f"{path}/node"])
        for bound, child in zip([None, *keys], children):
            at = [f"{path}/{form}" + ("" if bound is None else f"-{escape(bound)}") for form in "dlb"]
            at, = (at for at in at if at in objects)
            require(git_node(objects, at) == child, f"the child at {at}")
        return found
    if path.rsplit("/", 1)[1][0] in "lb" and f"{path}/l" not in objects and f"{path}/b" not in objects:
        data = objects[path]
        return node_name(data) if data[0] == 1 else text_leaf(data)
    return git_node(objects, next(f"{path}/{form}" for form in "lb" if f"{path}/{form}" in objects))


def check_git(vectors):
    objects = {vector["path"]: bytes.fromhex(vector["bytes"]) for vector in vectors}
    for vector in vectors:
        data = bytes.fromhex(vector["bytes"])
        header = f"{vector['type']} {len(data)}\0".encode()
        assert hashlib.sha1(header + data).hexdigest() == vector["id"], vector["path"]
    first, *lines, last = objects["PROLLY"].decode().split("\n")
    assert (first, last) == ("prolly 1", "")
    for line in lines:
        _, map_name, root, *_ = line.split(" ")
        assert git_node(objects, f"maps/{escape(map_name.encode())}").hex() == root, map_name
    return len(vectors)


def check_vectors(folder):
    read = lambda file: json.loads((folder / file).read_text())
    checked = 0
    for vector in read("nodes.json"):
        assert node_name(bytes.fromhex(vector["bytes"])).hex() == vector["name"]
        checked += 1
    for vector in read("proofs.json"):
        statement, root = vector["statement"], bytes.fromhex(vector["root"])
        key = bytes.fromhex(statement.get("key", ""))
        interval = (key, key + b"\0")
        if "from" in statement:
            interval = (bytes.fromhex(statement["from"]), bytes.fromhex(statement["to"]))
        data = bytes.fromhex(vector["proof"])
        shown = [[key.hex(), value_json(*value)] for key, *value in verify(root, [interval], data)]
        if "key" in statement:
            shown = shown[0][1] if shown else None
        assert shown == vector["shows"], vector
        for at in range(0, len(data), 37):
            try:
                verify(root, [interval], data[:at] + bytes([data[at] ^ 4]) + data[at + 1:])
            except Refused:
                continue
            raise AssertionError(f"byte {at} changed unnoticed")
        checked += 1
    for vector in read("differences.json"):
        roots = bytes.fromhex(vector["before"]), bytes.fromhex(vector["after"])
        shown = verify_diff(*roots, [(b"", END)], bytes.fromhex(vector["proof"]))
        as_json = lambda value: value_json(*value) if value else None
        assert [[key.hex(), as_json(was), as_json(now)] for key, was, now in shown] == vector["shows"]
        checked += 1
    checked += check_git(read("git.json"))
    print(f"{checked} vectors hold")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        root, key = map(bytes.fromhex, sys.argv[1:3])
        print(verify(root, [(key, key + b"\0")], pathlib.Path(sys.argv[3]).read_bytes()))
    else:
        check_vectors(pathlib.Path(__file__).parent / "vectors")
