"""Search queries with graded relevance, as in the Shopping Queries data: E, S, C, I."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import pandas as pd

from shoplm.simulation.catalogue import Product
from shoplm.simulation.settings import CatalogueSize

Wish = Callable[[Product], str]

_WISHES: dict[str, Wish] = {
    "material": lambda p: p.material.name[p.language],
    "colour": lambda p: p.colour[p.language],
    "style": lambda p: p.style.name[p.language],
    "feature": lambda p: p.features[0].name[p.language],
    "size": lambda p: p.specs[0][1][p.language],
}


def _grants(product: Product, wish: str, text: str) -> bool:
    if wish == "feature":
        return any(feature.name[product.language] == text for feature in product.features)
    return _WISHES[wish](product) == text


def write_query(product: Product, rng: random.Random) -> tuple[str, dict[str, str]]:
    """A query that `product` satisfies exactly, and what it wishes for beside the kind."""
    lang = product.language
    wishes = {w: _WISHES[w](product) for w in rng.sample(tuple(_WISHES), rng.choice((1, 1, 2)))}
    kind = rng.choice(product.kind.names(lang))
    if lang == "zh":
        words = [*wishes.values(), kind]
        if rng.random() < 0.3:
            words.append(product.uses[0].zh)
        return (" " if rng.random() < 0.5 else "").join(words), wishes
    before = [text for wish, text in wishes.items() if wish in ("material", "colour", "style")]
    behind = [
        f"with {text}" if wish == "feature" else text
        for wish, text in wishes.items()
        if wish in ("feature", "size")
    ]
    words = [*before, kind, *behind]
    if not behind and rng.random() < 0.3:
        words.append(f"for {product.uses[0].en}")
    query = " ".join(words).lower()
    return (_misspell(query, rng) if rng.random() < 0.06 else query), wishes


def write_queries(products: Sequence[Product], size: CatalogueSize, seed: int) -> pd.DataFrame:
    """The judgement table: query_id, query, language, product_id, relevance.

    E (exact): the kind asked for, every wish granted. S (substitute): the kind, a wish not granted.
    C (complement): a kind that goes with it. I (irrelevant): anything else in the same language.
    """
    rng = random.Random(f"{seed}:queries")
    by_kind: dict[tuple[str, str], list[Product]] = defaultdict(list)
    by_language: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        by_kind[product.language, product.kind.key].append(product)
        by_language[product.language].append(product)
    rows = []
    for number in range(size.queries):
        target = rng.choice(products)
        query, wishes = write_query(target, rng)
        lang, kind = target.language, target.kind
        graded: dict[str, list[Product]] = {"E": [target], "S": [], "C": [], "I": []}
        for other in by_kind[lang, kind.key]:
            if other is not target:
                exact = all(_grants(other, wish, text) for wish, text in wishes.items())
                graded["E" if exact else "S"].append(other)
        graded["C"] = [p for key in kind.goes_with for p in by_kind[lang, key]]
        near = {kind.key, *kind.goes_with}
        strangers = rng.sample(by_language[lang], min(len(by_language[lang]), 3 * size.judgements))
        graded["I"] = [p for p in strangers if p.kind.key not in near]
        limits = {"E": size.judgements // 3, "S": size.judgements // 3, "C": size.judgements // 5}
        judged: list[tuple[Product, str]] = []
        for grade, members in graded.items():
            limit = max(1, limits.get(grade, size.judgements - len(judged)))
            first = members[:1] if grade == "E" else []
            rest = members[len(first) :]
            rng.shuffle(rest)
            judged += [(p, grade) for p in (first + rest)[:limit]]
        rng.shuffle(judged)
        query_id = f"Q{number:06d}"
        rows += [(query_id, query, lang, p.product_id, grade) for p, grade in judged]
    columns = ["query_id", "query", "language", "product_id", "relevance"]
    return pd.DataFrame(rows, columns=columns)


def _misspell(text: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(text) - 1)
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :],
        )
    )
