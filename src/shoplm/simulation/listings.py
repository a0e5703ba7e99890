"""The product table: titles, properties, descriptions."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.catalogue import Product
from shoplm.simulation.grammar import Deck, Grammar
from shoplm.simulation.grammars import chinese_listings, english_listings
from shoplm.simulation.lexicon import DEPARTMENTS
from shoplm.simulation.properties import SHAPES, property_pairs
from shoplm.simulation.voice import context_of, with_decks

GRAMMARS = {"en": Grammar(english_listings.RULES), "zh": Grammar(chinese_listings.RULES)}
_RULES = {"en": english_listings.RULES, "zh": chinese_listings.RULES}
_BODY = (
    "about_material", "about_feature", "about_second", "about_size", "about_use", "about_look",
    "about_care",
)  # fmt: skip
_DEPARTMENT_NAMES = {department.key: department.name for department in DEPARTMENTS}


def write_title(product: Product, rng: random.Random) -> str:
    """What stands above the product's page."""
    words = with_decks(context_of(product))
    title = GRAMMARS[product.language].write("{title}", words, rng)
    return english.title_case(title) if product.language == "en" else title


def write_description(product: Product, rng: random.Random) -> str:
    """Four to seven sentences: what it is, what of, what it does, for whom."""
    grammar = GRAMMARS[product.language]
    rules = _RULES[product.language]
    words = with_decks(context_of(product))
    words |= {name: Deck(rules[name]) for name in ("care", "extra")}
    sizes = dict(product.specs)
    name = rng.choice(tuple(sizes))
    words |= {"spec_name": name[product.language], "spec": sizes[name][product.language]}
    body = sorted(rng.sample(range(len(_BODY)), rng.choice((2, 3, 3, 4, 5))))
    slots = ["intro", *(_BODY[i] for i in body), *(["closing"] if rng.random() < 0.7 else [])]
    sentences = [grammar.write(f"{{{slot}}}", words, rng) for slot in slots]
    if product.language == "zh":
        return chinese.tidy("".join(sentences))
    return english.tidy(" ".join(sentences))


def write_listings(
    products: Sequence[Product], seed: int
) -> tuple[pd.DataFrame, dict[str, list[list[str]]]]:
    """The product table and, by product id, the true properties as (key, value).

    Columns: product_id, department, category (two levels), language, name, title, properties (one
    string, in one of the shapes of `SHAPES`), description, price (dollars or yuan).
    """
    rng = random.Random(f"{seed}:listings")
    shapes = tuple(SHAPES)
    rows, truth = [], {}
    for product in products:
        lang = product.language
        pairs = property_pairs(product, rng)
        truth[product.product_id] = [list(pair) for pair in pairs]
        yuan = lang == "zh"
        rows.append(
            {
                "product_id": product.product_id,
                "department": product.kind.department,
                "category": f"{product.kind.group[lang]} > {product.kind.names(lang)[0]}",
                "language": lang,
                "name": product.name,
                "title": write_title(product, rng),
                "properties": SHAPES[rng.choice(shapes)](pairs),
                "description": write_description(product, rng),
                "price": float(product.price[:-1]) if yuan else product.dollars,
            }
        )
    return pd.DataFrame(rows), truth
