"""Which file is it: reading the bytes, telling formats apart by content, unpacking gzip within a limit.

The fact a newcomer would get wrong: names lie. Files named `.oas` are often GDSII and the other way round, and both
come gzipped without saying so, so nothing here looks at the suffix.
"""

from __future__ import annotations

import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from waveguard.errors import LayoutFileError

Format = Literal["GDSII", "OASIS"]

OASIS_MAGIC = b"%SEMI-OASIS\r\n"
GZIP_MAGIC = b"\x1f\x8b"
GDSII_HEADER = b"\x00\x06\x00\x02"

MAX_UNPACKED_BYTES = 8 << 30
"""A gzipped layout may not become larger than this (8 GiB)."""
MAX_UNPACKED_RATIO = 1000
"""nor larger than this many times its packed size (deflate itself ends at 1032), unless it stays below the next
limit.
"""
ALWAYS_UNPACKED_BYTES = 64 << 20
"""Up to this size (64 MiB) the ratio does not matter."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a layout file and what they are."""

    path: Path
    """The file as given."""
    stored: bytes
    """Its bytes as they are on disk."""
    data: bytes
    """The same, unpacked."""
    format: Format
    compressed: bool


def load(path: Path) -> Source:
    """Read a layout file whole and find out its format.

    Raises
    ------
    LayoutFileError
        When there is no such file, it cannot be read, or it is no layout.
    """
    stored = _read_bytes(path)
    if not stored:
        raise LayoutFileError(
            "the file is empty (0 bytes)", path=path, hint="write the layout again, or check that the copy was complete"
        )
    compressed = stored.startswith(GZIP_MAGIC)
    data = _unpack(path, stored) if compressed else stored
    if data.startswith(OASIS_MAGIC):
        return Source(path, stored, data, "OASIS", compressed)
    if data.startswith(GDSII_HEADER):
        return Source(path, stored, data, "GDSII", compressed)
    raise LayoutFileError(
        f"neither GDSII nor OASIS: it begins with {_shown(data[:8])}",
        path=path,
        place="byte 0 (unpacked)" if compressed else "byte 0",
        hint="GDSII begins with 00 06 00 02, OASIS with the text %SEMI-OASIS; export the layout as one of them",
    )


@contextmanager
def plain_file(source: Source, instead: bytes | None = None) -> Iterator[Path]:
    """Yield a path at which the unpacked bytes lie, or others instead of them, for readers that want a file."""
    if instead is None and not source.compressed:
        yield source.path
        return
    handle, name = tempfile.mkstemp(prefix="waveguard-", suffix=".gds" if source.format == "GDSII" else ".oas")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(source.data if instead is None else instead)
        yield Path(name)
    except OSError as error:
        raise LayoutFileError(
            f"cannot write into the folder for temporary files: {error.strerror}",
            path=source.path,
            hint="free some space, or set TMPDIR to a folder with space",
        ) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _read_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise LayoutFileError(
                "is a folder, not a layout file", path=path, hint="name one GDSII or OASIS file in it"
            )
        if not stat.S_ISREG(status.st_mode):
            raise LayoutFileError("is not a regular file", path=path, hint="write the stream to a file first")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LayoutFileError(
            "there is no such file", path=path, hint="check the spelling and the current folder"
        ) from error
    except PermissionError as error:
        raise LayoutFileError(
            "no permission to read it", path=path, hint="check the rights of the file and its folder"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LayoutFileError(f"cannot be read: {reason}", path=path, hint="check the path and the disk") from error
    except MemoryError as error:
        raise LayoutFileError("does not fit into memory", path=path, hint="use a machine with more memory") from error


def _unpack(path: Path, stored: bytes) -> bytes:
    limit = min(MAX_UNPACKED_BYTES, max(ALWAYS_UNPACKED_BYTES, MAX_UNPACKED_RATIO * len(stored)))
    parts: list[bytes] = []
    total = 0
    rest = stored
    try:
        while rest.startswith(GZIP_MAGIC):
            member = zlib.decompressobj(wbits=31)
            chunk = member.decompress(rest, _CHUNK_BYTES)
            while chunk:
                parts.append(chunk)
                total += len(chunk)
                if total > limit:
                    raise LayoutFileError(
                        f"unpacks to more than {limit >> 20} MiB, which could fill the memory",
                        path=path,
                        hint="unpack it with gunzip if it is really a layout, and check the unpacked file",
                    )
                chunk = member.decompress(member.unconsumed_tail, _CHUNK_BYTES)
            if not member.eof:
                raise LayoutFileError(
                    "the gzip stream ends too early: the file is truncated",
                    path=path,
                    place=f"after {total} unpacked bytes",
                    hint="copy or compress the file again",
                )
            rest = member.unused_data
    except zlib.error as error:
        raise LayoutFileError(
            f"the gzip stream is damaged: {error}",
            path=path,
            place=f"after {total} unpacked bytes",
            hint="copy or compress the file again",
        ) from error
    return b"".join(parts)


def _shown(head: bytes) -> str:
    return " ".join(f"{byte:02x}" for byte in head) if head else "nothing"
