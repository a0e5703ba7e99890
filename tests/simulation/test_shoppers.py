"""Purchases: well-formed, and foretold by taste and by what was bought before."""

import numpy as np
import pytest

from shoplm.simulation.settings import BehaviourSize
from shoplm.simulation.shoppers import DOMAINS, Items, invent_users, simulate_interactions


@pytest.fixture(scope="module")
def events(simulated):
    return simulated.tables["interactions"]


def test_the_two_files_fit_together(simulated, events):
    items = simulated.tables["items"]
    assert list(items.columns) == ["domain", "item_id", "title", "category"]
    assert list(events.columns) == [
        "domain", "user_id", "item_id", "pos", "timestamp", "rating",
    ]  # fmt: skip
    assert items["item_id"].is_unique and items["title"].str.len().gt(5).all()
    joined = events.merge(items, on="item_id", suffixes=("", "_of_item"), validate="many_to_one")
    assert len(joined) == len(events)
    assert (joined["domain"] == joined["domain_of_item"]).all()
    assert set(events["domain"]) == set(simulated.truth["departments"]["all"])


def test_time_order_and_pos_agree_and_nobody_buys_twice(simulated, events):
    assert events["timestamp"].dtype == np.int64
    assert not events.duplicated(["user_id", "item_id"]).any()
    assert not events.duplicated(["user_id", "timestamp"]).any()
    for _, own in events.groupby(["domain", "user_id"]):
        own = own.sort_values("pos")
        assert own["pos"].tolist() == list(range(len(own)))
        assert own["timestamp"].is_monotonic_increasing
    assert events["rating"].between(1, 5).all()


def test_users_have_enough_events_and_many_buy_in_several_departments(simulated, events):
    counts = events.groupby("user_id").size()
    assert len(counts) == simulated.settings.behaviour.users
    assert abs(counts.mean() - simulated.settings.behaviour.events) < 2
    assert counts.quantile(0.02) >= 3 and counts.max() > 25
    domains = events.groupby("user_id")["domain"].nunique()
    assert 0.4 < (domains > 1).mean() < 0.7
    tastes = simulated.truth["tastes"]
    for user, bought in events.groupby("user_id")["domain"]:
        assert set(bought) <= set(tastes[user]["departments"])


def test_new_products_are_bought_only_after_their_launch(simulated, events):
    last = events["timestamp"].max()
    span = simulated.settings.behaviour.days * 86_400
    launch = {p.product_id: p.launch for p in simulated.shop.products}
    part = 1 - (last - events["timestamp"]) / span
    assert (part + 0.01 >= events["item_id"].map(launch)).all()
    fresh = [i for i, at in launch.items() if at > 0.7]
    first = events.groupby("item_id")["timestamp"].min()
    assert len(first.index.intersection(fresh)) > 10


def rank_of_last(simulated, events, score):
    """Rank of each user's last purchase in its department, without what was bought before."""
    items = simulated.tables["items"]
    shelf = {d: items.loc[items["domain"] == d, "item_id"].tolist() for d in DOMAINS}
    ranks = []
    for user, own in events.sort_values(["user_id", "timestamp"]).groupby("user_id"):
        *before, target = own["item_id"]
        domain = own["domain"].iloc[-1]
        candidates = [i for i in shelf[domain] if i not in set(before)]
        scores = score(user, before, candidates)
        mine = scores[candidates.index(target)]
        ranks.append(1 + (scores > mine).sum() + ((scores == mine).sum() - 1) / 2)
    return np.array(ranks)


@pytest.fixture(scope="module")
def facts(simulated, events):
    last = events.sort_values("timestamp").groupby("user_id").tail(1)
    popularity = events.drop(last.index)["item_id"].value_counts().to_dict()
    return simulated.truth, popularity


def recall(ranks, k=10):
    return (ranks <= k).mean()


@pytest.fixture(scope="module")
def popularity_recall(simulated, events, facts):
    truth, popularity = facts
    tastes, products = truth["tastes"], simulated.shop.products

    def score(user, before, candidates):
        speaks = tastes[user]["language"]
        return np.array(
            [
                popularity.get(i, 0) + 1000 * (products[int(i[1:])].language == speaks)
                for i in candidates
            ]
        )

    return recall(rank_of_last(simulated, events, score))


def test_a_taste_oracle_beats_popularity(simulated, events, popularity_recall):
    """Who knows what users like ranks better than who knows what sells."""
    settings = simulated.settings
    items = Items.of(simulated.shop.products)
    users = invent_users(settings.behaviour, settings.catalogue.chinese_share, settings.seed)

    def score(user, before, candidates):
        one = np.full(len(candidates), int(user[1:]))
        item = np.array([int(i[1:]) for i in candidates])
        return (
            users.taste(one, item, items)
            + users.kind[one, items.kind[item]]
            + 10 * (items.language[item] == users.language[one])
            + 0.7 * items.log_popularity[item]
        )

    ranks = rank_of_last(simulated, events, score)
    assert recall(ranks) > 1.2 * popularity_recall


def test_favourites_in_the_truth_are_bought_more(simulated, events):
    truth = simulated.truth
    facts = truth["products"]
    for facet, column, factor in (("style", "style", 1.5), ("colour", "colour_family", 1.2)):
        values = truth["facets"][facet]
        for taste in truth["tastes"].values():
            likes = taste["utilities"][facet]
            assert likes[values.index(taste[facet])] == max(likes)
        hits = [
            facts[i][column] == truth["tastes"][user][facet]
            for user, i in zip(events["user_id"], events["item_id"], strict=True)
        ]
        shares = [product[column] for product in facts.values()]
        chance = max(shares.count(value) for value in set(shares)) / len(shares)
        assert np.mean(hits) > factor * chance, facet


def test_the_last_purchase_foretells_the_next(simulated, events, facts, popularity_recall):
    truth, popularity = facts
    products, goes_with = truth["products"], truth["goes_with"]
    language = {p.product_id: p.language for p in simulated.shop.products}

    def score(user, before, candidates):
        last = products[before[-1]]
        return np.array(
            [
                10 * (language[i] == truth["tastes"][user]["language"])
                + 3 * (products[i]["kind"] in goes_with[last["kind"]])
                + 1.5 * (products[i]["style"] == last["style"])
                + 0.8 * np.log1p(popularity.get(i, 0))
                for i in candidates
            ]
        )

    ranks = rank_of_last(simulated, events, score)
    assert recall(ranks) > 1.3 * popularity_recall


def test_tastes_carry_over_to_departments_held_back(simulated, events):
    """The style bought most in known departments is bought more than by chance in the others."""
    held_back = set(simulated.truth["departments"]["zero_shot"])
    style = {i: facets["style"] for i, facets in simulated.truth["products"].items()}
    hits = total = 0
    for _, own in events.assign(style=events["item_id"].map(style)).groupby("user_id"):
        there = own["domain"].isin(held_back)
        if there.sum() and (~there).sum() >= 4:
            favourite = own.loc[~there, "style"].mode()[0]
            hits += (own.loc[there, "style"] == favourite).sum()
            total += there.sum()
    assert total > 300 and hits / total > 1.4 / 12


def test_another_seed_makes_other_shoppers(simulated):
    size = BehaviourSize(users=30)
    items = Items.of(simulated.shop.products)

    def run(seed):
        return simulate_interactions(invent_users(size, 0.5, seed), items, size, 10**9, seed)

    assert run(1).equals(run(1)) and not run(1).equals(run(2))
