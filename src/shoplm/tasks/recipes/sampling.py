"""Choices at random that depend on a seed and on what is chosen, never on the order of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def digest(*parts: object) -> str:
    """md5 of the parts, joined by colons: 32 hex digits."""
    return hashlib.md5(":".join(map(str, parts)).encode()).hexdigest()


def chance(seed: int, purpose: str, *parts: object) -> float:
    """A number in [0, 1) that the parts decide."""
    return int(digest(seed, purpose, *parts)[:13], 16) / 16**13


def shuffled(items: Iterable[T], seed: int, purpose: str) -> list[T]:
    """The items in an order that their own text and the seed decide; equal ones side by side."""
    return sorted(items, key=lambda item: (digest(seed, purpose, item), str(item)))


def example_id(task: str, *parts: object) -> str:
    """Names an example by its task and by what it is made from."""
    return f"{task}-{digest(task, *parts)[:12]}"
