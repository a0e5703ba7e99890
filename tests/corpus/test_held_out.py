import random

import ibis
import networkx as nx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.held_out import (
    are_held_out,
    content_key,
    hold_out_records,
    list_documents,
    measured_documents,
    split_name,
)
from shoplm.corpus.settings import HeldOutSettings

QUARTER = HeldOutSettings(share=0.25, max_records=6, max_tokens=500)


def corpus(products=80, general=200, seed=0):
    """Records of products (one to eight each, some with two products) and general texts."""
    rng = random.Random(seed)
    rows, edges = [], []
    for product in range(products):
        language = ("en", "zh")[product % 2]
        for number in range(rng.randint(1, 8)):
            name = f"shop-{product:03d}-{number}"
            rows.append((name, "shop", language, f"words {name}", rng.randint(5, 40)))
            edges.append((name, product))
        if product % 7 == 0 and product > 1:
            edges.append((name, product - 2))  # a record of two products
    for number in range(general):
        name, language = f"web-{number:03d}", ("en", "zh")[number % 2]
        rows.append((name, "general", language, f"a text of its own {number}", rng.randint(5, 40)))
    records = pd.DataFrame(rows, columns=["record_id", "kind", "language", "text", "n_tokens"])
    graph = nx.Graph()
    graph.add_nodes_from(records["record_id"])
    graph.add_edges_from((name, ("product", product)) for name, product in edges)
    component = {}
    for number, members in enumerate(nx.connected_components(graph)):
        component |= dict.fromkeys(members, number)
    records["component"] = records["record_id"].map(component)
    position = records.groupby("component").cumcount()
    records["cluster_id"] = [
        f"c{c}.{p // 3}" for c, p in zip(records["component"], position, strict=True)
    ]
    return records, graph


def tables(frame):
    records = ibis.memtable(frame[["record_id", "kind", "language", "text", "n_tokens"]])
    return records, ibis.memtable(frame[["cluster_id", "record_id", "component"]])


def hold_out(frame, settings=QUARTER):
    return hold_out_records(*tables(frame), settings).to_pandas()


def measure(frame, held_out, settings=QUARTER):
    records, clusters = tables(frame)
    schema = {"record_id": "string", "split": "string", "component": "int64"}
    return measured_documents(
        ibis.memtable(held_out, schema=schema), clusters, records, settings, separator_tokens=1
    )


LONG = "".join(f" word{number}" for number in range(120))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_title_or_other_white_space_before_the_text_does_not_matter(title):
    assert content_key(f"{title[:100]}\n{LONG}") == content_key(LONG)
    assert content_key(f"\n\n  {LONG.upper()} !\n") == content_key(LONG)
    assert content_key(title[100:] + " " * 900 + LONG) == content_key(LONG)


def test_texts_that_differ_at_the_end_differ():
    assert content_key(LONG) != content_key(LONG + " more")
    assert content_key("短的一行\n这是比标题更长的一行文字") == "这是比标题更长的一行文字"
    assert content_key("\uff21\uff22 caf\u00e9") == "abcafé" and content_key("") == ""


def test_general_texts_are_held_out_by_content_and_seed_alone():
    texts = [f"text number {number}" for number in range(4_000)]
    chosen = are_held_out(texts, QUARTER)
    assert chosen.mean() == pytest.approx(0.25, abs=0.03)
    assert (are_held_out(texts[::-1], QUARTER)[::-1] == chosen).all()
    other = are_held_out(texts, QUARTER.model_copy(update={"seed": 1}))
    assert (chosen & other).mean() == pytest.approx(1 / 16, abs=0.02)
    fewer = are_held_out(texts, QUARTER.model_copy(update={"share": 0.1}))
    assert (chosen | ~fewer).all() and fewer.any()  # of a smaller share all are in a larger one


def test_no_product_of_a_held_out_record_is_left_to_train_on():
    frame, graph = corpus()
    chosen = hold_out(frame)
    shop = chosen[chosen["split"].str.startswith("shop")]
    held = set(shop["record_id"])
    assert len(held) > 20
    products = {product for record in held for product in graph[record]}
    assert {record for product in products for record in graph[product]} == held
    assert shop.groupby("component").size().max() <= QUARTER.max_records
    assert (frame.groupby("component").size() > QUARTER.max_records).any()


def test_each_language_reaches_its_share_and_none_exceeds_it():
    frame, _ = corpus(products=400)
    chosen = hold_out(frame).merge(frame, on="record_id")
    for language in ("en", "zh"):
        there = (frame["kind"] == "shop") & (frame["language"] == language)
        held = chosen.loc[chosen["split"] == f"shop_{language}", "n_tokens"].sum()
        assert 0.98 * 0.25 <= held / frame.loc[there, "n_tokens"].sum() <= 0.25
        assert set(chosen.loc[chosen["split"] == f"general_{language}", "language"]) == {language}


@pytest.mark.parametrize("seed", range(3))
def test_row_order_and_component_numbers_do_not_matter(seed):
    shuffler = random.Random(seed)
    frame, _ = corpus(products=30, general=30)
    numbers = list(range(frame["component"].max() + 1))
    shuffler.shuffle(numbers)
    shuffled = frame.sample(frac=1, random_state=shuffler.randint(0, 99))
    shuffled["component"] = shuffled["component"].map(dict(enumerate(numbers)))
    columns = ["record_id", "split"]
    assert hold_out(shuffled)[columns].equals(hold_out(frame)[columns])


def test_another_seed_holds_out_others():
    frame, _ = corpus()
    other = hold_out(frame, QUARTER.model_copy(update={"seed": 1}))
    shop = [set(h.loc[h["split"] == "shop_en", "record_id"]) for h in (hold_out(frame), other)]
    assert shop[0] and shop[1] and shop[0] != shop[1]


def test_a_component_whose_text_another_has_word_for_word_is_never_held_out():
    frame, _ = corpus(general=0)
    held = hold_out(frame)
    victim = held["component"].iloc[0]
    twin = frame[~frame["component"].isin(held["component"])].index[0]
    record = frame.index[frame["component"] == victim][0]
    frame.loc[twin, "text"] = "Blue KETTLE, steel"
    frame.loc[record, "text"] = "blue kettle steel!"
    assert victim not in set(hold_out(frame)["component"])


def test_a_component_with_general_text_is_never_held_out_whole():
    frame, _ = corpus()
    held = hold_out(frame)
    victim = held.loc[held["split"] == "shop_en", "component"].iloc[0]
    general = ("web-x", "general", "en", "linked", 9, victim, "c-x")
    frame.loc[len(frame)] = general
    again = hold_out(frame)
    assert victim not in set(again.loc[again["split"].str.startswith("shop"), "component"])


def test_documents_are_records_alone_and_clusters_of_two_or_more():
    frame, _ = corpus(products=160)
    held = hold_out(frame)
    splits = measure(frame, held)
    assert list(splits) == [
        "clusters_en", "clusters_zh", "general_en", "general_zh", "shop_en", "shop_zh",
    ]  # fmt: skip
    whole = frame.groupby("cluster_id")["record_id"].agg(set)
    for name, rows in splits.items():
        rows = rows.to_pandas()
        documents = rows.groupby("document_id")["record_id"].agg(set)
        tokens = rows["n_tokens"].sum() + len(rows)  # separators and end marks
        assert 400 < tokens <= QUARTER.max_tokens
        assert set(rows["record_id"]) <= set(held["record_id"])
        if name.startswith("clusters"):
            assert all(len(members) > 1 for members in documents)
            assert all(members == whole[cluster] for cluster, members in documents.items())
        else:
            assert (rows["document_id"] == rows["record_id"]).all()
            assert set(held.set_index("record_id").loc[rows["record_id"], "split"]) == {name}


def test_with_room_for_all_everything_held_out_is_measured():
    frame, _ = corpus()
    held = hold_out(frame)
    splits = measure(frame, held, QUARTER.model_copy(update={"max_tokens": 10**6}))
    for name, rows in held.groupby("split")["record_id"]:
        assert set(splits[name]["record_id"].to_pylist()) == set(rows)
    again = measure(frame.iloc[::-1], held.iloc[::-1])
    assert all(rows.equals(again[name]) for name, rows in measure(frame, held).items())


def test_splits_without_documents_are_absent():
    frame, _ = corpus(products=40)
    few = measure(frame, hold_out(frame), QUARTER.model_copy(update={"max_tokens": 12}))
    assert "shop_en" in few and not any(name.startswith("clusters") for name in few)
    english = frame[frame["language"] == "en"]
    assert not any(name.endswith("zh") for name in measure(english, hold_out(english)))
    general = frame[frame["kind"] == "general"]
    assert set(measure(general, hold_out(general))) == {"general_en", "general_zh"}
    nothing = hold_out(frame, HeldOutSettings(share=0))
    assert nothing.empty and measure(frame, nothing) == {}


def test_names_of_splits_are_names_of_folders():
    assert split_name("shop", "zh-Hans/CN") == "shop_zh-Hans-CN"


def test_documents_are_listed_under_the_numbers_that_blocks_have_for_them():
    frame, _ = corpus()
    held_out = hold_out(frame)
    splits = measure(frame, held_out)
    listed = list_documents(splits, ibis.memtable(held_out))
    component = frame.set_index("record_id")["component"]
    assert set(listed["split"]) == set(splits)
    for split, rows in splits.items():
        of_split = listed[listed["split"] == split]
        assert of_split["document_id"].tolist() == sorted(set(rows["document_id"].to_pylist()))
        assert of_split["document"].tolist() == list(range(len(of_split)))
        expected = {
            document: component[record]
            for document, record in zip(
                rows["document_id"].to_pylist(), rows["record_id"].to_pylist(), strict=True
            )
        }
        assert dict(zip(of_split["document_id"], of_split["component"], strict=True)) == expected
    assert list_documents({}, ibis.memtable(held_out)).empty
