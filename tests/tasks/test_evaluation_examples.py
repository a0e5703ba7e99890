"""Benchmark examples: disjoint from what is trained and shown, whatever the order of rows."""

import json
from pathlib import Path

import pytest
from example_tasks import make_task
from hypothesis import given
from hypothesis import strategies as st
from measured_shop import (
    LABELS,
    classify,
    example_of,
    keys_in,
    of_role,
    published,
    texts,
    write_rows,
)

from shoplm.tasks.evaluation.benchmarks import benchmark_groups, benchmark_tasks
from shoplm.tasks.evaluation.candidates import Candidates
from shoplm.tasks.evaluation.examples import EXAMPLES, REJECTED, SOURCES, gather_examples
from shoplm.tasks.evaluation.selecting import draw_examples, example_keys
from shoplm.tasks.evaluation.settings import BenchmarkSettings, ExampleSettings
from shoplm.tasks.library import load_library
from shoplm.tasks.records import example_of as read_example

FILES = ExampleSettings(source="files", per_task=10)


def from_files(root, *tasks, benchmarks=None, settings=FILES):
    library = {task.name: task for task in tasks}
    tables = gather_examples(library, benchmarks or {"exam": BenchmarkSettings()}, settings,
                             root=root)  # fmt: skip
    for table, columns in zip(tables, (EXAMPLES, REJECTED, SOURCES), strict=True):
        assert list(table) == columns
    return tables


def test_shots_come_from_the_training_file_and_each_label_once(tmp_path):
    task = classify(training=[published("more.jsonl")])
    write_rows(tmp_path, "judge.jsonl", texts("measured", 30))
    write_rows(tmp_path, "more.jsonl", [*texts("measured", 3), *texts("other", 30)])
    examples, rejected, sources = from_files(tmp_path, task)
    shots = [read_example(row) for row in of_role(examples, "shot").to_dict("records")]
    assert sorted(shot.gold for shot in shots) == sorted(LABELS)
    assert all("other" in shot.fields["text"] for shot in shots)  # not what may be measured
    assert len(of_role(examples, "measured")) == 10 and rejected.empty
    [source] = sources.to_dict("records")
    assert (source["status"], source["origin"]) == ("present", "judge.jsonl")
    assert (source["n_available"], source["n_measured"], source["n_shots"]) == (30, 10, 3)
    assert source["majority_from"] == "others"
    assert (source["shots_from"], source["seed"], source["detail"]) == ("more.jsonl", 0, "")


def test_without_a_training_file_shots_are_taken_from_the_benchmark_and_not_measured(tmp_path):
    write_rows(tmp_path, "judge.jsonl", texts("measured", 12))
    examples, rejected, sources = from_files(tmp_path, classify())
    measured, shots = of_role(examples, "measured"), of_role(examples, "shot")
    assert (len(measured), len(shots), len(rejected)) == (9, 3, 0)
    assert keys_in(measured).isdisjoint(keys_in(shots))
    assert sources["majority_from"].tolist() == ["measured"]
    assert sources["shots_from"].tolist() == ["judge.jsonl"]


def test_a_training_file_that_is_not_there_is_told(tmp_path):
    write_rows(tmp_path, "judge.jsonl", texts("measured", 12))
    task = classify(training=[published("more.jsonl")])
    _, _, sources = from_files(tmp_path, task, settings=FILES.model_copy(update={"seed": 3}))
    [source] = sources.to_dict("records")
    assert (source["shots_from"], source["seed"]) == ("judge.jsonl", 3)
    assert source["detail"] == "there is no training file more.jsonl"


@pytest.mark.parametrize("reverse", [False, True])
def test_the_same_example_under_another_id_is_measured_once(reverse):
    task = make_task("classification")
    same = {"fields": {"text": "the same"}}
    examples = [example_of(task, n, "fits", **same) for n in range(3)]
    examples.append(example_of(task, 3, "differs", **same))  # another answer is another example
    examples.append(example_of(task, 4, "fits"))
    candidates = Candidates("", measured=examples[::-1] if reverse else examples)
    selected = draw_examples(task, candidates, 0, 100, 0)
    assert {one.example_id for one in selected.measured} == {"a_task-0", "a_task-3", "a_task-4"}
    assert [(one.example_id, one.reason, one.detail) for one in selected.refused] == [
        ("a_task-1", "repeated", "is the same as a_task-0"),
        ("a_task-2", "repeated", "is the same as a_task-0"),
    ]


def test_what_shares_a_key_with_a_shot_is_refused_with_its_reason():
    task = make_task("classification")
    pairs = [example_of(task, n, LABELS[n % 3], group=f"pair {n // 2}") for n in range(12)]
    drawn = draw_examples(task, Candidates("", measured=pairs), 3, 100, 0)
    shots = drawn.shots["en"]
    assert len(shots) == 3
    assert {one.reason for one in drawn.refused} == {"key_of_a_shot"}
    ids = {f"a_task-{n ^ 1}" for n in (int(s.example_id.rpartition("-")[2]) for s in shots)}
    others = ids - {shot.example_id for shot in shots}
    assert {one.example_id for one in drawn.refused} == others  # of the pairs that are shown
    assert len(drawn.measured) == 12 - 3 - len(others)


def test_shots_take_no_more_than_half_of_what_can_be_measured():
    task = make_task("classification")
    few = [example_of(task, n, "fits") for n in range(3)]
    drawn = draw_examples(task, Candidates("", measured=few), 5, 100, 0)
    assert (len(drawn.shots["en"]), len(drawn.measured)) == (1, 2)
    alike = [example_of(task, n, "fits", group="one product") for n in range(4)]
    drawn = draw_examples(task, Candidates("", measured=alike), 1, 100, 0)
    assert (drawn.shots["en"], len(drawn.measured)) == ([], 4)


def test_an_answer_with_an_empty_line_is_measured_and_not_shown():
    task = make_task("generation")
    long = [example_of(task, n, "one\n\ntwo") for n in range(3)]
    drawn = draw_examples(task, Candidates("", training=long, measured=long[:1]), 1, 10, 0)
    assert (drawn.shots["en"], len(drawn.measured)) == ([], 1)


@given(
    groups=st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=3), min_size=1, max_size=20),
    outside=st.lists(st.integers(0, 20), max_size=8),
    n_shots=st.integers(0, 5),
    per_task=st.integers(1, 12),
    seed=st.integers(0, 3),
)
def test_nothing_measured_shares_a_key_with_what_is_shown(groups, outside, n_shots, per_task, seed):
    task = make_task("classification")
    measured = [
        example_of(task, n, LABELS[n % 3], language="en" if n % 4 else "zh",
                   group="\n".join(sorted(map(str, of))))
        for n, of in enumerate(groups)
    ]  # fmt: skip
    training = [example_of(task, 100 + n, "fits", group=str(of)) for n, of in enumerate(outside)]
    drawn = draw_examples(task, Candidates("", measured, training), n_shots, per_task, seed)
    shots = [shot for of in drawn.shots.values() for shot in of]
    shown = set().union(*map(example_keys, shots))
    assert all(shown.isdisjoint(example_keys(example)) for example in drawn.measured)
    assert all(len(of) <= n_shots for of in drawn.shots.values())
    left = len(measured) - len(drawn.refused) - len({s.example_id for s in shots} & {
        e.example_id for e in measured})  # fmt: skip
    assert len(drawn.measured) == min(per_task, left)
    turned = draw_examples(
        task, Candidates("", measured[::-1], training[::-1]), n_shots, per_task, seed
    )
    assert turned.measured == drawn.measured and turned.shots == drawn.shots


def test_benchmarks_measure_a_task_on_the_same_examples_whatever_they_show(tmp_path):
    write_rows(tmp_path, "judge.jsonl", texts("measured", 20))
    benchmarks = {"exam": BenchmarkSettings(), "bare": BenchmarkSettings(tasks=["judge"], shots=0),
                  "one": BenchmarkSettings(tasks=["judge"], shots=1)}  # fmt: skip
    examples, _, sources = from_files(tmp_path, classify(), benchmarks=benchmarks)
    ids = of_role(examples, "measured").groupby("benchmark")["example_id"].agg(list)
    assert ids["exam"] == ids["bare"] == ids["one"]
    assert sources.set_index("benchmark")["n_shots"].to_dict() == {"exam": 3, "bare": 0, "one": 1}
    shots = of_role(examples, "shot").groupby("benchmark")["example_id"].agg(list)
    assert shots["one"] == shots["exam"][:1]


def test_an_absent_file_is_told_and_has_no_examples(tmp_path):
    write_rows(tmp_path, "judge.jsonl", texts("measured", 4))
    examples, _, sources = from_files(tmp_path, classify(), classify("other"),
                                      classify("nowhere", benchmark=None))  # fmt: skip
    told = sources.set_index("task")
    assert told["status"].to_dict() == {"judge": "present", "other": "absent", "nowhere": "absent"}
    assert "other.jsonl" in told.loc["other", "detail"]
    assert told.loc["other", "n_measured"] == 0
    assert set(examples["task"]) == {"judge"}


def test_a_row_without_gold_is_rejected_with_its_place(tmp_path):
    rows = [*texts("measured", 3), ("nobody agreed", "-")]
    write_rows(tmp_path, "judge.jsonl", rows)
    examples, rejected, _ = from_files(tmp_path, classify(few_shot=0))
    assert len(examples) == 3
    [row] = rejected.to_dict("records")
    assert (row["example_id"], row["reason"]) == ("judge.jsonl:row-4", "no_gold")


@pytest.mark.parametrize(
    ("benchmark", "told"),
    [
        ({"tasks": ["jugde"]}, "benchmark 'exam': unknown task 'jugde'; did you mean 'judge'"),
        ({"groups": {"held_out": ["other"]}}, "group 'held_out': unknown task 'other'"),
    ],
)
def test_a_benchmark_of_an_unknown_task_is_refused(tmp_path, benchmark, told):
    with pytest.raises(ValueError, match=told):
        from_files(tmp_path, classify(), benchmarks={"exam": BenchmarkSettings(**benchmark)})
    with pytest.raises(ValueError, match="no task of the library names it"):
        from_files(tmp_path, classify(), benchmarks={"another": BenchmarkSettings()})


def test_tasks_and_groups_of_a_benchmark():
    library = {"a": classify("a"), "b": classify("b", capability="reasoning"),
               "c": classify("c", benchmarks=[])}  # fmt: skip
    assert benchmark_tasks("exam", BenchmarkSettings(), library) == ["a", "b"]
    by_capability = benchmark_groups("exam", BenchmarkSettings(groups="capability"), library)
    assert by_capability == {"concepts": ["a"], "reasoning": ["b"]}
    with pytest.raises(ValueError, match="groups: 'a' stands there twice"):
        BenchmarkSettings(groups={"x": ["a"], "y": ["a"]})


def test_files_without_a_root_folder_are_refused():
    with pytest.raises(ValueError, match="no root folder"):
        from_files(None, classify())


PROJECT = Path(__file__).parents[2]
PUBLIC = PROJECT.parent / "shared" / "data"


@pytest.mark.skipif(not PUBLIC.exists(), reason="samples of public data are not beside the project")
def test_published_files_of_the_library_are_measured():
    library = load_library([PROJECT / "conf" / "base" / "tasks"])
    names = ["natural_language_inference_zh", "query_product_ranking", "title_attribute_matching",
             "description_summarization"]  # fmt: skip
    examples, rejected, sources = gather_examples(
        library, {"some": BenchmarkSettings(tasks=names)}, FILES, root=PUBLIC
    )
    told = sources.set_index("task")
    assert told["status"].tolist() == ["present"] * 3 + ["absent"]
    assert told["n_shots"].tolist()[:3] == [4, 1, 2]
    reasons = rejected.groupby("task")["reason"].agg(set)
    assert "no_gold" in reasons["natural_language_inference_zh"]
    for _, rows in examples.groupby("task"):
        assert keys_in(of_role(rows, "measured")).isdisjoint(keys_in(of_role(rows, "shot")))
    assert json.loads(told.loc["title_attribute_matching", "majority"])["zh"] in ("匹配", "不匹配")
