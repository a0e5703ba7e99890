"""Cells of a catalogue as text that a prompt can show."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

import ftfy

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]"
)
_CLEAN = re.compile(
    r"[!-%'-;=?-~\u2014\u2018-\u201d\u2026\u3001-\u3011\u4e00-\u9fff\uff01-\uff5e]*"
)
_FIXER = ftfy.TextFixerConfig(
    fix_character_width=False,  # full-width punctuation is right in Chinese
    uncurl_quotes=False,
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
_ACCENTED = re.compile(r"[\u00a0-\u024f]")
LEVEL = re.compile(r"\s*(?:>|›|»)+\s*")
"""Between the levels of a category path; a slash may stand inside a level."""


def readable(value: Any) -> str:
    """A cell without markup, mojibake, invisible characters and runs of white space."""
    return _repaired(value) if isinstance(value, str) else ""


@lru_cache(maxsize=2**17)  # categories and values of properties come again and again
def _repaired(cell: str) -> str:
    if "  " not in cell and all(map(_CLEAN.fullmatch, cell.split(" "))):
        return cell.strip()
    text, before = cell, None
    while text != before:  # one defect may hide another: a tag with a character broken in it
        before = text
        text = html.unescape(_INVISIBLE.sub("", ftfy.fix_text(text, _FIXER)))
        text = re.sub(r"\s*\n\s*", "\n", _TAG.sub(" ", text))
        text = re.sub(r"[ \t\u00a0\u3000]+", " ", text).strip()
    return text


def is_written_in(text: str, language: str) -> bool:
    """Whether the letters are those of a language that says so by its script.

    Chinese holds Han characters, as many as a fifth of its Latin letters or more; English holds
    almost none, and few accented letters, which are mostly broken characters. Other languages pass.
    """
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if language == "zh":
        return han > 0 and 5 * han >= latin
    if language == "en":
        return latin > 0 and 20 * (han + len(_ACCENTED.findall(text))) <= latin
    return True


def levels(category: str) -> list[str]:
    """`Cookware > frying pan` as its levels, the widest first."""
    return [part for part in LEVEL.split(category.strip()) if part]


def property_lines(properties: dict[str, list[str]], language: str) -> str:
    """`Brand: Fjellby; Feature: textured grip, alignment lines`, with Chinese marks in Chinese."""
    colon, comma, end = ("：", "、", "；") if language == "zh" else (": ", ", ", "; ")
    return end.join(f"{key}{colon}{comma.join(values)}" for key, values in properties.items())


def units(text: str) -> set[str]:
    """What a text is compared by: words in lower case, and each Han character."""
    return set(
        re.findall(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3400-\u4dbf\u4e00-\u9fff_]+", text.lower())
    )
