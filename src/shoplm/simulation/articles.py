"""Shop articles that name one to four products in running text, and the links that are true."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.catalogue import Product
from shoplm.simulation.grammar import Deck, Grammar
from shoplm.simulation.grammars import (
    chinese_articles,
    chinese_people,
    english_articles,
    english_people,
)
from shoplm.simulation.voice import Context, as_other, context_of, with_decks

GRAMMARS = {
    "en": Grammar(english_people.RULES, english_articles.RULES),
    "zh": Grammar(chinese_people.RULES, chinese_articles.RULES),
}
_RULES = {"en": english_articles.RULES, "zh": chinese_articles.RULES}
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}


class _Casting:
    """Which products an article is about: of one kind, or of kinds that are used together."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._by_kind: dict[tuple[str, str], list[Product]] = defaultdict(list)
        for product in products:
            self._by_kind[product.language, product.kind.key].append(product)

    def cast(self, first: Product, count: int, form: str, rng: random.Random) -> list[Product]:
        """`first` and up to `count - 1` others."""
        chosen = [first]
        while len(chosen) < count:
            kind = (
                first.kind.key
                if form in ("compare", "guide")
                else rng.choice(chosen[-1].kind.goes_with)
            )
            pool = self._by_kind[first.language, kind]
            if not pool:
                break
            tries = [rng.choice(pool) for _ in range(6)]
            product = max(tries, key=lambda p: (p not in chosen, p.style is first.style))
            if product in chosen:
                break
            chosen.append(product)
        return chosen


def write_article(
    products: Sequence[Product],
    form: str,
    context: Callable[[Product], Context],
    rng: random.Random,
) -> tuple[str, str]:
    """Title and text of an article of form "test", "compare", "guide" or "story"."""
    lang = products[0].language
    grammar, joint = GRAMMARS[lang], "" if lang == "zh" else " "
    tidy = chinese.tidy if lang == "zh" else english.tidy
    words = [with_decks(context(product)) for product in products]
    shared = {slot: Deck(_RULES[lang][slot]) for slot in ("advice", "verdict_good", "verdict_bad")}
    for index, own in enumerate(words):
        own |= shared | as_other(context(products[(index + 1) % len(products)]))
    lead = words[0]

    def say(slots: Sequence[str], own: Context) -> str:
        return tidy(joint.join(grammar.write(f"{{{slot}}}", own, rng) for slot in slots))

    title = say([f"headline_{form}"], lead)
    advice = ["advice"] * (3 if form == "guide" else rng.choice((0, 1)))
    paragraphs = [say(["start", *advice], lead)]
    for index, own in enumerate(words):
        slots = ["present", *["verdict_good"] * rng.choice((1, 1, 2))]
        if rng.random() < 0.6:
            slots.append("verdict_bad")
        if len(words) > 1 and index + 1 < len(words):
            slots.append("compare" if form in ("compare", "guide") else "pairing")
        text = say(slots, own)
        if own["name"] not in text:  # every product of an article is named in it
            text = say(["name_it", *slots], own)
        paragraphs.append(text)
    paragraphs.append(say(["finish"], rng.choice(words)))
    return title, "\n".join(paragraphs)


def write_articles(
    products: Sequence[Product], total: int, keys_share: float, seed: int
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The article table and the products each article is truly about.

    Columns: article_id, language, title, text, product_ids (a list for a few articles, null for
    most, which name products only in their text; one product in ten is spelt in capitals, in
    lower case or in full-width characters throughout an article).
    """
    rng = random.Random(f"{seed}:articles")
    casting = _Casting(products)
    weights = [p.popularity for p in products]
    rows, links = [], {}
    for number, first in enumerate(rng.choices(products, weights, k=total)):
        form = rng.choice(("test", "compare", "compare", "guide", "story", "story"))
        count = 1 if form == "test" else rng.choice((2, 2, 3, 3, 4))
        cast = casting.cast(first, count, form, rng)
        if len(cast) == 1:
            form = "test" if form == "compare" else form
        title, text = write_article(cast, form, context_of, rng)
        for product in cast:
            if rng.random() < 0.1:
                text = text.replace(product.name, _respell(product, rng))
        article_id = f"A{number:07d}"
        # a name that starts another's may stand in the text only as that part: not a link
        links[article_id] = [product.product_id for product in cast]
        keys = links[article_id] if rng.random() < keys_share else None
        rows.append((article_id, first.language, title, text, keys))
    columns = ["article_id", "language", "title", "text", "product_ids"]
    return pd.DataFrame(rows, columns=columns), links


def _respell(product: Product, rng: random.Random) -> str:
    if product.language == "zh":
        return product.name.translate(_FULL_WIDTH)
    return rng.choice((product.name.upper(), product.name.lower()))
