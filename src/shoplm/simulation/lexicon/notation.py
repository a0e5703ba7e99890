"""How the word lists are written, and what they become.

A pair is `english | chinese`. A list of pairs is separated by `;` or by lines. A trait is a pair on
its own line (optionally after `key:`), followed by what people say of it: lines that start with
`+` (praise) or `-` (complaint). An English saying starts with its one finite verb, third person
singular, so that it can be made to agree with a plural subject.
"""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Term:
    """The same thing said in both languages."""

    en: str
    zh: str

    def __getitem__(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Saying:
    """Something people say of a thing: praise or complaint, a predicate without its subject."""

    good: bool
    text: Term


@dataclass(frozen=True, slots=True)
class Trait:
    """A material, style or feature, and what people say of it."""

    key: str
    name: Term
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """A measurable property: its name and the values that occur, with the unit in each language."""

    name: Term
    values: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product (the second level of the category)."""

    key: str
    department: str
    group: Term
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    measure: str
    plural: bool
    price: tuple[float, float]
    materials: tuple[str, ...]
    specs: tuple[Spec, ...]
    parts: tuple[Term, ...]
    uses: tuple[Term, ...]
    features: tuple[Trait, ...]
    sayings: tuple[Saying, ...]
    goes_with: tuple[str, ...]

    def names(self, language: str) -> tuple[str, ...]:
        """The common names, the usual one first."""
        return self.chinese if language == "zh" else self.english


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the shop, which is also a domain for recommendation."""

    key: str
    name: Term
    kinds: tuple[Kind, ...]
    zero_shot: bool = False


_UNITS_ZH = {
    "cm": "厘米", "mm": "毫米", "m": "米", "L": "升", "ml": "毫升", "g": "克", "kg": "公斤",
    "W": "瓦", "mAh": "毫安时", "hours": "小时", "days": "天", "persons": "人", "pieces": "件",
    "pages": "页", "sheets": "张", "colours": "色", "months": "个月", "°C": "℃", "lm": "流明",
    "gsm": "克每平方米",
}  # fmt: skip


def term(text: str) -> Term:
    """`"oak | 橡木"` as a `Term`.

    Raises:
        ValueError: not exactly one ` | `, or one side is empty.
    """
    sides = [side.strip() for side in text.split(" | ")]
    if len(sides) != 2 or not all(sides):
        raise ValueError(f"expected 'english | chinese', got {text!r}")
    return Term(*sides)


def terms(text: str) -> tuple[Term, ...]:
    """Pairs separated by `;` or by lines."""
    return tuple(
        term(part) for line in text.splitlines() for part in line.split(";") if part.strip()
    )


def sayings(text: str) -> tuple[Saying, ...]:
    """Lines that start with `+` or `-`."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(Saying(line[0] == "+", term(line[1:])) for line in lines if line)


def traits(text: str) -> tuple[Trait, ...]:
    """Traits, each with the sayings on the lines below it."""
    found: list[tuple[str, list[str]]] = []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith(("+", "-")):
            found[-1][1].append(line)
        elif line:
            found.append((line, []))
    made = []
    for head, below in found:
        key, colon, pair = head.partition(": ")
        name = term(pair if colon else head)
        made.append(Trait(key if colon else name.en, name, sayings("\n".join(below))))
    return tuple(made)


def spec(text: str) -> Spec:
    """`"diameter | 直径 = 20 24 28 cm"`, or values with spaces in them separated by commas."""
    pair, _, values = text.partition(" = ")
    if "," in values:
        return Spec(term(pair), tuple(_value(v.strip()) for v in values.split(",")))
    *numbers, unit = values.split()
    return Spec(term(pair), tuple(Term(f"{n} {unit}", f"{n}{_UNITS_ZH[unit]}") for n in numbers))


def _value(text: str) -> Term:
    return term(text) if " | " in text else Term(text, text)


def kind(
    key: str,
    english: str,
    chinese: str,
    measure: str,
    *,
    group: str,
    price: tuple[float, float],
    materials: str,
    specs: list[str],
    parts: str,
    uses: str,
    features: str,
    said: str,
    goes_with: str,
    plural: bool = False,
) -> Kind:
    """A `Kind` from its written form; `department(...)` sets its department."""
    return Kind(
        key=key,
        department="",
        group=term(group),
        english=tuple(english.split(" / ")),
        chinese=tuple(chinese.split(" / ")),
        measure=measure,
        plural=plural,
        price=price,
        materials=tuple(materials.split()),
        specs=tuple(map(spec, specs)),
        parts=terms(parts),
        uses=terms(uses),
        features=traits(features),
        sayings=sayings(said),
        goes_with=tuple(goes_with.split()),
    )
