"""The task library's own sources, read from samples of the published files."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from shoplm.tasks.library import load_library
from shoplm.tasks.readers import read_examples
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.scoring import score

PROJECT = Path(__file__).parents[2]
PUBLIC = PROJECT.parent / "shared" / "data"
LIBRARY = load_library([PROJECT / "conf" / "base" / "tasks"])
SOURCES = [
    (name, kind, number)
    for name, task in LIBRARY.items()
    for kind, sources in (
        ("benchmark", [task.benchmark] if task.benchmark else []),
        ("training", task.training),
    )
    for number in range(len(sources))
]

pytestmark = pytest.mark.skipif(
    not PUBLIC.exists(), reason="samples of public data are not beside the project"
)


def source_of(name, kind, number):
    task = LIBRARY[name]
    return task.benchmark if kind == "benchmark" else task.training[number]


@pytest.fixture(scope="module")
def found():
    """Examples and rejected rows of every source of the library."""
    return {key: read_examples(LIBRARY[key[0]], source_of(*key), PUBLIC) for key in SOURCES}


def n_rows(file):
    """Rows of a file, counted without the readers."""
    path = PUBLIC / file
    if path.is_dir():
        path = path / "test.json"
    if "*" in file:
        return sum(n_rows(p.relative_to(PUBLIC).as_posix()) for p in PUBLIC.glob(file))
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().replace("\r\n", "\n")
    if ".csv" in path.name:
        return len(list(csv.reader(text.splitlines(keepends=True)))) - ("flipkart" in path.name)
    if ".txt" in path.name and "ner" in file:
        return sum(bool(block.strip()) for block in text.split("\n\n"))
    if ".tsv" in path.name:
        return text.count("\n") - 1 + (not text.endswith("\n"))
    try:
        whole = json.loads(text)
    except ValueError:
        return sum(bool(line.strip()) for line in text.split("\n"))
    if isinstance(whole, list):
        return len(whole)
    if "queries" in whole:
        return len(whole["queries"])
    return sum(len(p["qas"]) for article in whole["data"] for p in article["paragraphs"])


def test_every_row_is_kept_or_rejected(found):
    by_part = defaultdict(dict)
    for (name, kind, number), (examples, rejected) in found.items():
        source = source_of(name, kind, number)
        if source.options.get("each") or source.options.get("one_label"):
            continue  # several examples a row
        if "shopbench" in source.file:
            continue  # counted below
        part = source.options.get("part")
        by_part[name, source.file][part] = len(examples) + len(rejected)
    assert len(by_part) > 40
    for (name, file), counts in by_part.items():
        assert set(counts) in ({None}, {"train", "test"}), name
        assert sum(counts.values()) == n_rows(file), (name, file)


def test_every_kept_answer_scores_one(found):
    for (name, kind, _), (examples, _rejected) in found.items():
        task = LIBRARY[name]
        assert examples, (name, kind)
        step = max(len(examples) // 40, 1)  # the readers have tried each one
        for example in examples[::step]:
            reached = score(task, example, render_answer(task, example))
            assert reached.parsed
            assert reached.value == pytest.approx(1.0), example.example_id
            assert render_prompt(task, example)
        assert len({e.example_id for e in examples}) == len(examples)
        assert {e.language for e in examples} <= set(task.languages)


def test_nearly_all_rows_of_a_file_are_used(found):
    kept, all_rows, why = Counter(), Counter(), defaultdict(Counter)
    for (name, kind, number), (examples, rejected) in found.items():
        file = source_of(name, kind, number).file
        kept[file] += len(examples)
        other = [row for row in rejected if row["reason"] in ("other_task", "duplicate")]
        all_rows[file] += len(examples) + len(rejected) - len(other)
        why[file].update(row["reason"] for row in rejected)
    scarce = {f: (kept[f], all_rows[f], dict(why[f])) for f in kept if kept[f] < 0.9 * all_rows[f]}
    # too many positives for hit rate@3; products without a text to answer from
    assert set(scarce) <= {
        "ecom/ec_guide/Retrieval/PR.json", "ecom/products_en/products.jsonl.gz",
    }, scarce  # fmt: skip


def test_test_titles_never_train(found):
    tested, trained = set(), set()
    for (name, kind, number), (examples, _) in found.items():
        if "ecominstruct" in source_of(name, kind, number).file:
            (tested if kind == "benchmark" else trained).update(e.group for e in examples)
    assert len(tested) > 500
    assert len(trained) > 500
    assert not tested & trained
    for (name, kind, number), (examples, _) in found.items():
        source = source_of(name, kind, number)
        if kind == "training" and source.options.get("part") and LIBRARY[name].benchmark:
            groups = {e.group for e in found[name, "benchmark", 0][0]}
            assert not groups & {e.group for e in examples}, name


def test_every_file_of_instructions_trains_or_tests():
    used = {source_of(*key).file for key in SOURCES}
    shown = {p.relative_to(PUBLIC).as_posix() for p in (PUBLIC / "ecom/ec_guide").glob("*/*.json")}
    shown |= {p.relative_to(PUBLIC).as_posix() for p in (PUBLIC / "ecom/ecominstruct").glob("ZH*")}
    assert shown <= used


def test_the_shopbench_tasks_take_every_row_once(found):
    path = PUBLIC / "ecom/shopbench_dev/development.json"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    of_task = Counter(row["task_name"] for row in rows)
    for (name, kind, _), (examples, rejected) in found.items():
        if kind == "benchmark" and "shopbench" in LIBRARY[name].benchmark.file:
            (published,) = LIBRARY[name].shopbench
            assert len(examples) + len(rejected) == of_task.pop(published), name
            prompts = {row["input_field"].strip() for row in rows if row["task_name"] == published}
            assert {e.prompt.strip() for e in examples} <= prompts, name  # shown as they are
    assert not of_task


def test_traps_of_the_published_rows(found):
    def why(name, file):
        keys = [k for k in found if k[0] == name and source_of(*k).file.endswith(file)]
        return Counter(row["reason"] for key in keys for row in found[key][1])

    assert set(why("product_relation", "PRP.json")) == {"other_task"}  # yes or no
    assert set(why("same_product_judgement", "PRP.json")) == {"other_task"}
    assert set(why("category_product_retrieval", "PR.json")) == {"cannot_be_scored"}
    assert set(why("natural_language_inference_zh", "dev.json")) == {"no_gold"}

    split = ("arithmetic_word_problem", "commonsense_question", "numeric_product_question")
    parts = [found[name, "training", 0] for name in split]
    again = sum(row["reason"] == "duplicate" for _, rejected in parts for row in rejected)
    total = sum(len(examples) for examples, _ in parts)
    assert total + again == n_rows("ecom/ec_guide/MCQ/ACR.json")  # each row is of one of them

    relation = LIBRARY["product_relation"]
    examples, _ = found["product_relation", "training", 0]
    assert {render_answer(relation, e) for e in examples} == {"0", "1", "2"}
    assert not any("\n3. " in e.prompt for e in examples)
