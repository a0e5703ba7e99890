import gzip
import json
import shutil
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, DatasetError

from shoplm.corpus.reformulation import reformulate_sources
from shoplm.datasets import SourceTextsDataset, TextSourcesDataset

PROJECT = Path(__file__).parents[2]
CONF = PROJECT / "conf"
SHARED = PROJECT.parent / "shared" / "data"

SOURCES = {
    "reviews": {"file": "reviews.jsonl", "fields": "text", "language": {"column": "lang"}},
    "titles": {"file": "products.jsonl", "fields": {"t": {"column": "title"}}, "language": "en"},
}


def write(path, rows):
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(lines.encode()) if path.suffix == ".gz" else lines.encode())


@pytest.fixture
def folder(tmp_path):
    write(
        tmp_path / "reviews.jsonl", [{"text": "good", "lang": "en"}, {"text": "不错", "lang": "zh"}]
    )
    write(tmp_path / "products.jsonl", [{"title": "Mug"}, {"title": ""}])
    return tmp_path


def test_loads_the_specifications(folder):
    sources = TextSourcesDataset(path=str(folder), sources=SOURCES).load()
    assert sources.root == folder
    assert list(sources.sources) == ["reviews", "titles"]
    assert sources.files("reviews") == [folder / "reviews.jsonl"]


def test_a_missing_file_is_an_error_on_load(folder):
    dataset = TextSourcesDataset(path=str(folder), sources=SOURCES)
    assert dataset.exists()
    (folder / "products.jsonl").unlink()
    assert not dataset.exists()
    with pytest.raises(
        DatasetError, match=r"source 'titles': file .*products.jsonl does not exist"
    ):
        dataset.load()


def test_a_wrong_entry_is_an_error_that_names_source_and_field(folder):
    sources = {"reviews": SOURCES["reviews"] | {"kyes": "id"}}
    with pytest.raises(DatasetError, match="source 'reviews': unknown field 'kyes'; did you mean"):
        TextSourcesDataset(path=str(folder), sources=sources)


def test_saving_takes_note_of_written_files(folder):
    dataset = TextSourcesDataset(path=str(folder), sources=SOURCES)
    dataset.save(["reviews.jsonl", "products.jsonl"])
    with pytest.raises(DatasetError, match=r"queries.jsonl: no source reads this file; they read"):
        dataset.save(["queries.jsonl"])
    (folder / "products.jsonl").unlink()
    with pytest.raises(DatasetError, match=r"products.jsonl: was not written"):
        dataset.save(["products.jsonl"])


def test_texts_as_a_data_frame(folder):
    dataset = SourceTextsDataset(path=str(folder), sources=SOURCES)
    frame = dataset.load()
    assert frame.values.tolist() == [["good", "en"], ["不错", "zh"], ["Mug", "en"]]
    assert list(frame) == ["text", "language"]
    assert dataset.exists()
    with pytest.raises(DatasetError, match="can only be read"):
        dataset.save(frame)


def test_unreadable_texts_are_one_clear_error(folder):
    (folder / "reviews.jsonl").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"reviews.jsonl: is empty; expected jsonl"):
        SourceTextsDataset(path=str(folder), sources=SOURCES).load()


@pytest.mark.parametrize("name", ["text_sources", "general_text", "benchmark_files"])
@pytest.mark.parametrize("root", ["../raw", "raw", "/raw"])
def test_a_relative_root_on_the_command_line_starts_at_the_project(name, root):
    """As `kedro run --env=public --params=raw_root=../raw` has it."""
    loader = OmegaConfigLoader(
        str(CONF), base_env="base", default_run_env="local", env="public",
        runtime_params={"raw_root": root},
    )  # fmt: skip
    context = KedroContext(PROJECT, loader, "public", "shoplm", _create_hook_manager())
    assert Path(context.catalog[name]._describe()["path"]) == PROJECT / root


@pytest.fixture
def catalog_of(tmp_path):
    """The catalog of one environment's file, with `raw_root` set."""

    def make(file: Path, root: Path) -> DataCatalog:
        conf = tmp_path / "conf"
        (conf / "base").mkdir(parents=True)
        (conf / "local").mkdir()
        shutil.copy(CONF / "base" / "globals.yml", conf / "base")
        shutil.copy(file, conf / "base" / "catalog.yml")
        loader = OmegaConfigLoader(
            str(conf), base_env="base", default_run_env="local",
            runtime_params={"raw_root": str(root)},
        )  # fmt: skip
        return DataCatalog.from_config(loader["catalog"])

    return make


def by_source(sources):
    records, unreadable, names = reformulate_sources(sources)
    rows = records.order_by("source", "row").execute()
    texts = {source: list(group.text) for source, group in rows.groupby("source")}
    keys = {source: [list(k) for k in group["keys"]] for source, group in rows.groupby("source")}
    return texts, keys, unreadable.execute(), names.execute()


def test_amazon_2018_layout(tmp_path, catalog_of):
    meta = {
        "category": ["Toys", "Games"], "tech1": {"Screen Size": "5 in"}, "tech2": "",
        "description": ["First.", "", "Second."], "title": "Puzzle", "brand": "Acme",
        "also_buy": [], "feature": ["100 pieces", "wood"],
        "details": {"\n Item Weight: \n ": "1 pounds"},
        "asin": "B1", "price": "$3", "similar_item": "<table></table>",
    }  # fmt: skip
    bare = {
        "title": "Ball",
        "tech1": "",
        "tech2": "",
        "description": [],
        "feature": [],
        "asin": "B2",
    }
    reviews = [
        {
            "overall": 5.0,
            "asin": "B1",
            "reviewText": "Great.",
            "summary": "Five Stars",
            "vote": "2",
        },
        {"overall": 1.0, "asin": "B2", "summary": "Bad", "style": {"Size:": " L"}},
    ]
    write(tmp_path / "meta_Toys.json.gz", [meta, bare])
    write(tmp_path / "Toys_5.json.gz", reviews)
    catalog = catalog_of(CONF / "public" / "examples" / "amazon_2018.yml", tmp_path)
    texts, keys, unreadable, names = by_source(catalog["text_sources"].load())
    assert texts == {
        "product_information": [
            "Puzzle\nBrand: Acme\nCategory: Toys > Games\nScreen Size: 5 in\nItem Weight: 1 pounds",
            "Ball",
        ],
        "features": ["100 pieces\nwood"],
        "descriptions": ["First.\nSecond."],
        "reviews": ["Five Stars\nGreat.", "Bad"],
    }
    assert keys["product_information"] == keys["reviews"] == [["B1"], ["B2"]]
    assert unreadable.reason.tolist() == ["empty_text", "empty_text"]
    assert sorted(names.name) == ["Ball", "Puzzle"]


def test_amazon_2023_layout(tmp_path, catalog_of):
    meta = {
        "main_category": "Toys", "title": "Puzzle", "average_rating": 4.5, "features": ["wood"],
        "description": ["First.", "Second."], "price": None, "images": [{"thumb": "u"}],
        "videos": [], "store": "Acme", "categories": ["Toys", "Games"], "parent_asin": "P1",
        "bought_together": None,
        "details": {"Item Weight": "1 pounds", "Best Sellers Rank": {"Toys": 5}},
    }  # fmt: skip
    as_text = meta | {"parent_asin": "P2", "store": None, "details": json.dumps(meta["details"])}
    review = {
        "rating": 5.0, "title": "Five Stars", "text": "Great.", "images": [], "asin": "B1",
        "parent_asin": "P1", "user_id": "U", "timestamp": 1, "verified_purchase": True,
    }  # fmt: skip
    write(tmp_path / "meta_Toys.jsonl.gz", [meta, as_text])
    write(tmp_path / "Toys.jsonl.gz", [review])
    catalog = catalog_of(CONF / "public" / "examples" / "amazon_2023.yml", tmp_path)
    texts, keys, unreadable, _ = by_source(catalog["text_sources"].load())
    details = "Item Weight: 1 pounds\nBest Sellers Rank: Toys 5"
    assert texts == {
        "product_information": [
            f"Puzzle\nStore: Acme\nCategory: Toys > Games\n{details}",
            f"Puzzle\nCategory: Toys > Games\n{details}",
        ],
        "features": ["wood", "wood"],
        "descriptions": ["First.\nSecond."] * 2,
        "reviews": ["Five Stars\nGreat."],
    }
    assert keys["product_information"] == [["P1"], ["P2"]]
    assert keys["reviews"] == [["P1"]]
    assert unreadable.empty


@pytest.fixture(scope="module")
def public_catalog():
    if not SHARED.is_dir():
        pytest.skip("the public data samples of ../shared/data are not here")
    loader = OmegaConfigLoader(
        str(CONF), base_env="base", default_run_env="local", env="public",
        runtime_params={"raw_root": str(SHARED)},
    )  # fmt: skip
    entries = loader["catalog"]
    return DataCatalog.from_config(
        {name: entries[name] for name in ("text_sources", "general_text", "benchmark_files")}
    )


def test_public_sources_lose_no_row(public_catalog):
    sources = public_catalog["text_sources"].load()
    records, unreadable, _ = reformulate_sources(sources)
    kept, refused = records.execute(), unreadable.execute()
    assert set(kept.source) == set(sources.sources)
    assert set(refused.reason) <= {"empty_text"}
    rows = kept.groupby("source").size().add(refused.groupby("source").size(), fill_value=0)
    for alike in (["product_information", "product_bullets", "product_descriptions"],
                  ["flipkart_information", "flipkart_descriptions"],
                  ["advertisegen_properties", "advertisegen_articles"],
                  ["intentionqa_assertions", "intentionqa_first_items"]):  # fmt: skip
        assert rows[alike].nunique() == 1, rows
    shape = {"{", "}", "=>", "#:#", "value:"}
    rendered = kept[kept.source.isin(
        ["product_information", "flipkart_information", "advertisegen_properties"])]  # fmt: skip
    odd = rendered[[any(mark in text for mark in shape) for text in rendered.text]]
    assert len(odd) <= 0.002 * len(rendered), odd.text.tolist()
    two = kept[kept.source == "intentionqa_assertions"]["keys"].map(len)
    assert (two == 2).mean() > 0.9
    assert kept.record_id.is_unique


def test_public_benchmarks_and_general_text_are_read(public_catalog):
    records, unreadable, _ = reformulate_sources(public_catalog["benchmark_files"].load())
    assert unreadable.count().execute() == 0
    assert records.count().execute() > 5000
    general = public_catalog["general_text"].load()
    assert set(general.language) == {"en", "zh"}
    assert general.text.str.len().min() > 0
