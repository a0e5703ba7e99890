"""What users do in the shop: purchases and the search log, with the truth about their tastes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from shoplm.simulation.search_log import simulate_search_log
from shoplm.simulation.settings import ShopSettings
from shoplm.simulation.shop import Shop
from shoplm.simulation.shoppers import (
    FACETS,
    Items,
    invent_users,
    list_items,
    simulate_interactions,
)
from shoplm.simulation.texts import NOW


def simulate_behaviour(
    shop: Shop, settings: ShopSettings
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables items, interactions and search_log; and the truth.

    The truth holds facets (their values in order), tastes (by user) and search_log.
    """
    size, seed = settings.behaviour, settings.seed
    items = Items.of(shop.products)
    users = invent_users(size, settings.catalogue.chinese_share, seed)
    log, log_truth = simulate_search_log(users, items, size, NOW, seed)
    tables = {
        "items": list_items(shop.products, shop.titles),
        "interactions": simulate_interactions(users, items, size, NOW, seed),
        "search_log": log,
    }
    facets = {name: list(values) for name, values in FACETS.items()}
    return tables, {"facets": facets, "tastes": users.describe(), "search_log": log_truth}
