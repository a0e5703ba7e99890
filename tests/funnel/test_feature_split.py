"""Features that depend on the region: distances by hand, and the simulated shop's own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_logs import random_log, settings_of, table_of, write

from shoplm.funnel.feature_split import (
    decide,
    jensen_shannon,
    quantile_edges,
    split_features,
)
from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.log.history import build_features
from shoplm.funnel.log.writing import write_log
from shoplm.funnel.settings import FeatureSplitSettings, LogSettings
from shoplm.simulation.behaviour import simulate_behaviour
from shoplm.simulation.search_log import SHIFTED, UNSHIFTED
from shoplm.simulation.settings import BehaviourSize, CatalogueSize, ShopSettings
from shoplm.simulation.shop import open_shop


@pytest.fixture(scope="module")
def shop_log(tmp_path_factory):
    size = ShopSettings(
        catalogue=CatalogueSize(products=120, reviews=10, articles=5, queries=8),
        behaviour=BehaviourSize(users=250, search_rows=12_000, regions=5),
    )
    tables, truth = simulate_behaviour(open_shop(size), size)
    chosen = LogSettings(
        numeric=[*UNSHIFTED, *SHIFTED],
        categorical=["department", "category"],
        multivalued=["tags"],
        region_features=["region_currency", "region_distance", "region_market", "region_income"],
    )
    features = build_features(table_of(tables["search_log"]), chosen)
    folder = write_log(features, chosen, tmp_path_factory.mktemp("shop") / "log")
    return FunnelLog.open(folder), truth["search_log"]


@pytest.mark.parametrize(("distance", "threshold"), [("js", 0.3), ("wasserstein", 0.6)])
def test_the_planted_features_are_found(shop_log, distance, threshold):
    log, truth = shop_log
    chosen = FeatureSplitSettings(distance=distance, threshold=threshold)
    found = set(split_features(log, chosen).dependent)
    planted = set(truth["shifted_features"])
    assert len(planted) == 5
    assert len(found & planted) / len(found) == 1  # precision
    assert len(found & planted) / len(planted) == 1  # recall


def test_every_pair_and_the_largest_of_them(shop_log):
    log, _ = shop_log
    split = split_features(log, FeatureSplitSettings())
    assert len(split.distances) == 13 * 2 * 10  # features, distances, pairs of five regions
    price = split.distances.query("feature == 'local_price' and distance == 'js'")
    row = split.features.set_index("feature").loc["local_price"]
    largest = price.loc[price["value"].idxmax()]
    assert row["maximum"] == largest["value"]
    assert (row["region_a"], row["region_b"]) == (largest["region_a"], largest["region_b"])


def test_a_person_overrides_what_was_measured(shop_log):
    log, _ = shop_log
    chosen = FeatureSplitSettings(dependent=["photo_count"], invariant=["local_price"])
    split = split_features(log, chosen)
    assert "photo_count" in split.dependent and "local_price" not in split.dependent
    table = split.features.set_index("feature")
    assert table.index[table["overridden"]].tolist() == ["photo_count", "local_price"]
    with pytest.raises(ValueError, match=r"'photo' is no numeric feature; did you mean 'photo_c"):
        split_features(log, FeatureSplitSettings(dependent=["photo"]))


def test_another_threshold_needs_no_new_measuring(shop_log):
    log, _ = shop_log
    measured = split_features(log, FeatureSplitSettings()).distances
    none = decide(measured, log.numeric_names, FeatureSplitSettings(threshold=1.0))
    every = decide(measured, log.numeric_names, FeatureSplitSettings(threshold=0.0))
    assert not none["dependent"].any() and every["dependent"].all()


def test_only_training_rows_are_looked_at(tmp_path):
    frame = random_log(regions=2)
    alike = frame.assign(price=frame["price"] / frame["region"].map({"R0": 1.0, "R1": 4.0}))
    late = alike["timestamp"] >= 8 * 86_400
    alike.loc[late & (alike["region"] == "R1"), "price"] *= 1e6
    log = write(alike, tmp_path / "log", settings_of())
    assert split_features(log, FeatureSplitSettings(bins=4, min_rows=20)).dependent == []


def test_regions_with_few_rows_are_not_compared(shop_log):
    split = split_features(shop_log[0], FeatureSplitSettings(min_rows=100_000))
    assert split.distances.empty
    assert set(split.features["maximum"]) == {0.0} and split.dependent == []


def test_jensen_shannon_by_hand():
    edges = np.array([1.0])  # below 1, and from 1 on
    assert jensen_shannon(np.array([0.0, 0.0]), np.array([1.0, 2.0]), edges) == pytest.approx(1)
    assert jensen_shannon(np.array([0.0, 1.0]), np.array([0.0, 5.0]), edges) == 0
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4)
    expected = 0.5 * math.log2(4 / 3) + 0.5 * (0.5 * math.log2(2 / 3) + 0.5 * math.log2(2))
    found = jensen_shannon(np.array([0.0, 0.0]), np.array([0.0, 1.0]), edges)
    assert found == pytest.approx(math.sqrt(expected))


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=60), st.integers(2, 10))
def test_bins_are_never_empty(values, bins):
    values = np.array(values, dtype=float)
    edges = quantile_edges(values, bins)
    counts = np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1)
    assert (counts > 0).all() and len(counts) <= max(bins, len(np.unique(values)))
