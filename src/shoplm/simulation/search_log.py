"""A search log: shown lists, and what was clicked, put into the cart and bought.

Prices in local currency, delivery in a country of another size and the like are measured on another
scale in every region, see `shoplm.simulation.impressions`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from shoplm.simulation.impressions import (
    describe_truth,
    draw_labels,
    scale_by_region,
    spread_regions,
    standardise,
)
from shoplm.simulation.settings import BehaviourSize
from shoplm.simulation.shoppers import (
    DOMAINS,
    FAMILIES,
    KIND_KEYS,
    MATERIALS,
    STYLE_KEYS,
    Items,
    Users,
)

TASKS = ("click", "cart", "purchase")
RATES = {"click": 0.18, "cart": 0.32, "purchase": 0.45}
"""Share of shown rows clicked, of clicked rows put into the cart, of those bought."""

EFFECTS: dict[str, dict[str, float]] = {
    "click": {
        "taste_match": 1.0, "text_match": 0.9, "rating_average": 0.4, "image_quality": 0.4,
        "local_price": -0.5, "delivery_days": -0.4, "regional_sales": 0.7,
    },
    "cart": {
        "taste_match": 0.8, "text_match": 0.3, "rating_average": 0.4, "local_price": -0.8,
        "delivery_days": -0.7, "delivery_fee": -0.5, "regional_sales": 0.3,
    },
    "purchase": {
        "taste_match": 0.5, "rating_average": 0.3, "local_price": -0.7, "delivery_days": -0.5,
        "delivery_fee": -1.0, "stock_depth": 0.4,
    },
}  # fmt: skip
"""Effect of a feature's latent value (in standard deviations) on the logit of each task."""

SHIFTED: dict[str, tuple[str, float]] = {
    "local_price": ("region_currency", 1.0),
    "delivery_days": ("region_distance", 1.0),
    "delivery_fee": ("region_currency", 0.8),
    "regional_sales": ("region_market", 1.0),
    "ad_views": ("region_market", 0.6),
}
"""Features whose scale differs by region: value = latent × (region feature) ** exponent."""

UNSHIFTED = (
    "taste_match", "text_match", "rating_average", "review_count", "image_quality", "stock_depth",
    "photo_count", "days_on_sale",
)  # fmt: skip


def describe_regions(regions: int, seed: int) -> pd.DataFrame:
    """Region features: region, region_currency, region_distance, region_market, region_income."""
    rng = np.random.default_rng([seed, 31])
    spreads = {"region_currency": 1.6, "region_distance": 1.0, "region_market": 1.3}
    table = spread_regions([f"R{i:02d}" for i in range(regions)], spreads, rng)
    return table.assign(region_income=rng.uniform(0.5, 2.0, regions))


def simulate_search_log(
    users: Users, items: Items, size: BehaviourSize, end: int, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The log, one row a shown product, and the truth behind it.

    Columns: list_id, user_id, region, platform, timestamp, query_category, position,
    product_id, department, category, tags (list), the features of `UNSHIFTED` and `SHIFTED`,
    region features, and the labels click ≥ cart ≥ purchase (0 or 1). All rows of a list share
    user, time and query.
    """
    rng = np.random.default_rng([seed, 32])
    lists, user, kind, item = _show(users, items, size.search_rows, rng)
    rows = len(item)
    position = np.arange(rows) - np.searchsorted(lists, lists)
    text_match = 1.0 * (items.kind[item] == kind) + rng.normal(0, 0.25, rows)
    taste = users.taste(user, item, items)
    values = {
        "taste_match": standardise(taste) + rng.normal(0, 0.3, rows),
        "text_match": text_match,
        "rating_average": np.clip(
            2.6 + 2.2 * items.quality + rng.normal(0, 0.2, len(items.ids)), 1, 5
        )[item],
        "review_count": rng.poisson(np.exp(2 + items.log_popularity))[item].astype(float),
        "image_quality": rng.beta(5, 2, len(items.ids))[item],
        "stock_depth": rng.gamma(2.0, 20.0, rows),
        "photo_count": rng.poisson(4, len(items.ids))[item] + 1.0,
        "days_on_sale": rng.gamma(1.5, 120.0, rows),
        "local_price": items.price[item],
        "delivery_days": rng.gamma(4.0, 0.8, rows),
        "delivery_fee": rng.gamma(2.0, 1.5, rows),
        "regional_sales": np.exp(2 + items.log_popularity[item] + rng.normal(0, 0.5, rows)),
        "ad_views": rng.gamma(1.5, 10.0, rows),
    }
    skewed = ("review_count", "local_price", "delivery_fee", "regional_sales", "stock_depth")
    latent = {n: standardise(np.log1p(v) if n in skewed else v) for n, v in values.items()}
    regions = describe_regions(size.regions, seed)
    region = users.region[user]
    scale_by_region(values, SHIFTED, regions, region)
    app = (rng.random(len(users.ids)) < 0.65)[user] ^ (rng.random(lists[-1] + 1) < 0.1)[lists]
    leanings = dict.fromkeys(TASKS, -0.25 * app)
    leanings["click"] = 0.2 * app - 0.6 * np.log1p(position)  # people read from the top
    labels = draw_labels(latent, EFFECTS, RATES, leanings, rng)
    seconds = np.sort(rng.random(lists[-1] + 1)) * min(size.days, 90) * 86_400
    start = end - min(size.days, 90) * 86_400
    frame = pd.DataFrame(
        {
            "list_id": np.char.add("L", np.char.zfill(lists.astype(str), 7)),
            "user_id": users.ids[user],
            "region": regions["region"].to_numpy()[region],
            "platform": np.where(app, "app", "web"),
            "timestamp": (start + seconds).astype(np.int64)[lists],
            "query_category": np.array(KIND_KEYS)[kind],
            "position": position,
            "product_id": items.ids[item],
            "department": np.array(DOMAINS)[items.domain[item]],
            "category": np.array(KIND_KEYS)[items.kind[item]],
            "tags": _tags(items)[item],
            **{name: np.round(values[name], 4) for name in (*UNSHIFTED, *SHIFTED)},
            **{c: regions[c].to_numpy()[region].round(4) for c in regions.columns[1:]},
            **labels,
        }
    )
    return frame, describe_truth(SHIFTED, UNSHIFTED, EFFECTS, regions)


def _show(
    users: Users, items: Items, rows: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What is shown: list number, user, kind searched and item of every row, best first."""
    lengths = rng.integers(4, 17, size=max(1, rows // 4))
    lengths = lengths[: np.searchsorted(np.cumsum(lengths), rows) + 1]
    lengths[-1] -= lengths.sum() - rows
    count = len(lengths)
    user = rng.integers(0, len(users.ids), count)
    with np.errstate(divide="ignore"):
        weight = np.log(users.domains)
    kind_domain = np.zeros(len(KIND_KEYS), int)
    kind_domain[items.kind] = items.domain
    sold = np.isin(np.arange(len(KIND_KEYS)), items.kind)
    wish = weight[user][:, kind_domain] + users.kind[user]
    wish[:, ~sold] = -np.inf
    kind = (wish + rng.gumbel(size=wish.shape)).argmax(axis=1)
    aisle = items.domain * 2 + items.language
    aisles = {int(a): np.flatnonzero(aisle == a) for a in np.unique(aisle)}
    shelf = items.kind * 2 + items.language
    shelves = {int(s): np.flatnonzero(shelf == s) for s in np.unique(shelf)}
    nothing = np.empty(0, int)
    shown = []
    for one_kind, spoken, length in zip(kind, users.language[user], lengths, strict=True):
        near = shelves.get(int(one_kind * 2 + spoken), nothing)
        far = aisles.get(int(kind_domain[one_kind] * 2 + spoken), nothing)
        pool = np.union1d(_some(near, 200, rng), _some(far, 200, rng))
        if len(pool) < length:
            pool = np.arange(len(items.ids))
        score = 3.0 * (items.kind[pool] == one_kind) + 0.5 * items.log_popularity[pool]
        score = score + rng.gumbel(size=len(pool))
        best = (
            np.argpartition(-score, length - 1)[:length]
            if length < len(pool)
            else np.arange(len(pool))
        )
        shown.append(pool[best[np.argsort(-score[best])]])
    sizes = [len(items_shown) for items_shown in shown]
    lists = np.repeat(np.arange(count), sizes)
    return lists, user[lists], kind[lists], np.concatenate(shown)


def _some(members: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """At most `count` of the members; which, is left to chance."""
    return members if len(members) <= count else rng.choice(members, count)


def _tags(items: Items) -> np.ndarray:
    """Style, colour family and material group of every item, as an array of lists."""
    tags = np.empty(len(items.ids), dtype=object)
    for index in range(len(tags)):
        tags[index] = [
            STYLE_KEYS[items.style[index]],
            FAMILIES[items.colour[index]],
            MATERIALS[items.material[index]],
        ]
    return tags
