#!/usr/bin/env python3
"""Checks the golden vectors from FORMAT.md alone: names of nodes, and proofs. Standard library only.

    python3 spec/verify.py                                           all vectors
    python3 spec/verify.py ROOT KEY PROOF_FILE                       one proof of a key (hexadecimal)
"""
import fractions
import hashlib
import ipaddress
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


# Tables: cells, keys and rows, written anew from what the vectors describe.
def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def cell(value):
    """The code and the body of a value."""
    if not isinstance(value, dict):
        return {None: 1, False: 2, True: 3}[value], b""
    (kind, content), = value.items()
    signed = lambda number, size: number.to_bytes(size, "big", signed=True)
    sized = lambda code, body: (32 + 4 * len(body) + code, body)
    if kind == "int":
        number = int(content)
        if -1 << 63 <= number < 1 << 63:
            size = 0 if number == 0 else ((number if number >= 0 else ~number).bit_length() + 8) // 8
            return 4 + size, signed(number, size)
        return (13, signed(number, 16)) if number < 1 << 127 else (14, number.to_bytes(16, "big"))
    if kind == "map":
        entries = sorted((name.encode(), value) for name, value in content.items())
        return sized(3, b"".join(varint(len(name)) + name + whole_cell(value) for name, value in entries))
    return {
        "float": lambda: (15, bytes.fromhex(content)),
        "decimal": lambda: (16, bytes([content[1]]) + signed(int(content[0]), 16)),
        "date": lambda: (17, signed(content, 4)),
        "time": lambda: (18, content.to_bytes(8, "big")),
        "timestamp": lambda: (19, signed(content[0], 8) + content[1].to_bytes(4, "big")),
        "months": lambda: (20, signed(content, 4)),
        "micros": lambda: (21, signed(content, 8)),
        "uuid": lambda: (22, bytes.fromhex(content)),
        "inet": lambda: (24 if ":" in content else 23, ipaddress.ip_address(content).packed),
        "point": lambda: (25, bytes.fromhex("".join(content))),
        "text": lambda: sized(0, content.encode()),
        "bytes": lambda: sized(1, bytes.fromhex(content)),
        "list": lambda: sized(2, b"".join(map(whole_cell, content))),
    }[kind]()


def whole_cell(value):
    code, body = cell(value)
    return varint(code) + body


def number_key(first, base, value, last):
    """The tag, the exponent and the digits of an exact number."""
    if value == 0:
        return bytes([first + 13, last])
    rest, exponent, digits = abs(value), 0, []
    while rest >= 1:
        rest, exponent = rest / base, exponent + 1
    while rest * base < 1:
        rest, exponent = rest * base, exponent - 1
    while rest:
        rest *= base
        digits.append(int(rest))
        rest -= digits[-1]
    kind = 0 if exponent <= 0 else exponent if exponent <= 10 else 11
    body = b"" if 1 <= exponent <= 10 else struct.pack(">H", exponent + 0x8000)
    body += bytes(2 * digit + (i + 1 < len(digits)) for i, digit in enumerate(digits))
    if value < 0:
        return bytes([first + 12 - kind, *(byte ^ 0xFF for byte in body), last])
    return bytes([first + 14 + kind, *body, last])


def part_key(value, descending, collation):
    data = ascending_key(value, collation)
    return bytes(byte ^ 0xFF for byte in data) if descending else data


def ascending_key(value, collation):
    if not isinstance(value, dict):
        return bytes([{None: 5, False: 0x10, True: 0x11}[value]])
    (kind, content), = value.items()
    flipped = lambda data: bytes([data[0] ^ 0x80]) + data[1:]
    ended = lambda data: data.replace(b"\0", b"\0\xff") + b"\0\0"
    if kind == "int":
        return number_key(0x20, 128, fractions.Fraction(int(content)), 1)
    if kind == "float":
        number, = struct.unpack(">d", bytes.fromhex(content))
        special = {"inf": 26, "-inf": 0, "nan": 27}.get(str(number))
        if special is not None:
            return bytes([0x20 + special, 2])
        return number_key(0x20, 128, fractions.Fraction(number), 2)
    if kind == "decimal":
        return number_key(0x50, 100, fractions.Fraction(int(content[0]), 10 ** content[1]), content[1])
    if kind == "text":
        data = content.encode()
        data = data.lower() if collation == "nocase" else data
        return b"\x80" + ended(data.rstrip(b" ") if collation == "rtrim" else data)
    body = cell(value)[1]
    tag = {"bytes": 0x90, "date": 0xA0, "time": 0xA1, "timestamp": 0xA2, "months": 0xA3, "micros": 0xA4,
           "uuid": 0xA8, "inet": 0xA9 if len(body) == 4 else 0xAA}[kind]
    if kind == "bytes":
        body = ended(body)
    return bytes([tag]) + (flipped(body) if kind in ("date", "timestamp", "months", "micros") else body)


def row(table, cells):
    """The key and the bytes of a row."""
    by_slot = {column["slot"]: (column, value) for column, value in zip(table["columns"], cells)}
    key, in_key = b"", set()
    for part in table["primary_key"]:
        column, value = by_slot[part["slot"]]
        collation = column.get("collation", "binary")
        key += part_key(value, part.get("descending", False), collation)
        in_key |= {part["slot"]} if collation == "binary" else set()
    codes, bodies = [], []
    for slot in range(max(by_slot) + 1):
        column, value = by_slot.get(slot, ({}, None))
        computed = "generated" in column and not column["generated"].get("stored")
        told = column and slot not in in_key and not computed
        if told and whole_cell(value) != bytes.fromhex(column.get("initial", "01")):
            code, body = cell(value)
        else:
            code, body = 0, b""
        codes.append(code)
        bodies.append(body)
    while codes and codes[-1] == 0:
        codes.pop()
    return key, varint(len(codes)) + b"".join(map(varint, codes)) + b"".join(bodies)


def check_tables(vectors):
    for vector in vectors["cells"]:
        assert whole_cell(vector["value"]).hex() == vector["bytes"], vector
    for vector in vectors["keys"]:
        key = part_key(vector["value"], vector["descending"], vector["collation"])
        assert key.hex() == vector["bytes"], (vector, key.hex())
    table = json.loads(vectors["table"])
    # Without white space, in the order of the fields, and with no more escapes than there must be.
    assert json.dumps(table, separators=(",", ":"), ensure_ascii=False) == vectors["table"]
    for vector in vectors["rows"]:
        key, data = row(table, vector["cells"])
        assert (key.hex(), data.hex()) == (vector["key"], vector["row"]), vector
    return len(vectors["cells"]) + len(vectors["keys"]) + 1 + len(vectors["rows"])


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
    checked += check_tables(read("tables.json"))
    print(f"{checked} vectors hold")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        root, key = map(bytes.fromhex, sys.argv[1:3])
        print(verify(root, [(key, key + b"\0")], pathlib.Path(sys.argv[3]).read_bytes()))
    else:
        check_vectors(pathlib.Path(__file__).parent / "vectors")
