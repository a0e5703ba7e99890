"""Chinese punctuation: just what the grammars need."""

from __future__ import annotations

import re

_REPEATED = re.compile(r"([，。；！？、])[，。；、]+")
_LEADING = re.compile(r"(^|\n)[，。；、]+")
_BEFORE_STOP = re.compile(r"，([。！？])")


def tidy(text: str) -> str:
    """No doubled or leading punctuation marks, no stray spaces at the ends."""
    return _LEADING.sub(r"\1", _REPEATED.sub(r"\1", _BEFORE_STOP.sub(r"\1", text))).strip()
