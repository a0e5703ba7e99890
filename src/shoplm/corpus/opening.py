"""Open a text file, packed or not, and refuse what is plainly something else."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

from shoplm.corpus.rows import BYTE_ORDER_MARK

SNIFFED_BYTES = 4096
BUFFER_BYTES = 1 << 20

_GZIP = b"\x1f\x8b"
_SIGNATURES = {
    _GZIP: "gzip", b"PK\x03\x04": "a ZIP archive (an Excel workbook is one)",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document", b"PAR1": "parquet", b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstandard", b"\xfd7zXZ": "xz", b"%PDF": "PDF", b"SQLite format": "SQLite",
    b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text",
}  # fmt: skip


def open_text(file: Path, kind: str) -> io.BufferedReader:
    """The bytes of `file`, unpacked where its name ends in `.gz`, positioned at the start.

    Raises:
        ValueError: it is empty, or its beginning does not look like `kind`.
    """
    raw = file.open("rb")
    try:
        return _checked(file, raw, kind)
    except BaseException:
        raw.close()
        raise


def _checked(file: Path, raw: io.BufferedReader, kind: str) -> io.BufferedReader:
    start = raw.peek(SNIFFED_BYTES)
    packed = file.suffix == ".gz"
    if packed and start and not start.startswith(_GZIP):
        raise ValueError(f"{file}: is not gzip, which its suffix says")
    stream = io.BufferedReader(gzip.GzipFile(fileobj=raw) if packed else raw, BUFFER_BYTES)
    start = stream.peek(SNIFFED_BYTES)[:SNIFFED_BYTES]
    found = _name(start, kind) if start else "empty"
    if found:
        raise ValueError(f"{file}: is {found}; expected {kind}")
    return stream


def _name(start: bytes, kind: str) -> str | None:
    """What a file that starts so is, unless it may be `kind`."""
    for signature, name in _SIGNATURES.items():
        if start.startswith(signature):
            return name
    if b"\0" in start:
        return "binary"
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    if text[:9].lower() == b"<!doctype" or text[:5].lower() in (b"<html", b"<?xml"):
        return "an HTML or XML page"
    if kind in ("csv", "tsv") and text[:1] in (b"{", b"["):
        return "JSON by the look of it"
    if kind == "jsonl" and text[:1] == b"[":
        return "a JSON array (state format: json)"
    return None
