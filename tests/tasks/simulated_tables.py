"""Tables of a small simulated shop, as recipes read them."""

from functools import cache

from shoplm.corpus.properties import parse_properties
from shoplm.simulation.behaviour import simulate_behaviour
from shoplm.simulation.benchmark_tables import write_benchmark_tables
from shoplm.simulation.queries import write_queries
from shoplm.simulation.settings import (
    BehaviourSize,
    CatalogueSize,
    GeneralTextSize,
    ShopSettings,
)
from shoplm.simulation.shop import open_shop
from shoplm.simulation.texts import write_texts
from shoplm.simulation.translations import write_translations
from shoplm.simulation.truth import collect_truth

SETTINGS = ShopSettings(
    catalogue=CatalogueSize(products=400, reviews=300, articles=10, queries=120, chinese_share=0.5),
    general=GeneralTextSize(english=5, chinese=5, benchmark_passages=8, leaks=2),
    behaviour=BehaviourSize(users=900, search_rows=50),
)


def parsed(properties):
    found: dict[str, list[str]] = {}
    for key, value in parse_properties(properties):
        found.setdefault(key, []).append(value)
    return found


@cache
def simulated_tables():
    """Tables by name, and the truth behind them (which no recipe may see)."""
    shop = open_shop(SETTINGS)
    tables, text_truth = write_texts(shop, SETTINGS)
    behaviour, behaviour_truth = simulate_behaviour(shop, SETTINGS)
    tables |= behaviour | write_benchmark_tables(SETTINGS.benchmarks, SETTINGS.seed)
    tables["products"] = tables["products"].assign(
        properties=tables["products"]["properties"].map(parsed)
    )
    tables["queries"] = write_queries(shop.products, SETTINGS.catalogue, SETTINGS.seed)
    tables["translations"] = write_translations(
        shop.products, shop.listings, SETTINGS.catalogue.translated_share, SETTINGS.seed
    )
    truth = collect_truth(shop.products, text_truth, behaviour_truth, SETTINGS.seed)
    return tables, truth
