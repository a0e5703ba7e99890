import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from shoplm.reporting.paper_table_settings import PaperTables, ReportSettings
from shoplm.reporting.report import draw_figures, render_report
from shoplm.reporting.report_examples import best_variants, draw_examples
from shoplm.reporting.report_figures import (
    curve_points,
    plot_benchmarks,
    plot_checkpoint_curve,
    plot_score_ladder,
)
from shoplm.reporting.report_markdown import render_report_markdown
from shoplm.reporting.report_warnings import list_warnings
from simulated_benchmarks import (
    BENCHMARKS,
    TUNED,
    simulate_curve,
    simulate_predictions,
    simulate_report,
    simulate_results,
)

CONF = Path(__file__).parents[2] / "conf"
SETTINGS = ReportSettings()
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
               None)  # fmt: skip
WATCH = """<script>
const errors = [];
addEventListener("error", event => errors.push(event.message));
addEventListener("load", () => { document.documentElement.dataset.errors = errors.join() || "none"; });
</script>"""  # noqa: E501


@pytest.fixture(scope="module")
def tables():
    file = CONF / "base/parameters_evaluation_tables.yml"
    return PaperTables(**yaml.safe_load(file.read_text())["paper_tables"])


@pytest.fixture(scope="module")
def data(tables):
    return simulate_report(tables)


@pytest.fixture(scope="module")
def page(data, tables):
    return render_report(data, draw_figures(data, tables.kept(), SETTINGS), tables.kept(), SETTINGS)


@pytest.fixture(scope="module")
def markdown(data, tables):
    return render_report_markdown(data, tables.kept(), SETTINGS)


def lines(markdown, heading):
    """The rows of the table under a heading, by their first cell."""
    part = markdown[markdown.index(f"\n## {heading}\n") :].split("\n## ", 2)[1]
    rows = [line[2:-2].split(" | ") for line in part.splitlines() if line.startswith("|")]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows}


def test_the_page_names_what_was_trained_on_what(markdown):
    rows = lines(markdown, "What was trained on what")
    assert rows["mixed"]["started from"] == "base" and rows["mixed"]["tokens"] == "130,000"
    assert rows["mixed"]["trained on"] == "general zh 33%, shop all 67%"
    assert rows["ladder_6"]["trained on"] == "228 instructions of 38 tasks"
    assert (rows["ladder_6"]["rank"], rows["from_mixed"]["rank"]) == ("rank 32", "all weights")


def test_figures_stand_with_intervals_marks_and_baselines(markdown, data):
    rows = lines(markdown, "Scores by benchmark")
    assert list(rows)[2:5] == ["random", "majority", "base"]
    mean = data.results.query("variant == 'mixed' and task == 'all' and benchmark == 'ecom_icl'")
    value, low, high = (100 * mean.iloc[0][key] for key in ("value", "ci_low", "ci_high"))
    assert rows["mixed"]["ecom_icl"] == f"{value:.1f} ({low:.1f} to {high:.1f}) ▲ base"
    for heading in (
        "EcomICL, with examples in the prompt",
        "GeneralICL, what general ability is left",
    ):
        assert {"random", "majority", "+ General + Ecom, mixed"} <= set(lines(markdown, heading))
    tests = lines(markdown, "Paired tests")
    assert tests["ladder_6"]["outcome"] == "better"
    assert tests["from_mixed"]["difference"] == "−2.0 (−6.0 to +2.0)"
    assert tests["from_mixed"]["outcome"] == "no difference shown"


def test_cost_and_background_are_sums(markdown):
    cost = lines(markdown, "Cost")
    assert cost["evaluation"] == {"what": "evaluation", "models": "2", "tokens": "180,000",
                                  "time": "51 s", "memory, GB": "1.2"}  # fmt: skip
    assert cost["continual pre-training"]["tokens"] == "520,000"
    part = markdown.split("## Answers that could not be read")[1]
    assert "| base | entity_typing | empty | 2 |" in part
    corpus = lines(markdown, "The corpus in brief")
    assert corpus["general"]["language"] == "zh"  # the last of the two rows
    instructions = lines(markdown, "The instructions in brief")
    assert (instructions["concepts"]["made"], instructions["concepts"]["kept"]) == ("120", "90")
    assert lines(markdown, "Made with")["torch"]["version"] == "2.13.0"


def test_html_and_markdown_have_the_same_tables(page, markdown):
    for heading in re.findall(r"^## (.*)$", markdown, re.M):
        assert f">{heading}</h2>".replace("'", "&#39;") in page
    assert "Before you read the figures" in page and "Before you read the figures" in markdown
    assert page.count("plotly-graph-div") == 3 and "plotly" not in markdown
    assert "cdn" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert "&lt;b&gt;this&lt;/b&gt;" in page and "红色 棉质 衬衫" in page  # escaped, not mangled


def test_without_the_optional_tables_the_page_stands(tables):
    bare = simulate_report(tables, full=False)
    figures = draw_figures(bare, tables.kept(), SETTINGS)
    page = render_report(bare, figures, tables.kept(), SETTINGS)
    assert "No account of training is at hand" in page
    assert "No checkpoint was measured" in page
    assert "No pair of variants was named" in page and "there are no corpus statistics" in page
    assert render_report(bare, {}, {}, SETTINGS).count("plotly-graph-div") == 0


def test_warnings_name_what_is_absent_small_or_lost(data):
    predictions = data.predictions.assign(n_shots_left=1)
    predictions.loc[predictions.index[:3], "problem"] = "too_long"
    said = list_warnings(
        data.results, 100, data.sources, data.rejected, predictions, data.corpus_statistics
    )
    text = "\n".join(said)
    assert "no data for 1 task (general_icl: news_classification)" in text
    assert "11 of 11 tasks have fewer than 100 examples (the least: 16)" in text
    assert "one seed" in text and "too_long 3" in text and "no_gold 2" in text
    assert "4 records of the corpus showed text of a benchmark" in text
    assert "100% of prompts were longer than the window" in text


def test_nothing_is_warned_of_where_all_is_well():
    results = simulate_results(n=500, seeds=(0, 1)).assign(n_unparsed=0)
    clean = pd.DataFrame({"contaminated": [0]})
    assert list_warnings(results, 100, corpus_statistics=clean) == []
    lost = results.assign(ci_low=0.0)
    assert list_warnings(lost, 100, corpus_statistics=clean) == [
        "On ecom_icl, general_icl, ecom_sft, shopbench no model is above both baselines by more "
        "than its interval."
    ]
    partial = results.assign(status="partial")
    said = list_warnings(partial, 100, corpus_statistics=clean)
    assert len(said) == 1 and "are partial (marked *)" in said[0]


def test_examples_are_a_good_and_a_bad_one_of_the_best_variant_whatever_the_order():
    predictions, results = simulate_predictions(), simulate_results()
    assert best_variants(results)["shopbench"] == "ladder_6"
    drawn = draw_examples(predictions, results, 1, 0)
    again = draw_examples(predictions.sample(frac=1, random_state=3), results, 1, 0)
    assert sorted(map(str, drawn)) == sorted(map(str, again))
    assert draw_examples(predictions, results, 1, 1) != drawn
    titles = [sample["title"] for sample in drawn]
    assert {title.split(",")[1].strip() for title in titles} == {
        task for tasks in BENCHMARKS.values() for task in tasks
    }
    of = [title for title in titles if title.startswith("shopbench, query_relation, ladder_6")]
    assert [title.split(": ")[1] for title in of] == ["good (1.00)", "bad (0.00)"]
    bad = next(sample for sample in drawn if ": bad" in sample["title"])
    assert dict(bad["parts"])["prediction"] == "(nothing)"


def test_points_of_the_forest_are_the_data_and_baselines_are_lines():
    results = simulate_results()
    figure = plot_benchmarks(results, TUNED)
    tuned = [t for t in figure.data if t.name == "tuned"]
    means = results.query("level == 'benchmark' and seed == 'all'").set_index(
        ["benchmark", "variant"]
    )
    assert len(tuned) == 1 and list(tuned[0].x) == [
        100 * means.loc[("shopbench", name), "value"] for name in TUNED
    ]
    assert tuned[0].error_x.array[0] == pytest.approx(100 * 0.5 / 64**0.5)
    random = [t for t in figure.data if t.name == "random"]
    assert len(random) == len(BENCHMARKS) and sum(bool(t.showlegend) for t in random) == 1
    assert random[0].x[0] == random[0].x[1]
    assert not plot_benchmarks(results.assign(value=float("nan"))).data


def test_the_curve_has_a_line_and_a_band_for_each_variant():
    curve = simulate_curve()
    figure = plot_checkpoint_curve(curve, ["ecom_icl"])
    lines = [t for t in figure.data if t.mode == "lines+markers"]
    assert [t.name for t in lines] == ["general_only", "ecom_only", "separate", "mixed"]
    assert list(lines[3].x) == [0, 32_000, 64_000, 128_000]
    of = curve.query("variant == 'mixed' and benchmark == 'ecom_icl'")
    assert list(lines[3].y) == pytest.approx(list(100 * of["value"]))
    assert len([t for t in figure.data if t.fill == "toself"]) == 4
    assert len(plot_checkpoint_curve(curve).data) == 16  # two benchmarks
    assert not plot_checkpoint_curve(curve.head(0)).data


def test_a_curve_of_tasks_alone_is_their_mean_without_an_interval():
    curve = pd.DataFrame([
        ("mixed", "0", 5, "b", "x", 0.2, 0.1, 0.3, 9), ("mixed", "0", 5, "b", "y", 0.4, 0.3, 0.5, 7)
    ], columns=["variant", "seed", "tokens", "benchmark", "task", "value", "ci_low", "ci_high", "n"])  # fmt: skip  # noqa: E501
    points = curve_points(curve)
    assert len(points) == 1 and points["value"].iloc[0] == pytest.approx(0.3)
    assert points[["ci_low", "ci_high"]].isna().all(axis=None)


def test_the_ladder_goes_up_in_the_order_of_its_table(data, tables):
    figure = plot_score_ladder(data.paper_tables, "ladder", "Ladder")
    assert figure.layout.xaxis.ticktext[:2] == ("untuned", "one<br>capability")
    mean = next(t for t in figure.data if t.name == "mean")
    assert list(mean.x) == list(range(7)) and mean.y[6] > mean.y[1]
    assert {a.text for a in figure.layout.annotations} == {"random", "majority"}
    assert not plot_score_ladder(data.paper_tables, "unknown", "Ladder").data


def test_results_are_ordered_by_how_models_were_made(data):
    order = list(dict.fromkeys(data.ordered_results()["variant"]))
    shuffled = replace(data, results=data.results.sample(frac=1, random_state=0))
    assert list(dict.fromkeys(shuffled.ordered_results()["variant"])) == order
    assert order[:5] == ["random", "majority", "base", "general_only", "ecom_only"]
    assert order[-1] == "from_mixed"


def test_the_papers_environment_adds_the_other_size():
    def tables(*names):
        merged = {}
        for name in names:
            text = (CONF / name / "parameters_evaluation_tables.yml").read_text()
            for table, settings in yaml.safe_load(text)["paper_tables"]["tables"].items():
                into = merged.setdefault(table, {})
                for key, value in settings.items():
                    into[key] = {**into.get(key, {}), **value} if key == "rows" else value
        return PaperTables(tables=merged).kept()

    assert len(tables("base", "paper")["ecom_icl"].kept_rows()) == 10
    assert tables("base", "paper")["ladder"].kept_rows()["untuned"].variant == "bloom_7b1"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_browser_shows_the_page_without_a_script_error(page, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page.replace("<head>", f"<head>{WATCH}", 1))
    shown = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom",
         file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert 'data-errors="none"' in shown
    assert shown.count('<svg class="main-svg"') >= 3, "figures were not drawn"
