import logging
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.mixture import available_tokens, make_documents, mix_documents, plan_budget
from shoplm.corpus.settings import MixtureSettings


def corpus(shop=600, zh=500, en=500, length=20):
    """Single-key shop records in clusters of three; general records alone."""
    sides = [("shop", "en", shop)] * bool(shop) + [("general", "zh", zh), ("general", "en", en)]
    rows = [
        (f"{kind}-{language}-{i}", f"{kind}-{language}-c{i // 3 if kind == 'shop' else i}",
         kind, language, length + i % 7)
        for kind, language, n in sides for i in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["record_id", "cluster_id", "kind", "language", "n_tokens"])


def mix(records, settings=None, budget=9_000, seed=0):
    settings = settings or MixtureSettings()
    documents = make_documents(records, settings.strategy, separator_tokens=1)
    return mix_documents(documents, settings, budget, seed)


@pytest.mark.parametrize("strategy", ["clusters", "separate"])
@pytest.mark.parametrize("ratio", [{"general": 2, "shop": 1}, {"general": 1, "shop": 3}])
def test_ratios_are_within_one_percent(strategy, ratio):
    settings = MixtureSettings(strategy=strategy, ratio=ratio)
    mixture, account = mix(corpus(5_000, 2_500, 2_500), settings, budget=60_000)
    assert (account["taken"] / account["target"]).between(0.99, 1).all()
    # counted again from the rows: record tokens, separators, end marks
    rows = mixture.to_pandas()
    documents = rows.groupby(["kind", "document_id"])["n_tokens"].agg(["sum", "size"])
    tokens = (documents["sum"] + documents["size"]).groupby("kind").sum()
    asked = ratio["general"] / ratio["shop"]
    assert tokens["general"] / tokens["shop"] == pytest.approx(asked, rel=0.01)
    zh, en = (account.loc[account["language"] == code, "taken"].item() for code in ("zh", "en"))
    assert zh / en == pytest.approx(1, rel=0.01)


def test_cluster_documents_hold_whole_clusters_and_separate_ones_single_records():
    records = corpus()
    whole = records.groupby("cluster_id")["record_id"].agg(set)
    rows = mix(records)[0].to_pandas()
    shop = rows[rows["kind"] == "shop"].groupby("document_id")["record_id"].agg(set)
    assert len(shop) and all(members == whole[name] for name, members in shop.items())
    separate = mix(records, MixtureSettings(strategy="separate"))[0].to_pandas()
    assert (separate["document_id"] == separate["record_id"]).all()


def test_general_text_is_the_same_under_both_strategies():
    records = corpus()
    first, second = (
        set(rows.loc[rows["kind"] == "general", "record_id"])
        for strategy in ("clusters", "separate")
        for rows in [mix(records, MixtureSettings(strategy=strategy))[0].to_pandas()]
    )
    assert first == second and len(first) > 100


def test_repeating_goes_through_a_short_side_again_in_another_order():
    records = corpus(shop=30)
    mixture, account = mix(records, budget=6_000)
    shop = account.set_index("kind").loc["shop"]
    assert shop["passes"] == 3 and shop["taken"] > 2 * shop["available"]
    rows = mixture.to_pandas()
    rows = rows[rows["kind"] == "shop"]
    times = Counter(rows["record_id"])
    assert set(times.values()) <= {2, 3} and len(times) == 30
    orders = {
        p: r.sort_values(["document_id", "position"])["record_id"].tolist()
        for p, r in rows.groupby("passing")
    }
    assert sorted(orders[0]) == sorted(orders[1]) and orders[0] != orders[1]
    assert rows.groupby("document_id")["passing"].nunique().eq(1).all()


@given(st.permutations(range(60)), st.integers(0, 3))
def test_row_order_does_not_matter(order, seed):
    records = corpus(shop=20, zh=20, en=20)
    shuffled = records.iloc[list(order)]
    assert mix(records, budget=500, seed=seed)[0].equals(mix(shuffled, budget=500, seed=seed)[0])


def budget_of(mixtures, asked, records=None):
    records = corpus() if records is None else records
    available = {
        name: available_tokens(make_documents(records, s.strategy, 1), s)
        for name, s in mixtures.items()
    }
    return plan_budget(available, mixtures, asked)


def test_without_a_budget_no_side_is_repeated():
    mixtures = {"mixed": MixtureSettings(), "shop": MixtureSettings(ratio={"shop": 1})}
    budget = budget_of(mixtures, None)
    used = [
        mix(corpus(), settings, budget)[1].eval("taken / available").max()
        for settings in mixtures.values()
    ]
    assert max(used) == pytest.approx(1, abs=0.01)  # the scarcest side is used up, once


@pytest.mark.parametrize("setting", ["stop", "repeat"])
def test_a_short_side_stops_with_the_numbers(setting):
    mixtures = {"ecom": MixtureSettings(ratio={"shop": 1}, on_shortage=setting, max_passes=2)}
    with pytest.raises(ValueError, match=r"'ecom' is short of shop text.*1,000,000.*are there"):
        budget_of(mixtures, 1_000_000)


def test_shrinking_keeps_one_budget_for_all():
    mixtures = {
        "mixed": MixtureSettings(on_shortage="shrink"),
        "ecom": MixtureSettings(ratio={"shop": 1}, on_shortage="shrink"),
    }
    budget = budget_of(mixtures, 1_000_000)
    assert budget == budget_of(mixtures, None)
    for settings in mixtures.values():
        assert mix(corpus(), settings, budget)[1]["taken"].sum() == pytest.approx(budget, rel=0.01)


def test_a_side_without_any_text_is_an_impossible_ratio():
    with pytest.raises(ValueError, match=r"'m' asks for 33.3% shop text, of which no record"):
        budget_of({"m": MixtureSettings()}, 100, corpus(shop=0))
    with pytest.raises(ValueError, match=r"general ja text, of which no record"):
        budget_of({"m": MixtureSettings(languages={"general": {"ja": 1}})}, 100)


@pytest.mark.parametrize("ratio", [{"general": 0, "shop": 0}, {"general": -1, "shop": 2}, {}])
def test_ratios_that_cannot_be_are_refused(ratio):
    with pytest.raises(ValueError, match=r"must be positive|must not be negative"):
        MixtureSettings(ratio=ratio)


def test_a_budget_below_every_document_of_a_side_is_an_error(caplog):
    with pytest.raises(ValueError, match=r"no general zh document fits its share of 4 tokens"):
        mix(corpus(), budget=12)
    long_shop = corpus()
    long_shop.loc[long_shop["kind"] == "shop", "n_tokens"] = 4_000
    with pytest.raises(ValueError, match="no shop document fits its share of 3,000"):
        mix(long_shop)


def test_a_side_that_misses_its_share_by_more_than_a_percent_is_told(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("shoplm"), "propagate", True)
    mix(corpus(length=60), budget=1_000)
    assert "no document is short enough for the rest" in caplog.text


@given(st.integers(1, 7), st.integers(1, 7), st.integers(2, 9_000))
def test_a_budget_that_data_cover_exactly_is_no_shortage(general, shop, there):
    settings = MixtureSettings(
        ratio={"general": general, "shop": shop}, languages={}, on_shortage="stop"
    )
    shares = settings.shares()
    budget = there * (general + shop)
    available = {group: round(share * budget) for group, share in shares.items()}
    assert plan_budget({"m": available}, {"m": settings}, budget) == budget
    short = {group: tokens - 1 for group, tokens in available.items()}
    with pytest.raises(ValueError, match="is short of"):
        plan_budget({"m": short}, {"m": settings}, max(budget, 2 * (general + shop)))
