"""Product reviews: uneven in number, consistent with what the product is."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pandas as pd

from shoplm.simulation import chinese, english
from shoplm.simulation.asides import adorn
from shoplm.simulation.catalogue import Product
from shoplm.simulation.grammar import Deck, Grammar
from shoplm.simulation.grammars import (
    chinese_people,
    chinese_reviews,
    english_people,
    english_reviews,
    review_asides,
)
from shoplm.simulation.voice import Context, context_of, with_decks

GRAMMARS = {
    "en": Grammar(english_people.RULES, english_reviews.RULES),
    "zh": Grammar(chinese_people.RULES, chinese_reviews.RULES),
}
_RULES = {"en": english_reviews.RULES, "zh": chinese_reviews.RULES}
_MIDDLE = {
    "good": ("praise", "praise", "praise", "detail", "detail", "delivery", "complaint"),
    "mixed": ("praise", "complaint", "detail", "praise", "complaint", "delivery"),
    "bad": ("complaint", "complaint", "detail", "complaint", "delivery", "praise"),
}
_MIDDLE_SLOTS = frozenset(("praise", "complaint", "detail"))


def mood_of(rating: int) -> str:
    """Four and five stars are good, three mixed, the rest bad."""
    return "good" if rating >= 4 else "mixed" if rating == 3 else "bad"


def write_review(language: str, words: Context, rating: int, rng: random.Random) -> str:
    """One review of the product that `words` describe, in the mood of its rating."""
    grammar, mood = GRAMMARS[language], mood_of(rating)
    length = rng.random()
    if length < 0.2:
        slots = [f"short_{mood}"]
    else:
        middle = _MIDDLE[mood]
        count = rng.choice((1, 2, 2, 3)) if length < 0.75 else rng.choice((4, 5, 6))
        slots = [f"open_{mood}", *(rng.choice(middle) for _ in range(count))]
        if rng.random() < 0.7:
            slots.append(f"close_{mood}")
    rules, manner = _RULES[language], review_asides.MANNERS[language]
    fresh = with_decks(words)
    decks = {slot: Deck(rules[slot]) for slot in slots}  # no turn of phrase twice in a review
    templates = [decks[slot].draw(rng.random) for slot in slots]
    sentences = [
        grammar.write(
            adorn(template, language, manner, rng, 0.45) if slot in _MIDDLE_SLOTS else template,
            fresh,
            rng,
        )
        for slot, template in zip(slots, templates, strict=True)
    ]
    if language == "zh":
        text = chinese.tidy("".join(sentences))
        return text[:-1] + rng.choice("！～！") if rng.random() < 0.12 else text
    text = english.tidy(" ".join(sentences))
    return text[:-1] + "!" if rng.random() < 0.08 else text


def review_counts(
    products: Sequence[Product], total: int, unreviewed: float, seed: int
) -> np.ndarray:
    """Reviews a product: shape (len(products),), summing to `total`, long-tailed, many zero."""
    rng = np.random.default_rng([seed, 11])
    weight = np.array([p.popularity for p in products]) ** 1.3
    silent = rng.choice(len(products), size=int(unreviewed * len(products)), replace=False)
    weight[silent] = 0
    return rng.multinomial(total, weight / weight.sum())


def write_reviews(
    products: Sequence[Product], total: int, unreviewed: float, days: int, end: int, seed: int
) -> pd.DataFrame:
    """The review table: review_id, product_id, language, rating, text, timestamp (seconds)."""
    rng = random.Random(f"{seed}:reviews")
    counts = review_counts(products, total, unreviewed, seed)
    owner = np.repeat(np.arange(len(products)), counts)
    draw = np.random.default_rng([seed, 12])
    quality = np.array([p.quality for p in products])[owner]
    ratings = np.clip(np.rint(1.6 + 3.6 * quality + draw.normal(0, 0.9, total)), 1, 5).astype(int)
    launch = np.clip([p.launch for p in products], 0, 0.98)[owner]
    seconds = (launch + (1 - launch) * draw.random(total) - 1) * days * 86_400
    texts: list[str] = [""] * total
    at = 0
    for product, count in zip(products, counts.tolist(), strict=True):
        words = context_of(product) if count else {}
        for index in range(at, at + count):
            texts[index] = write_review(product.language, words, int(ratings[index]), rng)
        at += count
    order = draw.permutation(total)
    frame = pd.DataFrame(
        {
            "product_id": np.array([p.product_id for p in products])[owner],
            "language": np.array([p.language for p in products])[owner],
            "rating": ratings,
            "text": texts,
            "timestamp": (end + seconds).astype(np.int64),
        }
    ).iloc[order]
    frame.insert(0, "review_id", [f"R{i:08d}" for i in range(total)])
    return frame.reset_index(drop=True)
