"""Key-value properties in the shapes found in the wild, rendered as readable lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from shoplm.corpus.literals import read_literal
from shoplm.corpus.sources import PropertyShape

Pairs = list[tuple[str, str]]

KEY_NAMES = ("key", "name", "attribute", "attribute_name", "property", "label", "k")
VALUE_NAMES = ("value", "values", "attribute_value", "v")
REDUNDANT = ("normalized_value", "standardized_values")
"""Companions of a `value` that only say it again."""

_KEYED = re.compile(r"([^:：{}\n]{1,80}?)\s*[:：](?!//)\s*(\S.*)", re.DOTALL)
_KEYED_LITERAL = re.compile(r"([^:{}\[\]]{1,80}):\s+(\{.*\})\s*", re.DOTALL)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_BARE_NUMBER = re.compile(r"-?\d+\.")


def render_properties(value: Any, shape: PropertyShape = "auto", join: str = ", ") -> str:
    """Properties as lines `Material: Cotton`; several values of one key stand on one line.

    Never raises: what cannot be understood comes back as text with its white space folded.
    """
    try:
        pairs = parse_properties(value, shape)
    except (ValueError, RecursionError):
        return _clean(value) if isinstance(value, str) else _clean(str(value))
    lines: dict[str, dict[str, None]] = {}
    for key, text in pairs:
        lines.setdefault(_title(key), {})[text] = None
    return "\n".join(
        f"{key}: {join.join(texts)}" if key else "\n".join(texts) for key, texts in lines.items()
    )


def parse_properties(value: Any, shape: PropertyShape = "auto") -> Pairs:
    """(key, value) pairs in order, white space folded; the key of a lone value is empty.

    `value` is text in one of the shapes, or data already nested (a dict, a list of entries).

    Raises:
        ValueError: the text does not have the stated shape.
    """
    if value is None:
        return []
    if not isinstance(value, str):
        return _pairs(value)
    text = value.strip()
    if not text:
        return []
    return (_SHAPES[shape] if shape != "auto" else _guess(text))(text)


def _guess(text: str) -> Callable[[str], Pairs]:
    if "#:#" in text:
        return _hash_semicolon
    if text[0] in "{[(" or _KEYED_LITERAL.fullmatch(text):
        return _literal_or_text
    if "#" in text and all(part.count("#") == 1 for part in text.split("*") if part):
        return _hash_star
    return _lines


def _hash_semicolon(text: str) -> Pairs:
    return _split_pairs(text, "#;#", "#:#")


def _hash_star(text: str) -> Pairs:
    return _split_pairs(text, "*", "#")


def _split_pairs(text: str, between: str, inside: str) -> Pairs:
    pairs: list[list[str]] = []
    for part in text.split(between):
        key, found, value = part.partition(inside)
        if found:
            pairs.append([key, value])
        elif pairs:  # the value itself held a separator
            pairs[-1][1] += between + part
        elif part.strip():
            raise ValueError(f"expected key{inside}value{between}..., found {part[:40]!r}")
    return _cleaned((key, value.removesuffix(between)) for key, value in pairs)


def _literal(text: str) -> Pairs:
    if keyed := _KEYED_LITERAL.fullmatch(text):
        return _named(keyed.group(1), read_literal(keyed.group(2)))
    return _pairs(read_literal(text))


def _literal_or_text(text: str) -> Pairs:
    try:
        return _literal(text)
    except ValueError:
        return _lines(text)


def _lines(text: str) -> Pairs:
    for separator in ("\n", ";", "；", "|"):
        if separator in text:
            break
    else:
        commas = re.split(r",\s+|，", text)
        separator = ", " if all(map(_KEYED.fullmatch, commas)) else "\n"
    parts = text.split(separator)
    keyed = [_KEYED.fullmatch(part.strip()) for part in parts]
    if separator != "\n" and 2 * sum(map(bool, keyed)) < len(parts):
        return _cleaned([("", text)])
    pairs: list[list[str]] = []
    for part, match in zip(parts, keyed, strict=True):
        if match:
            pairs.append([match.group(1), match.group(2)])
        elif separator == "\n" or not pairs:
            pairs.append(["", part])
        else:
            pairs[-1][1] += separator + part
    return _cleaned(map(tuple, pairs))


_SHAPES: dict[str, Callable[[str], Pairs]] = {
    "hash_semicolon": _hash_semicolon,
    "hash_star": _hash_star,
    "literal": _literal,
    "lines": _lines,
}


def _pairs(value: Any) -> Pairs:
    """Pairs of nested data: a dict, a list of entries, a list of pairs, a list of texts."""
    if isinstance(value, dict):
        entry = _entry(value)
        if entry:
            return _named(*entry)
        if len(value) == 1:  # {"product_specification": [{"key": ..., "value": ...}, ...]}
            (inner,) = value.values()
            listed = inner if isinstance(inner, list) else [inner]
            if any(isinstance(item, dict) and _entry(item) for item in listed):
                return _pairs(listed)
            if inner is None:
                return []
        return [pair for key, inner in value.items() for pair in _named(key, inner)]
    if isinstance(value, list | tuple):
        if value and all(_is_pair(item) for item in value):
            return [pair for key, inner in value for pair in _named(key, inner)]
        return [pair for item in value for pair in _element(item)]
    return _cleaned([("", text) for text in _phrases(value)])


def _element(item: Any) -> Pairs:
    if isinstance(item, dict):
        if set(item) <= set(VALUE_NAMES):
            return _named("", list(item.values()))
        return _pairs(item)
    if isinstance(item, str):
        if _KEYED_LITERAL.fullmatch(item):
            return _literal_or_text(item)
        if match := _KEYED.fullmatch(item.strip()):
            return _cleaned([match.groups()])
    return _named("", item)


def _entry(item: dict) -> tuple[str, Any] | None:
    """Key and value of `{"key": ..., "value": ...}` under any of their usual names."""
    if len(item) != 2:
        return None
    key = next((name for name in KEY_NAMES if name in item), None)
    value = next((name for name in VALUE_NAMES if name in item), None)
    if key is None or value is None or isinstance(item[key], dict | list):
        return None
    return ("" if item[key] is None else str(item[key])), item[value]


def _is_pair(item: Any) -> bool:
    return isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str)


def _named(key: str, value: Any) -> Pairs:
    return _cleaned((key, text) for text in _phrases(value))


def _phrases(value: Any) -> list[str]:
    """A value as one phrase, or as several for a list."""
    if value is None or value != value:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, float):
        return [str(int(value)) if value.is_integer() else str(value)]
    if isinstance(value, list | tuple):
        return [phrase for item in value for phrase in _phrases(item)]
    if isinstance(value, dict):
        return [phrase] if (phrase := _measure(value) or _inline(value)) else []
    text = str(value)
    if _IDENTIFIER.fullmatch(text):
        return [text.replace("_", " ")]
    return [text.rstrip(".") if _BARE_NUMBER.fullmatch(text) else text]


def _measure(value: dict) -> str:
    """`{value: 3, unit: inches, type: outer}` as `3 inches (outer)`; empty where it is no such."""
    amount = next((name for name in ("value", "quantity") if name in value), None)
    if amount is None:
        return ""
    rest = {key: inner for key, inner in value.items() if key not in (amount, *REDUNDANT)}
    units = ("unit", "currency") if amount == "value" else ("unit", "type")
    parts = [", ".join(_phrases(value[amount]))]
    parts += [" ".join(_phrases(rest.pop(unit))) for unit in units if unit in rest]
    text = " ".join(filter(None, parts))
    phrases = [phrase for inner in rest.values() for phrase in _phrases(inner)]
    notes = ", ".join(phrase for phrase in phrases if phrase != "unknown")
    return f"{text} ({notes})" if notes and text else text or notes


def _inline(value: dict) -> str:
    parts = []
    for key, inner in value.items():
        phrase = ", ".join(dict.fromkeys(_phrases(inner)))
        if phrase:
            parts.append(f"{_clean(str(key)).replace('_', ' ')} {phrase}")
    return ", ".join(parts)


def _cleaned(pairs: Any) -> Pairs:
    tidy = ((_clean(str(key)).rstrip(":： "), _clean(value)) for key, value in pairs)
    return [(key, value) for key, value in tidy if value]


def _clean(text: str) -> str:
    return " ".join(text.split())


def _title(key: str) -> str:
    """`item_weight` as `Item weight`; a key of several words stays."""
    if " " not in key:
        key = key.replace("_", " ").strip() or key
        if key.isascii() and key.islower() and key[0].isalpha():
            key = key[0].upper() + key[1:]
    return key
