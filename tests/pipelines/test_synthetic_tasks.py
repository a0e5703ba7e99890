"""The pipeline after the small demo, and its nodes on what a run may meet."""

import json

import ibis
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from shoplm.corpus.contamination import BenchmarkNgrams
from shoplm.corpus.quality_settings import ContaminationSettings
from shoplm.corpus.sources import parse_text_sources
from shoplm.pipelines.synthetic_tasks import nodes
from shoplm.pipelines.synthetic_tasks.params import SyntheticTasksParams
from shoplm.tasks.gates import GATES, QUARANTINE_COLUMNS
from shoplm.tasks.library import load_library
from shoplm.tasks.records import COLUMNS, example_of
from shoplm.tasks.scoring import score

TASK = {
    "name": "colour_question",
    "title": "Colour question",
    "capability": "concepts",
    "type": "generation",
    "languages": ["en"],
    "instructions": {"en": ["Which colour has it?", "Name the colour of this product."]},
    "template": "{instruction}\n{title}",
    "metric": "exact_match",
}
RECORDS = {"reader": "records", "fields": {"title": "title"}, "options": {"gold": "colour"}}


def params(**changes):
    required = {"language_model": {"samples_per_task": 0}, "responses": "responses"}
    return SyntheticTasksParams.model_validate(required | changes)


@pytest.fixture
def library(tmp_path):
    def make(**changes):
        folder = tmp_path / "tasks"
        folder.mkdir(exist_ok=True)
        task = TASK | changes
        (folder / f"{task['name']}.yml").write_text(yaml.safe_dump(task))
        return load_library([folder])

    return make


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, part in {"train": range(40), "test": range(36, 50)}.items():
        rows = [{"title": f"{title(n)}", "colour": ["red", "blue"][n % 2]} for n in part]
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def title(n):
    """Nine words that no other has."""
    words = ("soft", "warm", "shirt", "with", "two", "pockets", "and", "long", "sleeves")
    return " ".join(f"{word}{n}" for word in words)


# after the demo


def test_everything_made_is_kept_or_quarantined_once(demo_catalog):
    kept, quarantined = (demo_catalog.load(n) for n in ("instructions", "quarantined_samples"))
    parts = ("open_instructions", "generated_samples", "refused_rows", "refused_samples")
    assert len(kept) + len(quarantined) == sum(len(demo_catalog.load(part)) for part in parts)
    assert kept["instruction_id"].is_unique
    assert list(kept.columns) == COLUMNS and list(quarantined.columns) == QUARANTINE_COLUMNS
    assert quarantined["reason"].str.fullmatch("[a-z_]+").all()
    counts = demo_catalog.load("instruction_statistics")
    every = counts[counts["gate"] == "all"]
    assert (every["n_in"].sum(), every["n_out"].sum()) == (
        len(kept) + len(quarantined), len(kept),
    )  # fmt: skip
    assert set(counts["gate"]) == {*GATES, "all"}


def test_both_roads_give_tasks_of_every_capability_of_shopbench(demo_catalog):
    kept = demo_catalog.load("instructions")
    tasks = kept.groupby("capability")["task"].nunique()
    assert (tasks[["concepts", "reasoning", "behaviour", "multilingual"]] >= 2).all()
    generated = kept[kept["source"] == "language_model"]
    assert set(generated["capability"]) == {"concepts", "reasoning", "behaviour", "multilingual"}
    assert generated["difficulty"].isna().all()  # the local server knows none
    assert set(kept["language"]) == {"en", "zh"}


def test_the_right_answer_of_each_instruction_scores_one(demo_catalog):
    library, kept = demo_catalog.load("task_library"), demo_catalog.load("instructions")
    for row in kept.to_dict("records"):
        reached = score(library[row["task"]], example_of(row), row["answer"])
        assert reached.value == pytest.approx(1), row["prompt"]


def test_no_instruction_shows_a_benchmark(demo_catalog):
    kept, texts = demo_catalog.load("instructions"), demo_catalog.load("benchmark_texts")
    ngrams = BenchmarkNgrams.of(texts.to_pyarrow(), ContaminationSettings())
    prompts = ibis.memtable(kept).to_pyarrow()["prompt"]
    assert set(ngrams.search(prompts).to_pylist()) == {None}
    reasons = demo_catalog.load("quarantined_samples").query("reason == 'benchmark_overlap'")
    assert len(reasons) and reasons["detail"].str.startswith("passages: ").all()


def test_the_page_shows_counts_gates_and_samples(demo_project):
    page = (demo_project / "data/test/08_reporting/instructions.html").read_text()
    for words in ("By task", "benchmark_overlap", "product_classification", "plotly"):
        assert words in page


# its nodes


def test_published_files_give_instructions_and_what_a_benchmark_asks_is_kept_back(library, root):
    tasks = library(
        training=[RECORDS | {"file": "train.jsonl"}, RECORDS | {"file": "absent.jsonl"}],
        benchmark=RECORDS | {"file": "test.jsonl"},
    )
    made, refused = nodes.make_open_instructions(tasks, {}, root, params())
    assert len(made) == 40 and refused.empty and set(made["origin"]) == {"train.jsonl"}
    source = {"fields": "title", "language": "en"}
    files = parse_text_sources(
        root, {"both": source | {"file": "*.jsonl"}, "train": source | {"file": "train.jsonl"}}
    )
    texts = nodes.list_benchmarks(files, tasks, root, params())
    assert set(texts["name"]) == {"colour_question"}  # both files are read by the task itself
    checked = nodes.check_instructions(made, made.iloc[:0], tasks, params())
    contents = ibis.memtable(nodes.list_contents(checked, tasks, params()))
    none = pd.DataFrame({"record_id": pd.Series(dtype=str)})
    overlap = nodes.find_benchmark_overlap(
        contents, ibis.memtable(none), ibis.memtable(none), ibis.memtable(texts), params()
    ).to_pandas()
    shared = made[made["prompt"].str.contains("3[6-9]$")]
    assert set(overlap["record_id"]) == set(shared["instruction_id"]) and len(shared) == 4


def test_the_draw_from_a_file_depends_on_the_seed_and_not_on_the_order_of_rows(library, root):
    tasks = library(training=[RECORDS | {"file": "train.jsonl"}])
    some = {"open_data": {"samples_per_file": 7}}

    def drawn(seed):
        made, _ = nodes.make_open_instructions(tasks, {}, root, params(seed=seed, **some))
        return set(made["prompt"].str.split("\n").str[1])

    before, other = drawn(0), drawn(1)
    file = root / "train.jsonl"
    file.write_text("\n".join(reversed(file.read_text().splitlines())))
    assert len(before) == 7 and drawn(0) == before != other


def test_an_unknown_task_is_named_with_the_nearest_one(library, root):
    for changes in (
        {"tasks": ["color_question"]},
        {"leave_out": ["color_question"]},
        {"open_data": {"tasks": {"color_question": 3}}},
        {"language_model": {"tasks": ["color_question"]}},
    ):
        with pytest.raises(ValueError, match=r"unknown task 'color_question'; .* mean 'colour_q"):
            nodes.make_open_instructions(library(), {}, root, params(**changes))
    with pytest.raises(ValueError, match="none is left"):
        nodes.make_open_instructions(library(), {}, root, params(leave_out=["colour_question"]))


def test_a_typo_in_the_settings_names_its_field():
    with pytest.raises(ValidationError, match=r"open_data\.sample_per_task"):
        params(open_data={"sample_per_task": 3})


def test_without_any_instruction_the_run_says_so(library, root):
    tasks = library()
    made, _ = nodes.make_open_instructions(tasks, {}, root, params())
    checked = nodes.check_instructions(made, made, tasks, params())
    with pytest.raises(ValueError, match="no instruction is left of 0; is there a table or file"):
        nodes.list_contents(checked, tasks, params())


def test_text_in_another_language_is_kept_back(library, root):
    tasks = library(training=[RECORDS | {"file": "train.jsonl"}])
    rows = [
        {"title": "这件衬衫是红色的很好看", "colour": "红色"},
        {"title": title(1), "colour": "red"},
    ]
    (root / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    made, _ = nodes.make_open_instructions(tasks, {}, root, params())
    checked = nodes.check_instructions(made, made.iloc[:0], tasks, params())
    contents = ibis.memtable(nodes.list_contents(checked, tasks, params()))
    wrong = nodes.find_wrong_language(contents, tasks, params()).to_pandas()
    assert list(wrong["record_id"]) == list(
        made.loc[made["prompt"].str.contains("衬衫"), "instruction_id"]
    )
    exempt = params(languages={"multilingual_tasks": ["colour_question"]})
    assert nodes.find_wrong_language(contents, tasks, exempt).to_pandas().empty


def test_a_language_model_that_fails_stops_the_run_unless_told_otherwise(
    library, root, monkeypatch
):
    from shoplm.tasks.synthesis import generation
    from shoplm.tasks.synthesis.endpoint import EndpointError

    tasks = library(training=[RECORDS | {"file": "train.jsonl"}])
    made, _ = nodes.make_open_instructions(tasks, {}, root, params())
    partial = generation.Generated(made.iloc[:3], made.iloc[:0], made.iloc[:0])

    def fail(*_):
        error = EndpointError("the key is not accepted")
        error.generated = partial
        raise error

    monkeypatch.setattr(generation, "generate", fail)
    with pytest.raises(EndpointError, match="the key is not accepted"):
        nodes.generate_samples(tasks, {}, None, params())
    samples, _, _ = nodes.generate_samples(tasks, {}, None, params(keep_partial=True))
    assert len(samples) == 3
