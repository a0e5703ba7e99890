import ibis
import pandas as pd
import pytest

from shoplm.corpus.packing import BlocksMeta
from shoplm.corpus.statistics import (
    describe_clusters,
    describe_corpus,
    describe_held_out,
    describe_mixtures,
    describe_reasons,
    sample_documents,
)


def table(columns, rows, **types):
    frame = pd.DataFrame(rows, columns=columns)
    return ibis.memtable(frame, schema={c: types.get(c, "string") for c in columns})


SIDE = ["record_id", "kind", "source", "language"]
RECORDS = [
    ("a", "shop", "titles", "en"), ("b", "shop", "titles", "en"), ("c", "shop", "titles", "en"),
    ("d", "shop", "titles", "en"), ("e", "general", "web", "zh"),
]  # fmt: skip
TOKENISED = table(
    [*SIDE, "text", "n_tokens"],
    [(*RECORDS[0], "abcd", 2), (*RECORDS[4], "文字文字文字", 5)],
    n_tokens="int64",
)


def test_corpus_counts_add_up():
    statistics = describe_corpus(
        table(SIDE, RECORDS),
        table([*SIDE, "reason"], [(*r, "too_short" if r[0] == "b" else None) for r in RECORDS]),
        table(["record_id"], [("c",)]),
        table(["record_id"], [("d",)]),
        TOKENISED,
    ).set_index("source")
    fates = ["records", "rejected", "duplicates", "contaminated", "kept", "tokens"]
    assert statistics.loc["titles", fates].tolist() == [4, 1, 1, 1, 1, 2]
    assert statistics.loc["web", fates].tolist() == [1, 0, 0, 0, 1, 5]
    assert statistics.loc["web", ["mean_tokens", "mean_characters"]].tolist() == [5, 6]
    assert (statistics["records"] == statistics[fates[1:5]].sum(axis=1)).all()


def test_reasons_are_counted_over_both_lists():
    columns = ["record_id", "source", "reason", "detail"]
    reasons = describe_reasons(
        table(columns, [("a", "s", "empty", ""), ("b", "s", "empty", "")]),
        table(columns, [("c", "t", "near_duplicate", "a")]),
    )
    assert reasons.to_dict("records") == [
        {"source": "s", "reason": "empty", "records": 2},
        {"source": "t", "reason": "near_duplicate", "records": 1},
    ]


def test_clusters_are_counted_over_shop_records():
    ids = list("abcdef")
    tokenised = table(
        [*SIDE, "n_tokens"],
        [(i, "shop", s, "en", 10) for i, s in zip("abcde", "tprrt", strict=True)]
        + [("f", "general", "web", "en", 99)],
        n_tokens="int64",
    )
    clusters = table(
        ["cluster_id", "record_id", "component"],
        list(zip(["1", "1", "1", "2", "3", "4"], ids, [0, 0, 0, 0, 1, 2], strict=True)),
        component="int64",
    )
    described = describe_clusters(clusters, tokenised, min_records=2)
    assert described["clusters"] == 3 and described["records"] == 5
    assert described["small_clusters"] == 2 and described["components"] == 2
    assert described["small_components"] == 1 and described["left_over"] == 1
    assert described["by_size"] == {"1": 2, "3": 1}
    assert described["by_sources"] == {"1": 2, "3": 1}
    assert described["by_component_size"] == {"1": 1, "4": 1}
    assert described["mean_tokens"] == pytest.approx(50 / 3, abs=1e-4)
    assert described["multi_source_share"] == pytest.approx(1 / 3, abs=1e-4)


def test_mixtures_tell_what_was_asked_and_reached():
    accounts = pd.DataFrame(
        {
            "mixture": "mixed", "kind": ["general", "shop"], "language": ["zh", "all"],
            "share": [0.5, 0.5], "available": [100, 50], "target": [60, 60], "taken": [60, 40],
            "documents": [3, 2], "passes": [1, 1],
        }
    )  # fmt: skip
    meta = BlocksMeta(16, 7, 100, 5, 1, 100 / 112, 0, 50, "x", 0)
    report = describe_mixtures(accounts, {"mixed": meta})["mixed"]
    assert [side["achieved_share"] for side in report["sides"]] == [0.6, 0.4]
    assert report["fill"] == pytest.approx(0.89286) and report["cut_documents"] == 1


def test_held_out_and_trainable_add_up_and_empty_splits_are_told():
    kinds = ["shop", "shop", "general", "general", "general"]
    languages = ["en", "en", "zh", "zh", "en"]
    rows = list(zip("abcde", range(10, 15), kinds, languages, strict=True))
    tokenised = table(["record_id", "n_tokens", "kind", "language"], rows, n_tokens="int64")
    held = [("a", "shop_en", 0), ("b", "shop_en", 0), ("c", "general_zh", 1)]
    held = table(["record_id", "split", "component"], held, component="int64")
    meta = BlocksMeta(16, 1, 22, 2, 0, 1.0, 0, 50, "x", 0)
    report = describe_held_out(held, tokenised, {"shop_en": meta})
    assert (report["records"], report["trainable_records"]) == (3, 2)
    assert (report["tokens"], report["trainable_tokens"]) == (33, 27)
    assert [tuple(row.values()) for row in report["splits"]] == [
        ("clusters_en", None, None, 0, 0), ("general_en", 0, 0, 0, 0),
        ("general_zh", 1, 12, 0, 0), ("shop_en", 2, 21, 2, 22),
    ]  # fmt: skip
    nothing = describe_held_out(held.filter(held.component > 9), tokenised, {})
    assert nothing["trainable_tokens"] == 60
    assert not any(split["records"] for split in nothing["splits"])


def test_samples_come_in_reading_order_and_follow_the_seed():
    rows = [(f"d{i}", p, f"r{i}.{p}", "shop") for i in range(30) for p in (0, 1)]
    mixture = table(["document_id", "position", "record_id", "kind"], rows, position="int64")
    texts = table(
        ["record_id", "source", "language", "text"],
        [(record, "s", "en", record) for _, _, record, _ in rows],
    )
    samples = sample_documents({"mixed": mixture}, texts, 3, 0)
    assert samples["document_id"].nunique() == 3 and len(samples) == 6
    expected = samples["document_id"].str.replace("d", "r") + "." + samples["position"].astype(str)
    assert (samples["text"] == expected).all()
    assert samples.equals(sample_documents({"mixed": mixture}, texts, 3, 0))
    assert not samples.equals(sample_documents({"mixed": mixture}, texts, 3, 1))
    assert sample_documents({"mixed": mixture}, texts, 0, 0).empty
