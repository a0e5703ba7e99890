import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shoplm.reporting.benchmark_cells import Cells, shown
from shoplm.reporting.paper_table_settings import PaperTable
from shoplm.reporting.paper_tables import fill_tables
from shoplm.reporting.report_tables import (
    list_missing,
    mark_differences,
    show_paper_table,
    tabulate_benchmarks,
    tabulate_comparison,
    tabulate_decodings,
    tabulate_tasks,
)
from simulated_benchmarks import row, simulate_comparison, simulate_results

RESULTS = pd.DataFrame([
    row("random", "all", "b", "all", "benchmark", "constrained", 0.25, 20),
    row("base", "all", "b", "all", "benchmark", "constrained", 0.5, 20, ci_low=0.4, ci_high=0.6,
        n_seeds=2, seed_sd=0.05 * 2**0.5),
    row("base", 0, "b", "all", "benchmark", "constrained", 0.45, 20),
    row("base", 1, "b", "all", "benchmark", "constrained", 0.55, 20),
    row("base", "all", "b", "easy", "task", "constrained", 0.7, 10),
    row("base", "all", "b", "easy", "task", "free", 0.2, 10),
    row("base", "all", "b", "easy", "part", "constrained", 0.9, 10, metric="precision"),
    row("base", "all", "b", "lost", "task", None, float("nan"), 0, status="absent",
        detail="no file lost.json"),
    row("mixed", "all", "b", "mute", "task", "free", float("nan"), 10, status="unscored",
        detail="10 of 10 answers have no score"),
    row("base", "all", "b", "easy_one", "task", "constrained", 0.3, 10),
    row("mixed", "all", "b", "easy_one", "task", "constrained", float("nan"), 0, status="absent",
        detail="not measured with this model"),
    row("mixed", "all", "b", "all", "benchmark", "constrained", 0.6, 20, status="partial"),
    row("mixed", "all", "other", "all", "benchmark", "constrained", 0.1, 20),
])  # fmt: skip


def table(**more):
    settings = {
        "title": "T", "source": "A paper, Table 1", "benchmark": "b",
        "columns": {"easy": {"task": "easy"}, "lost": {"task": "lost"}, "mean": {}},
        "rows": {"base": {"label": "base model"}, "mixed": None},
    }  # fmt: skip
    return PaperTable(**settings | more)


def cell(filled, name, column, source="ours"):
    found = filled[
        (filled["row"] == name) & (filled["column"] == column) & (filled["source"] == source)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_cells_are_the_pooled_figures_with_the_spread_of_seeds():
    filled = fill_tables(RESULTS, {"t": table()})
    mean = cell(filled, "base", "mean")
    assert (mean["value"], mean["ci_low"], mean["ci_high"]) == (0.5, 0.4, 0.6)
    assert mean["n_seeds"] == 2 and mean["seed_sd"] == pytest.approx(0.05 * 2**0.5)
    assert mean["label"] == "base model" and mean["status"] == "measured"
    easy = cell(filled, "base", "easy")
    assert (easy["value"], easy["decoding"]) == (0.7, "constrained")  # not precision, not free
    free = fill_tables(RESULTS, {"t": table(decoding="free")})
    assert cell(free, "base", "easy")["value"] == 0.2
    assert cell(free, "base", "mean")["value"] == 0.5  # there is no other mean
    assert set(filled["row"]) == {"random", "majority", "base"}  # null drops a row


def test_an_empty_cell_is_named_by_its_reason():
    cells = Cells(RESULTS)
    found = {
        (variant, task): cells.gap(cells.find(variant, "b", "task", task))
        for variant, task in [("base", "easy"), ("base", "lost"), ("mixed", "mute"),
                              ("mixed", "easy_one"), ("mixed", "easy")]
    }  # fmt: skip
    assert list(found.values()) == [None, "absent", "unscored", "not asked", "not asked"]
    shown_tasks = tabulate_tasks(RESULTS, "b", {}).set_index(["task", "answers"])
    assert shown_tasks.loc[("lost", ""), "base"] == "no data"
    shown_tasks = shown_tasks["mixed"]
    assert shown_tasks[("mute", "")] == "no scorer"
    assert shown_tasks[("easy", "written")] == shown_tasks[("easy_one", "picked")] == "not asked"


def test_a_mean_over_some_tasks_is_marked_wherever_it_stands():
    partial = Cells(RESULTS).find("mixed", "b", "benchmark")
    assert shown(partial).startswith("60.0* (")
    assert tabulate_benchmarks(RESULTS, {}).set_index("")["b"]["mixed"].startswith("60.0*\n(")


@pytest.mark.parametrize(
    ("name", "column", "rows", "status", "said"),
    [
        ("base", "lost", {"base": {}}, "absent", "no file lost.json"),
        ("mixed", "mean", {"mixed": {}}, "partial", ""),
        ("mixed", "easy", {"mixed": {}}, "missing",
         "b of mixed was measured without the task 'easy'"),
        ("x", "mean", {"x": {"environment": "study", "pipeline": "sft"}}, "missing",
         "evaluate x on b (trained by --env=study --pipelines=sft)"),
        ("x", "mean", {"x": {"variant": "bloom", "pipeline": "base_model"}}, "missing",
         "name bloom, a base model, in an evaluation on b"),
        ("majority", "mean", {"base": {}}, "missing",
         "name the benchmark b in an evaluation of majority"),
    ],
)  # fmt: skip
def test_an_empty_cell_says_what_would_fill_it(name, column, rows, status, said):
    found = cell(fill_tables(RESULTS, {"t": table(rows=rows)}), name, column)
    assert found["status"] == status and found["detail"] == said
    assert status == "partial" or pd.isna(found["value"])


def test_a_variant_that_was_not_asked_a_benchmark_is_told_from_an_untrained_one():
    filled = fill_tables(RESULTS, {"t": table(benchmark="other", rows={"base": {}})})
    said = cell(filled, "base", "mean")["detail"]
    assert said == "name the benchmark other in an evaluation of base"


def test_the_papers_own_figures_stand_in_rows_of_their_own():
    rows = {"base": {"label": "base model", "paper": {"mean": 0.417}}}
    filled = fill_tables(RESULTS, {"t": table(rows=rows)})
    paper = cell(filled, "base", "mean", "paper")
    assert paper["value"] == 0.417 and paper["detail"] == "A paper, Table 1"
    shown_table = show_paper_table(filled, {}).set_index("")
    assert shown_table.loc["base model (paper)", "mean"] == "41.7"
    assert shown_table.loc["base model (paper)", "easy"] == ""
    assert shown_table.loc["base model", "mean"] == "50.0\n(40.0 to 60.0) ±7.1"
    assert shown_table.loc["base model", "lost"] == "no data"
    assert cell(filled, "base", "lost")["detail"] == "no file lost.json"
    assert shown_table.loc["random", "mean"] == "25.0"  # a baseline has no interval
    assert shown_table.loc["majority", "mean"] == "—"
    assert shown_table.loc["examples", "mean"] == "20"


def test_a_cell_may_be_of_another_variant_than_its_row():
    columns = {"low": {"label": "rank 16"}, "high": {"label": "rank 32"}}
    rows = {
        "few": {"variants": {"rank 16": "base", "rank 32": None}},
        "many": {"variants": {"rank 16": "mixed", "rank 32": "x"}},
    }
    filled = fill_tables(RESULTS, {"t": table(columns=columns, rows=rows, baselines=[])})
    assert cell(filled, "few", "rank 16")["value"] == 0.5
    assert cell(filled, "many", "rank 16")["value"] == 0.6
    assert len(filled) == 3
    said = list_missing(filled)
    assert said == [
        ("many: rank 32", "evaluate x on b (trained by --pipelines=continual_pretrain)")
    ]


def test_each_task_and_group_has_a_column():
    columns = {"t": {"each": "tasks"}, "g": {"each": "groups"}, "mean": {}}
    rows = {"ladder_1": {}}
    settings = table(columns=columns, rows=rows, benchmark="shopbench")
    filled = fill_tables(simulate_results(), {"t": settings})
    of = filled[filled["row"] == "ladder_1"]
    assert list(of["column"]) == [
        "category_of_attribute", "query_relation", "numeric_product_question", "title_translation",
        "concepts", "behaviour", "reasoning", "multilingual", "mean",
    ]  # fmt: skip
    assert of["value"].notna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benchmark": None}, "column 'easy' names no benchmark"),
        ({"rows": {"a": {"paper": {"maen": 0.5}}}}, "'maen'; did you mean 'mean'"),
        ({"rows": {"a": None}}, "has no row"),
        ({"columns": {"x": {"task": "a", "group": "b"}}}, "a `group`, a `task` or `each`"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        table(**change)


@pytest.mark.parametrize("where", ["paper", "variants"])
def test_a_label_that_no_column_of_each_has_is_refused(where):
    value = {"paper": 0.5, "variants": "base"}[where]
    settings = table(columns={"t": {"each": "tasks"}}, rows={"base": {where: {"easi": value}}})
    with pytest.raises(ValueError, match=r"'t': row 'base' names the column 'easi'.*mean 'easy'"):
        fill_tables(RESULTS, {"t": settings})
    unasked = table(columns={"t": {"each": "tasks"}}, rows={"base": {where: {"easi": value}}},
                    benchmark="not asked")  # fmt: skip
    assert fill_tables(RESULTS, {"t": unasked}).empty


def test_differences_are_marked_where_a_test_found_them():
    marks = mark_differences(simulate_comparison())
    assert marks == {
        ("mixed", "ecom_icl", "benchmark", "", "constrained"): ["▲ base"],
        ("ladder_6", "shopbench", "benchmark", "", "constrained"): ["▲ ladder_1"],
    }
    worse = simulate_comparison().head(1).assign(value=-0.1, level="task", task="t")
    assert mark_differences(worse) == {
        ("mixed", "ecom_icl", "task", "t", "constrained"): ["▼ base"]
    }
    assert mark_differences(None) == {}


def test_both_kinds_of_answers_are_tested_and_no_data_is_no_result():
    tests = tabulate_comparison(simulate_comparison()).set_index(["variant", "on", "answers"])
    picked, written = (tests.loc[("mixed", "EcomICL", way)] for way in ("picked", "written"))
    assert list(picked["outcome"]) == ["better", "no difference shown"]  # base, then separate
    assert written["outcome"] == "no difference shown"
    lost = tests.loc[("mixed", "GeneralICL", "picked")]
    assert lost["outcome"] == "not compared: no predictions"
    assert (lost["difference"], lost["corrected p"]) == ("", "")


def test_tasks_are_shown_as_asked_and_both_ways_side_by_side():
    results = simulate_results(n=40)
    tasks = tabulate_tasks(results, "ecom_icl", {})
    ways = list(zip(tasks["task"], tasks["answers"], strict=True))
    assert ("entity_typing", "picked") in ways and ("entity_typing", "written") in ways
    assert ("title_generation", "picked") not in ways
    assert list(tasks.columns[3:5]) == ["random", "majority"]
    both = tabulate_decodings(results).set_index(["variant", "benchmark"])
    assert both.loc[("random", "EcomICL"), "not understood"] == ""
    line = both.loc[("mixed", "EcomICL")]
    assert float(line["picked"]) - float(line["written"]) == pytest.approx(10)
    assert line["not understood"] == "20%"


@given(st.permutations(range(len(RESULTS))))
def test_the_order_of_rows_changes_no_cell(order):
    def cells(results):
        filled = fill_tables(results, {"t": table(rows={"base": {}, "mixed": {}})})
        return filled.sort_values(["row", "column"]).reset_index(drop=True)

    pd.testing.assert_frame_equal(cells(RESULTS.iloc[order]), cells(RESULTS))


def test_a_figure_without_a_value_is_shown_as_nothing():
    lost = Cells(RESULTS).find("base", "b", "task", "lost")
    assert shown(lost) == "" and shown(None) == ""
