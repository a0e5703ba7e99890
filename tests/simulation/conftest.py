"""One shop of a middling size, built once for all tests of the simulation."""

from types import SimpleNamespace

import pytest

from shoplm.simulation.behaviour import simulate_behaviour
from shoplm.simulation.queries import write_queries
from shoplm.simulation.settings import (
    BehaviourSize,
    CatalogueSize,
    DefectRates,
    GeneralTextSize,
    ShopSettings,
)
from shoplm.simulation.shop import open_shop
from shoplm.simulation.texts import write_texts
from shoplm.simulation.truth import collect_truth


@pytest.fixture(scope="session")
def build_shop():
    """Everything of a shop in one object: settings, shop, tables by name, truth."""

    def build(settings: ShopSettings) -> SimpleNamespace:
        shop = open_shop(settings)
        texts, text_truth = write_texts(shop, settings)
        behaviour, behaviour_truth = simulate_behaviour(shop, settings)
        queries = write_queries(shop.products, settings.catalogue, settings.seed)
        truth = collect_truth(shop.products, text_truth, behaviour_truth, settings.seed)
        tables = texts | behaviour | {"queries": queries}
        return SimpleNamespace(settings=settings, shop=shop, tables=tables, truth=truth)

    return build


@pytest.fixture(scope="session")
def small_settings():
    return ShopSettings(
        catalogue=CatalogueSize(products=40, reviews=60, articles=12, queries=8),
        general=GeneralTextSize(english=15, chinese=15, benchmark_passages=8, leaks=4),
        defects=DefectRates(markup=0.1, mojibake=0.1, garbage=0.2),
        behaviour=BehaviourSize(users=20, events=6, search_rows=200, regions=3),
    )


@pytest.fixture(scope="session")
def simulated(build_shop):
    return build_shop(
        ShopSettings(
            catalogue=CatalogueSize(products=600, reviews=1500, articles=200, queries=100),
            general=GeneralTextSize(english=300, chinese=400, benchmark_passages=60, leaks=18),
            defects=DefectRates(garbage=0.06),
            behaviour=BehaviourSize(users=800, search_rows=20_000),
        )
    )


@pytest.fixture(scope="session")
def clean(build_shop):
    """The same kind of shop with nothing wrong in its data."""
    rates = dict.fromkeys(DefectRates.model_fields, 0.0)
    return build_shop(
        ShopSettings(
            catalogue=CatalogueSize(products=500, reviews=1200, articles=150, queries=0),
            general=GeneralTextSize(english=250, chinese=300, leaks=0),
            defects=DefectRates(**rates),
            behaviour=BehaviourSize(users=10, search_rows=10),
        )
    )
