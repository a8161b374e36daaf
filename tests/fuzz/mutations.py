"""Ways to damage a layout file, from blunt to knowing."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

OASIS_HEAD_BYTES = 20
Mutation = Callable[[bytearray, random.Random], bytes]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes, damaged in one to three ways."""
    is_oasis = data.startswith(b"%SEMI")
    ways = BLUNT + (OASIS if is_oasis else GDSII)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = chance.choice(ways)(bytearray(data), chance)
        if not data:
            break
    return bytes(data)


def flip_bits(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def set_bytes(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 4))):
        data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(data)


def truncate(data: bytearray, chance: random.Random) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def cut_out(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 4, 16, 256, 4096))]
    return bytes(data)


def repeat(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    part = data[start : start + chance.choice((1, 2, 4, 16, 256, 4096))]
    at = chance.randrange(len(data))
    data[at:at] = part
    return bytes(data)


def insert(data: bytearray, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 2, 4, 64))))
    return bytes(data)


def blank(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((4, 64, 1024)))
    data[start:end] = bytes([chance.choice((0, 0xFF))]) * (end - start)
    return bytes(data)


def _records(data: bytes) -> list[tuple[int, int]]:
    """Start and length of each GDSII record, as far as the lengths make sense."""
    found: list[tuple[int, int]] = []
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 4 or at + length > len(data):
            break
        found.append((at, length))
        at += length
    return found


def swap_records(data: bytearray, chance: random.Random) -> bytes:
    records = _records(data)
    if len(records) < 2:
        return bytes(data)
    (a, n), (b, m) = sorted(chance.sample(records, 2))
    return bytes(data[:a] + data[b : b + m] + data[a + n : b] + data[a : a + n] + data[b + m :])


def drop_record(data: bytearray, chance: random.Random) -> bytes:
    at, n = chance.choice(_records(data) or [(0, 4)])
    del data[at : at + n]
    return bytes(data)


def double_record(data: bytearray, chance: random.Random) -> bytes:
    at, n = chance.choice(_records(data) or [(0, 4)])
    data[at:at] = data[at : at + n]
    return bytes(data)


def forge_length(data: bytearray, chance: random.Random) -> bytes:
    at, n = chance.choice(_records(data) or [(0, 4)])
    length = chance.choice(
        (0, 2, 3, 4, n - 2, n - 1, n + 1, n + 2, n + 8, 0x7FFE, 0x8000, 0xFFFE, 0xFFFF, chance.randrange(65536))
    )
    data[at : at + 2] = min(max(0, length), 0xFFFF).to_bytes(2, "big")
    return bytes(data)


def forge_type(data: bytearray, chance: random.Random) -> bytes:
    at, _ = chance.choice(_records(data) or [(0, 4)])
    data[at + 2 + chance.randrange(2)] = chance.choice((chance.randrange(0x70), chance.randrange(8), 0xFF))
    return bytes(data)


def shorten_record(data: bytearray, chance: random.Random) -> bytes:
    """Make a record shorter and its length right."""
    records = [r for r in _records(data) if r[1] > 4]
    if not records:
        return bytes(data)
    at, n = chance.choice(records)
    keep = chance.randrange(4, n)
    data[at : at + 2] = keep.to_bytes(2, "big")
    del data[at + keep : at + n]
    return bytes(data)


def forge_content(data: bytearray, chance: random.Random) -> bytes:
    """Change what a record of a chosen type holds: counts, units, coordinates, widths, names."""
    wanted = chance.choice((0x03, 0x06, 0x0F, 0x10, 0x12, 0x13, 0x19, 0x1A, 0x1B, 0x1C, 0x21, 0x2C))
    records = [r for r in _records(data) if data[r[0] + 2] == wanted and r[1] > 4]
    if not records:
        return bytes(data)
    at, n = chance.choice(records)
    for _ in range(chance.choice((1, 2, n))):
        data[at + 4 + chance.randrange(n - 4)] = chance.choice((0, 1, 0x40, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(data)


def close_loop(data: bytearray, chance: random.Random) -> bytes:
    """Make a reference point to any cell, its own parents included."""
    records = _records(data)
    names = [r for r in records if data[r[0] + 2] == 0x06]
    uses = [r for r in records if data[r[0] + 2] == 0x12]
    if not names or not uses:
        return bytes(data)
    (a, n), (b, m) = chance.choice(names), chance.choice(uses)
    name = data[a + 4 : a + n]
    data[b : b + m] = (len(name) + 4).to_bytes(2, "big") + b"\x12\x06" + name
    return bytes(data)


def forge_integer(data: bytearray, chance: random.Random) -> bytes:
    """Put an integer of OASIS where any byte was: large counts, numbers out of range, integers without end."""
    at = chance.randrange(min(OASIS_HEAD_BYTES, len(data) - 1), len(data))
    value = chance.choice((0, 1, 127, 2**14, 2**20, 2**31, 2**32, 2**62, 2**63, 2**64 - 1, 2**70))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    data[at : at + chance.choice((0, 1))] = encoded
    return bytes(data)


def forge_info(data: bytearray, chance: random.Random) -> bytes:
    """Turn a byte into the head of an OASIS record with any flags, so that modal variables lack what they need."""
    at = chance.randrange(min(OASIS_HEAD_BYTES, len(data) - 1), len(data))
    head = bytes([chance.randrange(36), chance.randrange(256)])
    data[at : at + chance.choice((0, 2))] = head
    return bytes(data)


def repack(data: bytearray, chance: random.Random) -> bytes:
    """Damage the inside of a compressed block and pack it again, or forge its sizes."""
    for start in range(OASIS_HEAD_BYTES, len(data) - 8):
        if data[start] != 34 or data[start + 1] != 0 or chance.random() < 0.5:
            continue
        size, at = _integer(data, start + 2)
        packed, at = _integer(data, at)
        try:
            inside = zlib.decompress(bytes(data[at : at + packed]), wbits=-15)
        except zlib.error:
            continue
        if not inside or len(inside) != size:
            continue
        changed = bytes(chance.choice([*BLUNT, forge_integer, forge_info])(bytearray(inside), chance))
        deflate = zlib.compressobj(9, wbits=-15)
        again = deflate.compress(changed) + deflate.flush()
        stated = chance.choice((len(changed), len(changed), len(changed), len(changed) + 1, 2 * len(changed), 1 << 40))
        block = bytes([34, 0]) + _encoded(stated) + _encoded(len(again)) + again
        return bytes(data[:start] + block + data[at + packed :])
    return bytes(data)


def _integer(data: bytes | bytearray, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            break
    return value, at


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


BLUNT: list[Mutation] = [flip_bits, set_bytes, truncate, cut_out, repeat, insert, blank]
GDSII: list[Mutation] = [
    swap_records,
    drop_record,
    double_record,
    forge_length,
    forge_type,
    shorten_record,
    forge_content,
    forge_content,
    close_loop,
]
OASIS: list[Mutation] = [forge_integer, forge_integer, forge_info, forge_info, repack, repack]
