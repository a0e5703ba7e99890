from collections import Counter

import ibis
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.clusters import Graph, link_records, permute_clusters, select_clusters
from shoplm.corpus.settings import ClusterSettings


@st.composite
def record_tables(draw):
    n = draw(st.integers(1, 40))
    keys = st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True)
    return pd.DataFrame(
        {
            "record_id": [f"r{i}" for i in range(n)],
            "source": draw(st.lists(st.sampled_from(["t", "p", "d", "r"]), min_size=n, max_size=n)),
            "n_tokens": draw(st.lists(st.integers(1, 60), min_size=n, max_size=n)),
            "keys": draw(st.lists(keys, min_size=n, max_size=n)),
        }
    )


def choose(records: pd.DataFrame, settings=None, max_tokens=100, separator=1, seed=0):
    table = ibis.memtable(records, schema=SCHEMA)
    graph = Graph.from_tables(table, link_records(table), seed)
    return select_clusters(graph, settings or ClusterSettings(max_records=5), max_tokens, separator)


SCHEMA = {"record_id": "string", "source": "string", "n_tokens": "int64", "keys": "array<string>"}


def oracle_graph(records: pd.DataFrame) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(records["record_id"])
    for i, a in records.iterrows():
        for _, b in records.loc[i + 1 :].iterrows():
            if set(a["keys"]) & set(b["keys"]):
                graph.add_edge(a["record_id"], b["record_id"])
    return graph


@given(record_tables())
def test_every_record_is_in_one_connected_cluster_within_limits(records):
    chosen = choose(records).to_pandas().merge(records, on="record_id")
    assert Counter(chosen["record_id"]) == Counter(records["record_id"])
    graph = oracle_graph(records)
    for _, cluster in chosen.groupby("cluster_id"):
        members = list(cluster["record_id"])
        assert nx.is_connected(graph.subgraph(members))
        assert len(members) <= 5
        assert len(members) == 1 or cluster["n_tokens"].sum() + len(members) - 1 <= 100
    components = {frozenset(g["record_id"]) for _, g in chosen.groupby("component")}
    assert components == {frozenset(c) for c in nx.connected_components(graph)}


@given(record_tables())
def test_no_cluster_stops_early(records):
    """A cluster below the size limit had no unused neighbour that fits its tokens."""
    chosen = choose(records, ClusterSettings(min_records=1, max_records=5)).to_pandas()
    graph = oracle_graph(records)
    length = records.set_index("record_id")["n_tokens"]
    used: set[str] = set()
    for _, cluster in chosen.groupby("cluster_id"):  # ids follow the order inside a component
        members = set(cluster["record_id"])
        if len(members) < 5:
            neighbours = {n for m in members for n in graph.neighbors(m)}
            room = 100 - length[list(members)].sum() - len(members)
            assert all(length[n] > room for n in neighbours - members - used)
        used |= members


@pytest.mark.parametrize(
    ("n", "sizes"), [(9, [2, 7]), (10, [2, 8]), (17, [2, 7, 8]), (8, [8]), (1, [1])]
)
def test_a_last_record_is_not_left_over(n, sizes):
    records = pd.DataFrame(
        {
            "record_id": [f"r{i}" for i in range(n)],
            "source": "s",
            "n_tokens": 1,
            "keys": [["p"]] * n,
        }
    )
    chosen = choose(records, ClusterSettings())
    assert sorted(Counter(chosen["cluster_id"].to_pylist()).values()) == sizes


def test_a_neighbour_spares_a_record_for_what_the_token_limit_left_over():
    records = pd.DataFrame(
        {
            "record_id": ["a", "b", "c", "d"],
            "source": "s",
            "n_tokens": [30, 30, 30, 30],
            "keys": [["p"]] * 4,
        }
    )
    for seed in range(5):  # three fit, one would be left
        chosen = choose(records, max_tokens=92, seed=seed)
        assert sorted(Counter(chosen["cluster_id"].to_pylist()).values()) == [2, 2]


@given(record_tables())
def test_each_record_shares_a_key_with_one_chosen_before_it(records):
    chosen = choose(records).to_pandas().merge(records, on="record_id")
    for _, cluster in chosen.groupby("cluster_id"):
        assert list(cluster["choice"]) == list(range(len(cluster)))
        seen = set(cluster["keys"].iloc[0])
        for keys in cluster["keys"].iloc[1:]:
            assert seen & set(keys)
            seen |= set(keys)


@given(record_tables())
def test_small_clusters_are_those_that_no_neighbour_can_help(records):
    chosen = choose(records).to_pandas().merge(records, on="record_id")
    graph = oracle_graph(records)
    clusters = {name: rows.set_index("record_id") for name, rows in chosen.groupby("cluster_id")}
    home = dict(zip(chosen["record_id"], chosen["cluster_id"], strict=True))
    for name, small in clusters.items():
        if len(small) > 1:
            continue
        (record,) = small.index
        for neighbour in graph.neighbors(record):
            donor = clusters[home[neighbour]]
            rest = [r for r in donor.index if r != neighbour]
            fits = small["n_tokens"].sum() + donor.loc[neighbour, "n_tokens"] + 1 <= 100
            assert len(rest) < 2 or not fits or not nx.is_connected(graph.subgraph(rest)), name


def test_a_long_record_does_not_hide_a_short_one_behind_it():
    records = pd.DataFrame(
        {
            "record_id": ["title", "long", "short"],
            "source": ["title", "review", "review"],
            "n_tokens": [10, 505, 20],
            "keys": [["p"]] * 3,
        }
    )
    for seed in range(12):
        chosen = choose(records, max_tokens=511, seed=seed).to_pandas()
        clusters = set(chosen.groupby("cluster_id")["record_id"].agg(frozenset))
        assert clusters == {frozenset({"title", "short"}), frozenset({"long"})}


@given(record_tables(), st.randoms(use_true_random=False))
def test_row_order_does_not_matter_and_the_seed_does_not_lose_records(records, random):
    rows = list(range(len(records)))
    random.shuffle(rows)
    shuffled = records.iloc[rows].reset_index(drop=True)
    assert choose(records).equals(choose(shuffled))
    other = choose(records, seed=1)
    assert Counter(other["record_id"].to_pylist()) == Counter(records["record_id"])


def test_a_cluster_covers_every_source_before_it_repeats_one():
    records = pd.DataFrame(
        {
            "record_id": [f"r{i}" for i in range(9)],
            "source": ["title", "properties", "description", "article"] + ["review"] * 5,
            "n_tokens": 10,
            "keys": [["p"]] * 9,
        }
    )
    chosen = choose(records, ClusterSettings(max_records=5)).to_pandas()
    first = chosen[chosen["cluster_id"] == chosen["cluster_id"].iloc[0]]
    assert records.set_index("record_id").loc[first["record_id"], "source"].nunique() == 5


def test_selection_starts_at_the_key_with_most_sources_and_prefers_near_records():
    # product b has three sources, product a one; the article names both
    rows = [
        ("a1", "review", ["a"]), ("a2", "review", ["a"]), ("a3", "review", ["a"]),
        ("b1", "title", ["b"]), ("b2", "properties", ["b"]), ("b3", "review", ["b"]),
        ("ab", "article", ["a", "b"]),
    ]  # fmt: skip
    records = pd.DataFrame(rows, columns=["record_id", "source", "keys"]).assign(n_tokens=10)
    for seed in range(20):
        chosen = choose(records, ClusterSettings(max_records=4), seed=seed).to_pandas()
        clusters = chosen.groupby("cluster_id", sort=False)["record_id"].agg(frozenset)
        assert clusters.iloc[0] == {"b1", "b2", "b3", "ab"}
        assert clusters.iloc[1] == {"a1", "a2", "a3"}


def test_a_record_beyond_the_budget_stands_alone():
    records = pd.DataFrame(
        {
            "record_id": ["long", "x", "y"],
            "source": ["d", "t", "r"],
            "n_tokens": [1000, 10, 10],
            "keys": [["p"]] * 3,
        }
    )
    chosen = choose(records, max_tokens=21).to_pandas()
    assert set(chosen.groupby("cluster_id")["record_id"].agg(frozenset)) == {
        frozenset({"long"}), frozenset({"x", "y"}),
    }  # fmt: skip


def test_a_hub_product_is_linear_work():
    n = 20_000
    edges = np.stack([np.arange(n), np.zeros(n, np.int64)], axis=1)
    graph = Graph(np.array([f"r{i}" for i in range(n)]), np.zeros(n, int), np.full(n, 5), edges)
    chosen = select_clusters(graph, ClusterSettings(), 511, 1)
    sizes = Counter(chosen["cluster_id"].to_pylist())
    assert set(sizes.values()) == {8}


def test_another_seed_is_another_permutation():
    records = pd.DataFrame(
        {"record_id": [f"r{i}" for i in range(50)], "source": "s", "n_tokens": 1,
         "keys": [["p"]] * 50}
    )  # fmt: skip
    chosen = choose(records, ClusterSettings(max_records=50))
    orders = [tuple(permute_clusters(chosen, seed)["record_id"].to_pylist()) for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])
    assert permute_clusters(chosen, 0)["position"].to_pylist() == list(range(50))


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="min_records"):
        ClusterSettings(min_records=9, max_records=8)


def test_links_to_unknown_records_are_refused():
    table = ibis.memtable(
        pd.DataFrame({"record_id": ["a"], "source": ["s"], "n_tokens": [1], "keys": [["k"]]})
    )
    links = ibis.memtable(pd.DataFrame({"record_id": ["b"], "key": ["k"]}))
    with pytest.raises(ValueError, match="not among the kept records"):
        Graph.from_tables(table, links, 0)
