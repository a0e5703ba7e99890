"""What an example is about, as keys: text that two examples about the same thing have in common.

A key is an id as tables have it (of a product, a query, a review, a user), or text where there is
no id. Kinds are not told apart: a product and a query of the same id are held to be one thing, and
so stay on one side of a split for nothing, which does no harm.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any


def join_keys(keys: Iterable[Any]) -> str:
    """The keys as `group` holds them: one a line, sorted, each once; nothing is no key."""
    lines = {" ".join(str(key).split()) for key in keys if key is not None and key == key}
    return "\n".join(sorted(lines - {""}))


def split_keys(group: str) -> tuple[str, ...]:
    """The keys of a `group`."""
    return tuple(filter(None, map(str.strip, group.split("\n"))))


def fold(text: Any) -> str:
    """Letters and digits without case and width: how texts are compared; of a text that has
    neither, all that is not white space."""
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return "".join(filter(str.isalnum, plain)) or "".join(plain.split())
