"""Products: unique names, editions, twins, remarks that follow from what a product is."""

from collections import Counter

import numpy as np
import pytest

from shoplm.simulation.catalogue import simulate_catalogue
from shoplm.simulation.lexicon import DEPARTMENTS
from shoplm.simulation.settings import CatalogueSize


@pytest.fixture(scope="module")
def products():
    return simulate_catalogue(CatalogueSize(products=2000), seed=4)


def test_the_same_seed_gives_the_same_products_and_another_others():
    size = CatalogueSize(products=50)
    assert simulate_catalogue(size, 1) == simulate_catalogue(size, 1)
    assert simulate_catalogue(size, 1) != simulate_catalogue(size, 2)


def test_a_larger_shop_starts_with_the_smaller_ones_products():
    larger = simulate_catalogue(CatalogueSize(products=80), 1)
    assert larger[:50] == simulate_catalogue(CatalogueSize(products=50), 1)


def test_names_and_ids_are_unique_and_names_say_who_made_it(products):
    assert len({p.name for p in products}) == len({p.product_id for p in products}) == 2000
    assert all(p.name.startswith(p.brand) and p.name.endswith(p.model) for p in products)


def test_departments_and_languages_are_spread_as_asked(products):
    count = Counter(p.kind.department for p in products)
    assert set(count) == {d.key for d in DEPARTMENTS} and min(count.values()) > 200
    assert abs(sum(p.language == "zh" for p in products) / 2000 - 0.5) < 0.05
    only = simulate_catalogue(CatalogueSize(products=60, chinese_share=1, twin_share=0), 1)
    assert {p.language for p in only} == {"zh"}


def test_some_names_start_another_name(products):
    by_id = {p.product_id: p for p in products}
    editions = [p for p in products if p.original]
    assert 0.04 < len(editions) / 2000 < 0.1
    for product in editions:
        old = by_id[product.original]
        assert product.name.startswith(old.name) and product.kind == old.kind
        assert product.material == old.material and product.language == old.language


def test_twins_are_one_product_in_two_languages(products):
    by_id = {p.product_id: p for p in products}
    twins = [p for p in products if p.twin]
    assert 0.02 < len(twins) / 2000 < 0.07
    for product in twins:
        other = by_id[product.twin]
        assert {product.language, other.language} == {"en", "zh"}
        assert (product.kind, product.material, product.features, product.specs) == (
            other.kind,
            other.material,
            other.features,
            other.specs,
        )


def test_better_products_have_more_praise_and_fewer_complaints(products):
    quality = np.array([p.quality for p in products])
    good, bad = quality > 0.8, quality < 0.5
    praise = np.array([len(p.praise) for p in products])
    complaints = np.array([len(p.complaints) for p in products])
    assert praise[good].mean() > praise[bad].mean()
    assert complaints[good].mean() < complaints[bad].mean()
    assert praise.min() >= 3 and complaints.min() >= 1


def test_prices_stay_near_the_kinds_range(products):
    for product in products:
        low, high = product.kind.price
        assert low <= product.dollars <= high * 2 and product.price.strip("$元")
