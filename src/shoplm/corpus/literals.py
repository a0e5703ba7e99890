"""A tolerant reader of nested data written as text: JSON, Python, Ruby and what looks like them."""

from __future__ import annotations

import re
from typing import Any

import orjson

MAX_DEPTH = 40

_SPACE = re.compile(r"\s*")
_STRING = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
}
_LOOSE_STRING = {  # a quote ends the string only where a delimiter follows and no bar stands before
    '"': re.compile(r'"(.*?)(?<!\|)"(?=\s*(?:[,:;}\])]|=>|$))', re.DOTALL),
    "'": re.compile(r"'(.*?)'(?=\s*(?:[,:;}\])]|=>|$))", re.DOTALL),
}
_RUBY_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|=>|\bnil\b', re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))",
    re.DOTALL,
)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0",
            "e": "\x1b"}  # fmt: skip
_BARE_KEY = re.compile(r":?([^:=,{}\[\]\"']+?)\s*(?==>|:)")
_BARE_VALUE = re.compile(r"[^,{}\[\]()\"'][^,{}\[\]()\"]*")
_ARROW = re.compile(r"=>|:")
_WORDS = {"nil": None, "null": None, "None": None, "true": True, "True": True, "false": False,
          "False": False}  # fmt: skip
_CLOSE = {"[": "]", "(": ")"}


def read_literal(text: str) -> Any:
    """The dict, list, string or scalar that `text` spells; numbers stay as they are written.

    Understands `{"a": 1}`, `{'a': None}`, `{"a"=>nil, :b=>[1]}`, `{ unit:inches, value:3. }` and
    several such values separated by `;` (a list then).

    Raises:
        ValueError: it spells nothing of the kind, or is nested deeper than 40 levels.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if "=>" in text:  # a Ruby hash is mostly JSON with another colon
        try:
            return orjson.loads(_RUBY_TOKEN.sub(_ruby_to_json, text))
        except orjson.JSONDecodeError:
            pass
    try:
        return _values(text, _STRING)
    except ValueError:  # quotes inside strings were not escaped
        return _values(text, _LOOSE_STRING)


def _ruby_to_json(token: re.Match) -> str:
    return {"=>": ":", "nil": "null"}.get(token.group(), token.group())


def _values(text: str, strings: dict[str, re.Pattern]) -> Any:
    values = []
    end = 0
    while True:
        value, end = _value(text, _space(text, end), MAX_DEPTH, strings)
        values.append(value)
        end = _space(text, end)
        if end == len(text):
            return values[0] if len(values) == 1 else values
        if text[end] != ";":
            raise ValueError(f"unexpected {text[end]!r} at {end}")
        end += 1


def _space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()


def _value(text: str, at: int, depth: int, strings: dict) -> tuple[Any, int]:
    if depth == 0:
        raise ValueError("nested too deeply")
    sign = text[at : at + 1]
    if sign == "{":
        return _mapping(text, at + 1, depth, strings)
    if sign in _CLOSE:
        return _sequence(text, at + 1, _CLOSE[sign], depth, strings)
    if sign in strings:
        return _string(text, at, strings)
    if match := _BARE_VALUE.match(text, at):
        word = match.group().split(";{", 1)[0].rstrip()
        return _WORDS.get(word, word), at + len(word)
    raise ValueError(f"expected a value at {at}")


def _mapping(text: str, at: int, depth: int, strings: dict) -> tuple[dict, int]:
    items: dict[str, Any] = {}
    at = _space(text, at)
    while text[at : at + 1] != "}":
        if text[at : at + 1] in strings:
            key, at = _string(text, at, strings)
        elif match := _BARE_KEY.match(text, at):
            key, at = match.group(1).strip(), match.end()
        else:
            raise ValueError(f"expected a key at {at}")
        arrow = _ARROW.match(text, _space(text, at))
        if not arrow:
            raise ValueError(f"expected a value for {key!r} at {at}")
        value, at = _value(text, _space(text, arrow.end()), depth - 1, strings)
        if key in items:  # a repeated key keeps all its values
            earlier = items[key]
            value = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        items[key] = value
        at = _next(text, at, "}")
    return items, at + 1


def _sequence(text: str, at: int, close: str, depth: int, strings: dict) -> tuple[list, int]:
    items = []
    at = _space(text, at)
    while text[at : at + 1] != close:
        value, at = _value(text, at, depth - 1, strings)
        items.append(value)
        at = _next(text, at, close)
    return items, at + 1


def _next(text: str, at: int, close: str) -> int:
    at = _space(text, at)
    if text[at : at + 1] == ",":
        return _space(text, at + 1)
    if text[at : at + 1] != close:
        raise ValueError(f"expected ',' or {close!r} at {at}")
    return at


def _string(text: str, at: int, strings: dict) -> tuple[str, int]:
    match = strings[text[at]].match(text, at)
    if not match:
        raise ValueError(f"a string that starts at {at} does not end")
    body = match.group(1)
    if strings is _LOOSE_STRING:
        body = body.replace('|"', '"')
    return (_ESCAPE.sub(_unescape, body) if "\\" in body else body), match.end()


def _unescape(match: re.Match) -> str:
    for code in match.groups()[:4]:
        if code is not None:
            number = int(code, 16)
            # half a surrogate pair cannot be encoded; JSON proper is read elsewhere
            return "\ufffd" if 0xD800 <= number < 0xE000 or number > 0x10FFFF else chr(number)
    return _CONTROL.get(match.group(5), match.group(5))
