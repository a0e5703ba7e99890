"""Which values of which attributes a text names, by all values that the catalogue knows."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from shoplm.tasks.recipes.attributes import by_attribute
from shoplm.tasks.recipes.rows import Row, properties_of, shown

SHORTEST, LONGEST = 2, 40
"""Characters of a value that is looked for: a shorter one stands in other words by chance, but for
a capital letter, which is a size."""
_SIZE = re.compile(r"[A-Z]")
_NO_SIZE = re.compile(r"['\u2019&.+-]|\d ")
"""What stands before a letter that is no size: of a T-shirt, of 1.7 L."""


@dataclass(frozen=True)
class Mention:
    """A value in a text; what it may be a value of depends on the product."""

    start: int
    end: int
    text: str
    """As it is written there."""
    attributes: frozenset[str]


@dataclass(frozen=True)
class Named:
    """What a text names of a product's own properties."""

    own: dict[str, list[Mention]]
    """Attribute: the mentions of the product's values, in order, each wording once."""
    foreign: frozenset[str]
    """Attributes of which the text names a value that the product's properties do not have."""

    def certain(self) -> dict[str, list[Mention]]:
        """`own` without words that are a value of two of the product's attributes (12 months may
        be its guarantee or what it lasts), and without attributes in `foreign`."""
        count = Counter(
            word
            for found in self.own.values()
            for word in {mention.text.lower() for mention in found}
        )
        return {
            name: found
            for name, found in self.own.items()
            if name not in self.foreign and all(count[m.text.lower()] == 1 for m in found)
        }


class Vocabulary:
    """The values of each attribute in one language, looked up in texts."""

    def __init__(self, properties: Iterable[dict[str, list[str]]]) -> None:
        attributes: dict[str, set[str]] = defaultdict(set)
        for product in properties:
            for attribute, values in product.items():
                for value in values:
                    if SHORTEST <= len(value) <= LONGEST or _SIZE.fullmatch(value):
                        attributes[value.lower()].add(attribute)
        self._attributes = {value: frozenset(of) for value, of in attributes.items()}
        self._values = sorted(self._attributes)
        self._automaton = AhoCorasick(self._values)

    def mentions(self, text: str) -> list[Mention]:
        """Values that the text names, in order; none that is part of a longer one."""
        lower = text.lower()
        if len(lower) != len(text):
            return []
        found = [
            (start, end, self._values[index])
            for index, start, end in self._automaton.find_matches_as_indexes(
                lower, overlapping=True
            )
            if _stands_alone(lower, start, end) and (end - start > 1 or _is_size(text, start))
        ]
        found.sort(key=lambda match: (match[0], -match[1]))
        kept: list[Mention] = []
        for start, end, value in found:
            if not kept or end > kept[-1].end:
                kept.append(Mention(start, end, text[start:end], self._attributes[value]))
        return kept

    def named(self, text: str, properties: dict[str, list[str]]) -> Named:
        """What the text names of a product with these properties (attribute: values)."""
        values = {name: {v.lower() for v in known} for name, known in properties.items()}
        own: dict[str, list[Mention]] = defaultdict(list)
        foreign: set[str] = set()
        for mention in self.mentions(text):
            word = mention.text.lower()
            mine = [name for name in sorted(mention.attributes) if word in values.get(name, ())]
            for name in mine:
                if all(word != other.text.lower() for other in own[name]):
                    own[name].append(mention)
            if not mine:
                foreign |= mention.attributes
        return Named({name: found for name, found in own.items() if found}, frozenset(foreign))


def product_attributes(row: Row) -> dict[str, list[str]]:
    """Attribute: values of a product; the last level of its category is a type of it too."""
    found = by_attribute(properties_of(row), row["language"])
    if (leaf := shown(row, "leaf")) and leaf not in found.get("type", ()):
        found["type"] = [*found.get("type", ()), leaf]
    return found


def vocabularies(products: Iterable[Row]) -> dict[str, Vocabulary]:
    """By language, of the attributes of product rows."""
    known: dict[str, list[dict[str, list[str]]]] = defaultdict(list)
    for row in products:
        known[row["language"]].append(product_attributes(row))
    return {language: Vocabulary(found) for language, found in known.items()}


def contains(text: str, value: str) -> bool:
    """Whether a text names a value, as words of their own where words have spaces between."""
    text, value = text.lower(), value.lower()
    at = text.find(value)
    while at >= 0:
        if _stands_alone(text, at, at + len(value)):
            return True
        at = text.find(value, at + 1)
    return False


def _is_size(text: str, at: int) -> bool:
    """Whether the letter is a capital one, and no part of a compound or a unit."""
    before, after = text[max(0, at - 2) : at], text[at + 1 : at + 2]
    return bool(_SIZE.match(text, at)) and not (
        _NO_SIZE.search(before[-1:]) or _NO_SIZE.fullmatch(before) or after in tuple("'\u2019-&+")
    )


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no Latin word or number goes on over an edge of the span."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
