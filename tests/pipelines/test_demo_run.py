"""What the small demo, run once through the command line, leaves behind."""

import gzip
import json
import random
from collections import Counter
from pathlib import Path

import nbformat
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient
from transformers import AutoTokenizer

NOTEBOOKS = sorted(Path(__file__).parents[2].glob("notebooks/*.ipynb"))


@pytest.fixture(scope="module")
def load(demo_catalog):
    def load(name: str) -> pd.DataFrame:
        return demo_catalog.load(name).to_pandas()

    return load


@pytest.fixture(scope="module")
def blocks_of():
    def blocks_of(project: Path) -> dict[str, np.ndarray]:
        folder = project / "data/test/05_model_input/packed_blocks"
        return {f"{path.parent.name}/{path.name}": np.load(path) for path in folder.glob("*/*.npy")}

    return blocks_of


def test_every_record_is_kept_or_listed_once(load):
    raw, kept = load("records"), load("tokenised_records")
    lists = [load(name) for name in ("rejected_records", "duplicate_records", "unreadable_rows")]
    rejected, duplicates, unreadable = (list(part["record_id"]) for part in lists)
    assert Counter(rejected + duplicates + list(kept["record_id"])) == Counter(
        list(raw["record_id"]) + unreadable
    )
    assert len(set(raw["record_id"])) == len(raw)
    for part in lists:
        assert part["reason"].notna().all() and part["source"].notna().all()
    assert len(kept) > 0.5 * len(raw)
    assert {"near_duplicate", "exact_duplicate"} <= set(lists[1]["reason"])
    assert len(set(lists[0]["reason"])) >= 3


def test_clusters_partition_the_kept_records_and_are_connected(load):
    kept, clusters = load("tokenised_records"), load("clusters")
    assert Counter(clusters["record_id"]) == Counter(kept["record_id"])
    graph = nx.Graph()
    graph.add_edges_from(load("record_graph").itertuples(index=False))
    for _, rows in clusters.groupby("cluster_id"):
        members = list(rows["record_id"])
        assert sorted(rows["position"]) == list(range(len(members)))
        if len(members) > 1:
            keys = {key for member in members for key in graph[member]}
            assert nx.is_connected(graph.subgraph(keys | set(members)))
    sources = clusters.merge(kept, on="record_id").groupby("cluster_id")["source"].nunique()
    assert sources.max() >= 4  # title, properties, description, review of one product


def test_articles_reach_several_products(load):
    records = load("records")
    articles = records[records["source"].str.contains("article")]
    assert articles["keys"].map(len).max() >= 2


def test_mixtures_share_a_budget_and_reach_their_ratios(demo_catalog):
    accounts = demo_catalog.load("mixture_accounts")
    assert set(accounts["mixture"]) == {"mixed", "separate", "ecom_only", "general_only"}
    assert accounts.groupby("mixture")["target"].sum().between(19_998, 20_002).all()
    # what is left over is shorter than any document, which at this size is some percent
    assert (accounts["taken"] / accounts["target"]).between(0.97, 1).all()


def test_no_mixture_has_a_held_out_record_or_a_product_of_one(demo_catalog, load):
    kept, held = load("tokenised_records").set_index("record_id"), load("held_out_records")
    assert {"general_en", "general_zh", "shop_en", "shop_zh"} == set(held["split"])
    mixtures = demo_catalog.load("training_mixture").values()
    mixed = set().union(*(mixture().to_pandas()["record_id"] for mixture in mixtures))
    assert mixed and mixed.isdisjoint(held["record_id"])
    held_keys, mixed_keys = (
        {key for keys in kept.loc[list(ids), "keys"] for key in keys}
        for ids in (held["record_id"], mixed)
    )
    assert held_keys and held_keys.isdisjoint(mixed_keys)
    report = demo_catalog.load("mixing_report")["held_out"]
    assert report["records"] == len(held) == sum(s["records"] or 0 for s in report["splits"])
    assert report["records"] + report["trainable_records"] == len(kept)


def test_held_out_blocks_are_records_alone_and_the_same_products_as_clusters(demo_catalog, load):
    blocks, report = demo_catalog.load("held_out_blocks"), demo_catalog.load("mixing_report")
    sizes = {s["split"]: s["measured_documents"] for s in report["held_out"]["splits"]}
    assert {name: packed.meta.n_documents for name, packed in blocks.items()} == sizes
    assert {f"{kind}_{language}" for kind in ("general", "shop", "clusters")
            for language in ("en", "zh")} == set(blocks)  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(demo_catalog.load("base_model"))
    mixed = demo_catalog.load("packed_blocks")["mixed"].meta
    texts = load("tokenised_records").merge(load("held_out_records"), on="record_id")
    for name, packed in blocks.items():
        assert packed.meta.tokenizer == mixed.tokenizer and packed.meta.n_tokens <= 2_000
        assert packed.meta.sequence_length == mixed.sequence_length
        documents = decoded(packed, tokenizer)
        if name.startswith("clusters"):
            language = name.removeprefix("clusters_")
            parts = set(texts.loc[texts["split"] == f"shop_{language}", "text"])
            assert all(sum(part in text for part in parts) > 1 for text in documents)
        else:
            assert documents <= set(texts.loc[texts["split"] == name, "text"])


def test_the_base_model_has_not_seen_what_is_held_out(demo_catalog, load):
    tokenizer = AutoTokenizer.from_pretrained(demo_catalog.load("base_model"))
    blocks = demo_catalog.load("base_blocks")
    seen = " ".join(decoded(blocks["general"], tokenizer))
    texts = load("tokenised_records").merge(load("held_out_records"), on="record_id")
    general = texts[texts["split"].str.startswith("general")]["text"]
    passages = [text[at : at + 60] for text in general for at in range(0, len(text) - 60, 30)]
    assert len(general) > 10 and len(passages) > 100
    assert not [text for text in general if text.split("\n", 1)[1].strip() in seen]
    assert np.mean([passage in seen for passage in passages]) < 0.01
    measured = decoded(blocks["general_en"], tokenizer) | decoded(blocks["general_zh"], tokenizer)
    bodies = {text.split("\n", 1)[1].strip() for text in general}
    assert measured and measured <= bodies


def decoded(packed, tokenizer):
    """The texts of the documents in some blocks."""
    pieces = {}
    for block in range(packed.meta.n_blocks):
        names = packed.documents[packed.offsets[block] : packed.offsets[block + 1]]
        for name, piece in zip(names.tolist(), packed.segments(block), strict=True):
            pieces.setdefault(name, []).append(piece)
    return {tokenizer.decode(parts[0][:-1]) for parts in pieces.values() if len(parts) == 1}


def test_blocks_hold_exactly_the_mixture(demo_catalog, load):
    tokens = load("tokenised_records").set_index("record_id")["tokens"]
    blocks = demo_catalog.load("packed_blocks")
    mixtures = demo_catalog.load("training_mixture")
    assert set(blocks) == set(mixtures)
    for name, packed in blocks.items():
        rows = mixtures[name]().to_pandas()
        expected = np.bincount(np.concatenate([tokens[r] for r in rows["record_id"]]))
        used = np.concatenate([s for b in range(packed.meta.n_blocks) for s in packed.segments(b)])
        found = np.bincount(used, minlength=len(expected))
        eos, separators = packed.meta.eos_id, len(rows) - rows["document_id"].nunique()
        assert found[eos] == rows["document_id"].nunique() + expected[eos]
        found[eos] = expected[eos]
        assert (found - expected).sum() == separators and (found >= expected).all()
        assert packed.meta.fill > 0.8  # documents are nearly as long as blocks here


def test_the_report_says_what_was_done(demo_project):
    page = (demo_project / "data/test/08_reporting/mixing.html").read_text()
    for words in ("Why records were refused", "separate", "near_duplicate", "plotly"):
        assert words in page


def test_the_run_printed_few_lines(demo_project):
    printed = (demo_project / "printed.txt").read_text().splitlines()
    assert len(printed) < 160  # one for each of 96 nodes
    assert not any("Loading data" in line or "Warning" in line for line in printed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_over_the_demo(demo_project, monkeypatch, path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs"), f"{path.name} is committed with outputs"
    monkeypatch.setenv("KEDRO_ENV", "test")
    folder = demo_project / "notebooks"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder}}).execute()


def test_lineage_builds_with_layers_and_namespaces(demo_project, kedro, monkeypatch):
    monkeypatch.setenv("KEDRO_ENV", "test")
    kedro(demo_project, "viz", "build", "--include-previews")
    lineage = json.loads((demo_project / "build/api/pipelines/demo").read_text())
    assert {"raw", "intermediate", "primary", "model_input", "reporting"} <= set(lineage["layers"])
    boxes = {node["id"] for node in lineage["nodes"] if node["type"] == "modularPipeline"}
    boxed = {"demo_shop", "base_model", "data_mixing", "sft", "evaluation", "sequential", "funnel"}
    assert boxed <= boxes


def test_content_depends_on_seed_alone_not_on_row_order_or_threads(demo_project, kedro, blocks_of):
    before = blocks_of(demo_project)
    files = list(demo_project.glob("data/test/01_raw/*.jsonl.gz"))
    assert len(files) >= 5
    for file in files:
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        random.Random(0).shuffle(lines)
        file.write_bytes(gzip.compress(b"".join(lines)))
    settings = demo_project / "conf/test/globals.yml"
    settings.write_text(f"{settings.read_text()}duckdb: {{backend: duckdb, threads: 1}}\n")
    kedro(demo_project, "run", "--env=test", "--pipelines=data_mixing")
    shuffled = blocks_of(demo_project)
    assert before.keys() == shuffled.keys() and all(
        (array == shuffled[name]).all() for name, array in before.items()
    )
    kedro(
        demo_project, "run", "--env=test", "--pipelines=data_mixing", "--params=data_mixing.seed=1"
    )
    other = blocks_of(demo_project)
    assert all(other[n].shape != a.shape or (other[n] != a).any() for n, a in before.items())
