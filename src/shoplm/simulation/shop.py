"""The shop itself: its products and their listings, before anything went wrong with the data."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from shoplm.simulation.catalogue import Product, simulate_catalogue
from shoplm.simulation.listings import write_listings
from shoplm.simulation.settings import ShopSettings


@dataclass(frozen=True)
class Shop:
    """Products, their listings (a table, see `write_listings`) and their true properties by id."""

    products: tuple[Product, ...]
    listings: pd.DataFrame
    properties: dict[str, list[list[str]]]

    @property
    def titles(self) -> dict[str, str]:
        """Title by product id."""
        return dict(zip(self.listings["product_id"], self.listings["title"], strict=True))


def open_shop(settings: ShopSettings) -> Shop:
    """Invent the products and write their listings."""
    products = simulate_catalogue(settings.catalogue, settings.seed)
    listings, properties = write_listings(products, settings.seed)
    return Shop(products, listings, properties)
