"""English morphology and punctuation: just what the grammars need."""

from __future__ import annotations

import re

_ADVERBS = frozenset({"never", "hardly", "still", "barely", "also", "really"})
_IRREGULAR = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go", "lies": "lie"}
_PLURAL_HEADS = frozenset({"feet", "trousers"})
_SINGULAR_S = frozenset({"GPS", "glass", "canvas", "lens"})
_IRREGULAR_PLURALS = {
    "foot": "feet", "wolf": "wolves", "leaf": "leaves", "knife": "knives", "shelf": "shelves",
    "fish": "fish", "deer": "deer", "sheep": "sheep", "salmon": "salmon", "mouse": "mice",
    "goose": "geese", "woman": "women", "man": "men", "child": "children", "trout": "trout",
    "bison": "bison", "person": "people", "squid": "squid", "ibex": "ibex", "ox": "oxen",
}  # fmt: skip

_SPACES = re.compile(r" {2,}")
_MARKS = re.compile(r"[ ,]+(?=[,.;:!?])")
_ARTICLE = re.compile(
    r"\b([Aa]) (?=(?:[aeioAEIO]|[uU](?!s[eu]|ni(?!n)|t[ei])|hour|honest|heir|eight)"
    r"(?!ne\b|nce\b|ne-|ur))"
)
_SENTENCE = re.compile(r"(?:^|(?<=[.!?] )|(?<=\n))[a-z]")
_SMALL_WORDS = frozenset(
    ("a", "an", "the", "and", "or", "for", "with", "of", "in", "on", "at", "by")
)
_UNITS = frozenset(("cm", "mm", "m", "g", "kg", "ml", "mAh", "lm", "lb", "gsm"))


def is_plural(noun: str) -> bool:
    """Whether a noun phrase such as "ribbed cuffs" or "deep pockets on the sheet" is plural."""
    head = re.split(r" (?:on|of|with|for|at) ", noun)[0].split()[-1]
    return head in _PLURAL_HEADS or (
        head.endswith("s") and not head.endswith("ss") and head not in _SINGULAR_S
    )


def base_form(verb: str) -> str:
    """The verb without its third-person ending; other words come back unchanged."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if verb.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return verb[:-2]
    if verb.endswith("s") and not verb.endswith("ss"):
        return verb[:-1]
    return verb


def agree(predicate: str, plural: bool) -> str:
    """A third-person-singular predicate, made plural if its subject is."""
    if not plural:
        return predicate
    words = predicate.split(" ")
    at = 1 if words[0] in _ADVERBS else 0
    words[at] = base_form(words[at])
    return " ".join(words)


def pluralise(noun: str) -> str:
    """The plural of a noun phrase's last word."""
    *rest, head = noun.split(" ")
    if head in _IRREGULAR_PLURALS:
        head = _IRREGULAR_PLURALS[head]
    elif head.endswith("elf"):
        head = head[:-1] + "ves"
    elif head.endswith(("s", "x", "ch", "sh", "z")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "s"
    return " ".join([*rest, head])


def title_case(text: str) -> str:
    """Each word that carries weight with a capital, the rest of it as it was."""
    words = text.split(" ")
    return " ".join(
        w if i and (w in _SMALL_WORDS or w in _UNITS) else w[:1].upper() + w[1:]
        for i, w in enumerate(words)
    )


def tidy(text: str) -> str:
    """Single spaces, `a` or `an`, and a capital at the start of every sentence."""
    text = _MARKS.sub("", _SPACES.sub(" ", text)).strip()
    text = _ARTICLE.sub(r"\1n ", text)
    return _SENTENCE.sub(lambda m: m.group().upper(), text)
