"""The pipeline that simulates the shop: what it leaves, and that only the seed decides it."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from shoplm.pipelines.demo_shop import create_pipeline
from shoplm.pipelines.demo_shop.params import DemoShopParams

TEXTS = (
    "products", "translations", "reviews", "articles", "general_text", "benchmark_passages",
    "queries", "news", "sentence_pairs", "addresses", "category_notes", "event_questions",
)  # fmt: skip


@pytest.fixture(scope="module")
def raw(new_project, kedro):
    project = new_project()
    kedro(project, "run", "--env=test", "--pipelines=demo_shop")
    return project / "data/test/01_raw"


def test_the_contract_of_names():
    pipeline = create_pipeline()
    assert pipeline.inputs() == {"params:demo_shop"}
    assert pipeline.all_outputs() >= {
        *TEXTS, "items", "interactions", "search_log", "watch_log", "simulation_truth",
    }  # fmt: skip
    assert {node.namespace for node in pipeline.nodes} == {"demo_shop"}
    assert all(node.func.__doc__ for node in pipeline.nodes)


def test_everything_is_written_and_any_strict_parser_reads_it(raw):
    for name in TEXTS:
        path = raw / f"{name}.jsonl.gz"
        with gzip.open(path, "rb") as file:
            rows = [json.loads(line.decode("utf-8", errors="strict")) for line in file]
        columns = set(rows[0])
        assert rows and all(set(row) == columns for row in rows)
        counted = duckdb.sql(f"select count(*) from read_json('{path}')").fetchall()
        assert counted == [(len(rows),)]
    items, events = pd.read_csv(raw / "items.csv.gz"), pd.read_csv(raw / "interactions.csv.gz")
    assert set(events["item_id"]) <= set(items["item_id"])
    log = pd.read_parquet(raw / "search_log.parquet")
    assert (log["click"] >= log["cart"]).all() and (log["cart"] >= log["purchase"]).all()


def test_the_truth_knows_the_raw_data(raw):
    truth = json.loads((raw / "simulation_truth.json").read_text())
    reviews = pd.read_json(raw / "reviews.jsonl.gz", lines=True).set_index("review_id")["text"]
    for first, second in truth["exact_duplicates"]["reviews"]:
        assert reviews[first] == reviews[second]
    assert {i for ids in truth["planted"]["reviews"].values() for i in ids} <= set(reviews.index)
    assert len(truth["departments"]["zero_shot"]) == 2


DIGEST = """
import hashlib, sys
from shoplm.pipelines.demo_shop import nodes
from shoplm.pipelines.demo_shop.params import DemoShopParams
params = DemoShopParams.model_validate({
    "catalogue": {"products": 40, "reviews": 80, "articles": 10, "queries": 5},
    "general": {"english": 10, "chinese": 10, "benchmark_passages": 8, "leaks": 4},
    "behaviour": {"users": 20, "search_rows": 200, "regions": 3},
    "watching": {"users": 20, "rows": 200},
})
shop = nodes.simulate_catalogue(params)
*tables, truth = nodes.simulate_texts(shop, params)
*behaviour, more = nodes.simulate_behaviour(shop, params)
watched, watch_truth = nodes.simulate_watching(params)
tables += [*behaviour, watched, nodes.simulate_queries(shop, params)]
tables.append(nodes.simulate_translations(shop, params))
tables += nodes.simulate_benchmarks(params)
truth = nodes.collect_truth(shop, truth, more, watch_truth, params)
digest = hashlib.sha256(repr(truth).encode())
for table in tables:
    digest.update(table.to_json(orient="records").encode())
print(digest.hexdigest())
"""


def test_the_same_shop_in_every_process():
    """Neither Python's string hashes nor anything else of a process decides what is simulated."""
    found = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(found) == 1


def test_runs_leave_the_same_tables(raw, new_project, kedro, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    arguments = ("run", "--env=test", "--pipelines=demo_shop", f"--params=raw_root={elsewhere}")
    kedro(new_project(), *arguments)
    for name in TEXTS:
        first, second = (
            hashlib.sha256(gzip.decompress((Path(root) / f"{name}.jsonl.gz").read_bytes()))
            for root in (raw, elsewhere)
        )
        assert first.hexdigest() == second.hexdigest(), name


@pytest.mark.parametrize(
    "overrides",
    [
        {"catalogue": {"products": 5}},
        {"catalogue": {"chinese_share": 1.2}},
        {"defects": {"garbag": 0.1}},
        {"behaviour": {"regions": 11}},
        {"general": {"leaks": -1}},
    ],
)
def test_wrong_sizes_are_refused_by_name(overrides):
    ((part, fields),) = overrides.items()
    with pytest.raises(ValidationError, match=f"{part}.{next(iter(fields))}"):
        DemoShopParams.model_validate(overrides)
