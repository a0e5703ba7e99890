"""Listings in the other language: the same product, with what its own listing says of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.catalogue import Product
from shoplm.simulation.grammar import Grammar
from shoplm.simulation.grammars.translated_listings import CARE, RULES
from shoplm.simulation.lexicon.notation import Term, Trait
from shoplm.simulation.voice import context_of

_GRAMMARS = {language: Grammar({}) for language in RULES}
COLUMNS = ["product_id", "language", "title", "description"]


def write_translations(
    products: Sequence[Product], listings: pd.DataFrame, share: float, seed: int
) -> pd.DataFrame:
    """The translation table: product_id, language (the other one), title, description.

    A translation keeps the product's name and states the facts that the listing states, in the
    order in which it does; what is only atmosphere is left out. Each product has a random stream
    of its own.

    Args:
        products: all of the shop.
        listings: their clean listings, as `listings.write_listings` returns them, in their order.
        share: of the products that are listed in the other language too.
        seed: decides which, and how they are worded.
    """
    rows = []
    texts = zip(listings["title"], listings["description"], strict=True)
    for product, (title, description) in zip(products, texts, strict=True):
        rng = random.Random(f"{seed}:translations:{product.product_id}")
        if rng.random() >= share:
            continue
        language = "en" if product.language == "zh" else "zh"
        rows.append(
            (
                product.product_id,
                language,
                translate_title(product, title, language, rng),
                translate_description(product, description, language, rng),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def translate_title(product: Product, title: str, language: str, rng: random.Random) -> str:
    """The title in `language`, with the properties that `title` shows."""
    said = _Reader(product.language, title).place
    en = language == "en"

    def shown(term: Term) -> str:
        return (term[language] + " " * en) if said(term) is not None else ""

    features = [f.name[language] for f in product.features if said(f.name) is not None]
    size = next((v[language] for _, v in product.specs if said(v) is not None), "")
    use = next((u[language] for u in product.uses if said(u) is not None), "")
    occasion = product.occasion[language] if said(product.occasion) is not None else ""
    purposes = [" for " + " and ".join(p for p in (use, occasion) if p)] * bool(use or occasion)
    if not en:
        purposes = [f" {use}专用"] * bool(use) + [f" 适合{occasion}"] * bool(occasion)
    words = {
        "name": product.name,
        "style": shown(product.style.name),
        "colour": shown(product.colour),
        "material": shown(product.material.name),
        "kind": product.kind.names(language)[0],
        "features": _features(features, en),
        "size": (f", {size}" if en else f" {size}") if size else "",
        "purpose": "".join(purposes),
    }
    written = _GRAMMARS[language].write(RULES[language]["title"], words, rng)
    return english.title_case(english.tidy(written)) if en else chinese.tidy(written)


def translate_description(
    product: Product, description: str, language: str, rng: random.Random
) -> str:
    """The description in `language`: one sentence a fact."""
    reader = _Reader(product.language, description)
    place, en = reader.place, language == "en"
    own = context_of(replace(product, language=language))
    style = product.style.name
    look = f" in a {style.en.removesuffix('-style')} style" if en else style.zh
    in_style = look if place(style) is not None else ""
    own["in_style"] = in_style
    facts: list[tuple[int, str, dict[str, str]]] = []

    def state(fact: str, at: int | None, **words: str) -> None:
        if at is not None:
            facts.append((at, fact, words))

    def good(trait: Trait, plural: bool = False) -> str:
        for saying in trait.sayings:
            if place(saying.text) is not None:
                if not en:
                    return f"，{saying.text.zh}"
                return f", which {english.agree(saying.text.en, plural)}"
        return ""

    material = product.material
    state("material", place(material.name), material=material.name[language], good=good(material))
    for index, feature in enumerate(product.features):
        name = feature.name[language]
        more = {"feature": name, "good": good(feature, en and english.is_plural(name))}
        if en:
            more["a_feature"] = own["a_feature"][index]
        state("feature", place(feature.name), **more)
    for saying in product.kind.sayings:
        text = saying.text[language]
        state(
            "saying",
            place(saying.text),
            saying=english.agree(text, product.kind.plural) if en else text,
        )
    uses = sorted((at, u[language]) for u in product.uses if (at := place(u)) is not None)
    if uses:
        state("use", uses[0][0], uses=_listed([use for _, use in uses], en))
    state("occasion", place(product.occasion), occasion=product.occasion[language])
    state("colour", place(product.colour), colour=product.colour[language])
    for name, value in product.specs:
        spec_name = name.en.capitalize() if en else name.zh
        state("spec", place(value), spec_name=spec_name, spec=value[language])
    state("town", reader.find(product.town))
    state("year", reader.find(str(product.year)))
    state("designer", reader.find(product.designer))
    care = sorted(
        (at, t[language]) for t in (Term(*c) for c in CARE) if (at := place(t)) is not None
    )
    if care:
        state("care", care[0][0], care=(", " if en else "，").join(tip for _, tip in care))
    months = Term(f"{product.warranty} months", f"{product.warranty}个月")
    state("warranty", place(months), warranty=months[language])
    facts.sort(key=lambda fact: fact[0])
    sentences = [("intro", {})] + [(fact, words) for _, fact, words in facts]
    return _write(sentences, own, language, rng)


def _write(
    sentences: list[tuple[str, dict[str, str]]],
    own: dict[str, object],
    language: str,
    rng: random.Random,
) -> str:
    grammar, rules = _GRAMMARS[language], RULES[language]
    written = [
        grammar.write(rng.choice(rules[fact]), own | words, rng) for fact, words in sentences
    ]
    if language == "zh":
        return chinese.tidy("".join(written))
    return english.tidy(" ".join(written))


class _Reader:
    """Where a text says a thing, in capitals or not, agreeing with a plural or not."""

    def __init__(self, language: str, text: str) -> None:
        self._language, self._text = language, text.lower()

    def place(self, term: Term) -> int | None:
        """Of the first mention; None where there is none."""
        text = term[self._language]
        found = [at for t in (text, english.agree(text, True)) if (at := self.find(t)) is not None]
        return min(found, default=None)

    def find(self, text: str) -> int | None:
        """Of the first mention of these very words; None where there is none."""
        at = self._text.find(text.lower())
        return at if at >= 0 else None


def _features(names: list[str], en: bool) -> str:
    if not names:
        return ""
    return f" with {_listed(names, True)}" if en else " " + " ".join(names)


def _listed(names: list[str], en: bool) -> str:
    if len(names) < 2:
        return "".join(names)
    if not en:
        return "、".join(names[:-1]) + "和" + names[-1]
    return ", ".join(names[:-1]) + " and " + names[-1]
