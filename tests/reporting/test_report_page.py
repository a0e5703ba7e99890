import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from shoplm.pipelines.evaluation import report_nodes
from shoplm.pipelines.evaluation.params import EvaluationParams
from shoplm.reporting.paper_table_settings import PaperTables, ReportSettings
from shoplm.reporting.report import draw_figures, render_report
from shoplm.reporting.report_examples import draw_examples
from shoplm.reporting.report_figures import (
    plot_benchmarks,
    plot_checkpoint_curve,
    plot_score_ladder,
)
from shoplm.reporting.report_summary import best_variants, list_facts, summarise
from shoplm.reporting.report_warnings import list_warnings
from simulated_benchmarks import (
    BENCHMARKS,
    PRETRAINED,
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
addEventListener("load", () => parent.postMessage({
  width: innerWidth, needed: document.documentElement.scrollWidth, errors: errors,
  figures: document.querySelectorAll(".js-plotly-plot").length,
}, "*"));
</script>"""
HOST = """<script>
addEventListener("message", event => {
  document.body.appendChild(document.createElement("p")).textContent = JSON.stringify(event.data);
});
</script><body><iframe src="report.html" width="400" height="900" frameborder="0"></iframe>
<iframe src="report.html" width="1200" height="900" frameborder="0"></iframe></body>"""


@pytest.fixture(scope="module")
def tables():
    file = CONF / "base/parameters_evaluation_tables.yml"
    return PaperTables(**yaml.safe_load(file.read_text())["paper_tables"])


@pytest.fixture(scope="module")
def data(tables):
    return simulate_report(tables)


@pytest.fixture(scope="module")
def rendered(data, tables):
    return render_report(data, draw_figures(data, SETTINGS), tables.kept(), SETTINGS)


@pytest.fixture(scope="module")
def page(rendered):
    return rendered[0]


@pytest.fixture(scope="module")
def markdown(rendered):
    return rendered[1]


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
    assert rows["mixed"]["EcomICL"] == f"{value:.1f} ({low:.1f} to {high:.1f}) ▲ base"
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
    assert cost["evaluation"] == {"what": "evaluation", "models": "2", "tokens": "180,100",
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
    figures = draw_figures(bare, SETTINGS)
    page, _ = render_report(bare, figures, tables.kept(), SETTINGS)
    assert "No account of training is at hand" in page
    assert "No checkpoint was measured" in page
    assert "No pair of variants was named" in page and "there are no corpus statistics" in page
    assert render_report(bare, {}, {}, SETTINGS)[0].count("plotly-graph-div") == 0


def test_warnings_name_what_is_absent_small_or_lost(data):
    predictions = data.predictions.assign(n_shots_left=1)
    predictions.loc[predictions.index[:3], "problem"] = "too_long"
    said = list_warnings(
        data.results, 100, data.rejected, predictions, data.corpus_statistics, data.problems
    )
    text = "\n".join(said)
    assert "no data for 1 task (GeneralICL: news_classification)" in text
    assert "ladder_6 were trained on tasks that EcomSFT holds out (address_matching)" in text
    assert "Not compared: EcomICL, mixed not against large: not trained." in text
    assert "11 of 11 tasks have fewer than 100 examples (the least: 16)" in text
    assert "one seed" in text and "longer than the window 3" in text
    assert "without a right answer 2" in text
    assert "4 records of the corpus showed text of a benchmark" in text
    assert "100% of prompts were longer than the window" in text


def test_nothing_is_warned_of_where_all_is_well():
    results = simulate_results(n=500, seeds=(0, 1)).assign(n_unparsed=0)
    clean = pd.DataFrame({"contaminated": [0]})
    assert list_warnings(results, 100, corpus_statistics=clean) == []
    partial = results.assign(status="partial")
    said = list_warnings(partial, 100, corpus_statistics=clean)
    assert len(said) == 1 and "are partial (marked *)" in said[0]


def test_the_report_leads_with_what_beats_the_baselines():
    def lead(**more):
        return summarise(replace(simulate_report(PaperTables(), full=False, n=400), **more))

    results = simulate_results(n=400)
    lost = results["benchmark"].isin(["ecom_icl", "general_icl"])
    mixed = lead(results=results.assign(ci_low=results["ci_low"].mask(lost, 0.0)))
    assert mixed.startswith("Models are above both a random and the most frequent answer, by more")
    assert "ShopBench (" in mixed and mixed.endswith("; on EcomICL and GeneralICL none is.")
    assert lead(results=results.assign(ci_low=0.0)) == (
        "On EcomICL, GeneralICL, EcomSFT and ShopBench no model is above both a random and the "
        "most frequent answer by more than its interval."
    )


def test_tiles_show_the_best_model_beside_its_start_and_the_majority(data):
    facts = list_facts(data)
    means = data.results.query("level == 'benchmark' and seed == 'all'")
    value = means.set_index(["benchmark", "variant"])["value"].mul(100)
    of = value["shopbench"]
    label = (
        f"ShopBench, best model: {of['ladder_6'] - of['mixed']:+.1f} against mixed, "
        f"{of['ladder_6'] - of['majority']:+.1f} against majority"
    )
    assert facts[label] == f"ladder_6 {of['ladder_6']:.1f}"
    models = len(PRETRAINED) + len(TUNED) + 5
    assert facts[f"models measured; {models - 1} trained here, 1 seed each"] == f"{models}"
    shared = data.predictions.assign(task="one")  # two benchmarks may share a task
    assert "6" not in facts.values()
    few = list_facts(replace(data, predictions=shared.assign(example_id=shared.index % 6)))
    assert "6" in few.values()


def test_examples_are_of_one_task_of_each_capability_whatever_the_order():
    predictions, results = simulate_predictions(), simulate_results()
    assert best_variants(results)["shopbench"] == "ladder_6"
    capabilities = {"query_relation": "behaviour", "title_translation": "multilingual"}
    drawn = draw_examples(predictions, results, capabilities, 1, 0)
    again = draw_examples(predictions.sample(frac=1, random_state=3), results, capabilities, 1, 0)
    assert drawn == again != draw_examples(predictions, results, capabilities, 1, 1)
    titles = [sample["title"] for sample in drawn]
    tasks = {title.split(", ")[1] for title in titles if title.startswith("ShopBench")}
    assert tasks > set(capabilities) and len(tasks) == 3  # and one of those without
    for benchmark in ("EcomICL", "GeneralICL", "EcomSFT"):
        assert len({t.split(", ")[1] for t in titles if t.startswith(benchmark)}) == 1
    assert set(BENCHMARKS["shopbench"]) > tasks
    of = [title for title in titles if title.startswith("ShopBench, query_relation, ladder_6")]
    assert [title.split(": ")[1] for title in of] == ["best (1.00)", "worst (0.00)"]
    worst = next(sample for sample in drawn if ": worst" in sample["title"])
    assert dict(worst["parts"])["prediction"] == "(nothing)"


def test_the_page_says_how_sure_its_figures_are(markdown):
    assert "Intervals (95%, 9,999 resamples, seed 0)" in markdown
    assert (
        "not corrected for how many figures" in markdown and "corrected (Holm) within" in markdown
    )
    assert "of measured examples and shots 0; of the bootstrap and the tests 0" in markdown
    curve = lines(markdown, "Along continual pre-training")
    cell = curve["EcomICL: 1 of 2 tasks, picked answers"]["64,000 tokens"]
    assert re.fullmatch(r"\d+\.\d\* \([\d.]+ to [\d.]+\)", cell)


def test_points_of_the_forest_are_the_data_and_baselines_are_lines():
    results = simulate_results()
    figure = plot_benchmarks(results, PRETRAINED, TUNED)
    tuned = [t for t in figure.data if t.name == "tuned"]
    means = results.query("level == 'benchmark' and seed == 'all'").set_index(
        ["benchmark", "variant"]
    )
    other = [t for t in figure.data if t.name == "other"]
    assert len(other) == 1 and len(other[0].x) == 5  # from_*, which nothing says are tuned
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
    of = curve.query(
        "variant == 'mixed' and benchmark == 'ecom_icl' and level == 'benchmark' and seed == 'all'"
    )
    assert list(lines[3].y) == pytest.approx(list(100 * of["value"]))
    assert len([t for t in figure.data if t.fill == "toself"]) == 4
    assert len(plot_checkpoint_curve(curve).data) == 16  # two benchmarks
    notes = [a.text for a in figure.layout.annotations]
    assert set(notes) == {"EcomICL: 1 of 2 tasks, picked answers", "random", "majority"}
    assert sorted(s.y0 for s in figure.layout.shapes) == pytest.approx([22, 27])
    assert not plot_checkpoint_curve(curve.head(0)).data


def test_the_ladder_goes_up_in_the_order_of_its_table(data, tables):
    figure = plot_score_ladder(data.paper_tables, "ladder", "Ladder")
    assert figure.layout.xaxis.ticktext[:2] == ("untuned", "one<br>capability")
    mean = next(t for t in figure.data if t.name == "mean")
    assert list(mean.x) == list(range(7)) and mean.y[6] > mean.y[1]
    assert {a.text for a in figure.layout.annotations} == {"random", "majority"}
    assert not plot_score_ladder(data.paper_tables, "unknown", "Ladder").data
    one_step = data.paper_tables[data.paper_tables["row"] == "untuned"]
    assert not plot_score_ladder(one_step, "ladder", "Ladder").data


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


def test_the_node_passes_problems_and_settings_on(data, tables):
    nothing = plot_checkpoint_curve(pd.DataFrame())
    params = EvaluationParams.model_validate({
        "runs": "runs", "examples": {"seed": 7}, "benchmarks": {"ecom_icl": {}},
        "evaluations": {"icl": {"models": ["base"], "benchmarks": ["ecom_icl"]}},
        "bootstrap": {"samples": 1_999, "confidence": 0.9, "seed": 3},
    })  # fmt: skip
    page, markdown = report_nodes.render_report(
        data.results, data.paper_tables, data.comparison, data.curve, data.predictions,
        data.unparsed, data.sources, data.rejected, data.problems, data.costs,
        data.corpus_statistics, data.mixing_report, data.pretrain_metrics,
        data.instruction_statistics, data.sft_variants, data.sft_metrics, None, None, {},
        nothing, nothing, nothing, tables, params,
    )  # fmt: skip
    for shown in (page, markdown):
        assert "ladder_6 were trained on tasks that EcomSFT holds out (address_matching)" in shown
        assert "Not compared: EcomICL, mixed not against large: not trained." in shown
        assert "Intervals (90%, 1,999 resamples, seed 3)" in shown
        assert "of measured examples and shots 7; of the bootstrap and the tests 3" in shown
    assert "plotly-graph-div" not in page  # figures of nothing are left out


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_browser_shows_the_page_on_wide_and_narrow_screens_without_an_error(page, tmp_path):
    (tmp_path / "report.html").write_text(page.replace("<head>", f"<head>{WATCH}", 1))
    host = tmp_path / "host.html"
    host.write_text(HOST)
    shown = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=8000", "--dump-dom",
         host.as_uri()],
        capture_output=True, text=True, timeout=90, check=True,
    ).stdout  # fmt: skip
    found = [json.loads(line) for line in re.findall(r"<p>(.*?)</p>", shown)]
    assert sorted(one["width"] for one in found) == [400, 1200]
    for one in found:
        assert one["errors"] == [] and one["figures"] == 3
        assert one["needed"] <= one["width"], "the page is wider than the screen"
