"""All texts of the shop as raw tables, with their defects, leaks and the truth about them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pandas as pd

from shoplm.simulation.articles import write_articles
from shoplm.simulation.benchmark import leak_passages, write_benchmark
from shoplm.simulation.catalogue import Product
from shoplm.simulation.defects import BOILERPLATE, Planted, edit_slightly, plant_defects
from shoplm.simulation.general_text import write_general_text
from shoplm.simulation.reviews import write_review, write_reviews
from shoplm.simulation.settings import ShopSettings
from shoplm.simulation.shop import Shop
from shoplm.simulation.voice import context_of

NOW = 1_767_225_600
"""The end of the time simulated: the first of January 2026, UTC, in seconds."""

Tables = dict[str, pd.DataFrame]


def write_texts(shop: Shop, settings: ShopSettings) -> tuple[Tables, dict[str, Any]]:
    """Tables products, reviews, articles, general_text, benchmark_passages; and the truth.

    The truth holds, by source: ids by kind of defect, duplicate pairs (original first), originals
    of corrupted texts, contaminated ids with the passage they contain; besides these the true
    properties of products and the products that each article is about.
    """
    seed, size, rates = settings.seed, settings.catalogue, settings.defects
    products, listings = shop.products, shop.listings.copy()
    copies = _copy_descriptions(products, listings, rates.near_duplicates, seed)
    reviews = write_reviews(
        products, size.reviews, size.unreviewed_share, settings.behaviour.days, NOW, seed
    )
    articles, links = write_articles(products, size.articles, size.article_keys_share, seed)
    general = write_general_text(settings.general.english, settings.general.chinese, seed)
    benchmark = write_benchmark(settings.general.benchmark_passages, seed)
    leaky, leaked = leak_passages(
        benchmark,
        {
            "general_text": (general, "doc_id", "text"),
            "descriptions": (listings, "product_id", "description"),
            "reviews": (reviews, "review_id", "text"),
        },
        settings.general.leaks,
        seed,
    )
    protected = {id_ for pair in copies for id_ in pair}
    by_language = {lang: [p for p in products if p.language == lang] for lang in ("en", "zh")}

    def fresh_review(language: str, rng: random.Random) -> str:
        product = rng.choice(by_language[language] or products)
        return write_review(product.language, context_of(product), rng.choice((3, 4, 5)), rng)

    shared = {"rates": rates, "fresh_text": fresh_review, "seed": seed}
    boiler, boilerplate = _add_boilerplate(leaky["reviews"], products, rates.boilerplate, seed)
    tables: Tables = {"benchmark_passages": benchmark}
    planted: dict[str, Planted] = {}
    tables["products"], planted["products"] = plant_defects(
        leaky["descriptions"],
        key="product_id",
        prefix="P",
        columns=("title", "description"),
        protected=protected | set(leaked["descriptions"]),
        blank=("name", "title", "properties"),
        duplicates=False,
        **shared,
    )
    tables["reviews"], planted["reviews"] = plant_defects(
        boiler,
        key="review_id",
        prefix="R",
        columns=("text",),
        protected=set(leaked["reviews"]) | set(boilerplate),
        owner="product_id",
        **shared,
    )
    tables["articles"], planted["articles"] = plant_defects(
        articles,
        key="article_id",
        prefix="A",
        columns=("title", "text"),
        protected=set(),
        blank=("product_ids", "title"),
        duplicates=False,
        **shared,
    )
    tables["general_text"], planted["general_text"] = plant_defects(
        leaky["general_text"],
        key="doc_id",
        prefix="G",
        columns=("title", "text"),
        protected=set(leaked["general_text"]),
        **shared,
    )
    planted["reviews"].ids["boilerplate"] = boilerplate
    planted["products"].near_pairs = copies
    truth = {
        "planted": {source: found.ids for source, found in planted.items()},
        "exact_duplicates": {source: found.exact_pairs for source, found in planted.items()},
        "near_duplicates": {source: found.near_pairs for source, found in planted.items()},
        "originals": {source: found.originals for source, found in planted.items()},
        "contaminated": leaked,
        "article_links": links,
        "product_properties": shop.properties,
    }
    return tables, truth


def _copy_descriptions(
    products: Sequence[Product], listings: pd.DataFrame, share: float, seed: int
) -> list[list[str]]:
    """Give some new editions the old one's description, slightly edited: (original, copy) pairs.

    Changes `listings`, whose rows are in the order of `products`.
    """
    rng = random.Random(f"{seed}:copies")
    place = {product.product_id: row for row, product in enumerate(products)}
    column = listings.columns.get_loc("description")
    pairs: list[list[str]] = []
    for row, product in enumerate(products):
        if product.original is None or len(pairs) >= share * len(products):
            continue
        old = products[place[product.original]]
        text = listings.iat[place[product.original], column]
        if old.name not in text:
            continue
        text = edit_slightly(text.replace(old.name, product.name), product.language, rng)
        listings.iat[row, column] = text
        pairs.append([old.product_id, product.product_id])
    return pairs


def _add_boilerplate(
    reviews: pd.DataFrame, products: Sequence[Product], share: float, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """The reviews with default reviews of many products after them, and the ids of those."""
    rng = random.Random(f"{seed}:boilerplate")
    rows = []
    for number in range(round(share * len(reviews))):
        product = rng.choice(products)
        rows.append(
            {
                "review_id": f"R{len(reviews) + number:08d}",
                "product_id": product.product_id,
                "language": product.language,
                "rating": 5,
                "text": rng.choice(BOILERPLATE[product.language]),
                "timestamp": NOW - rng.randrange(86_400 * 365),
            }
        )
    if not rows:
        return reviews, []
    frame = pd.DataFrame(rows, columns=reviews.columns)
    return pd.concat([reviews, frame], ignore_index=True), frame["review_id"].tolist()
