import re

import pandas as pd
import pytest

from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.tuning import compare_tuned, list_trained
from shoplm.reporting.tuning import plot_ladder, plot_tasks, render_tuning_page
from simulated_tuning import MODELS, simulate_tuning

REJECTED = pd.DataFrame(
    [("a", "open_data", "not_measured", "")] * 3 + [("b", "open_data", "too_long", "")],
    columns=["instruction_id", "source", "reason", "detail"],
)


def show(pairs=(("ladder_2", "ladder_1"),), rejected=REJECTED, change=lambda t: t, **more):
    losses, documents, variants, selections, metrics = simulate_tuning(**more)
    trained = list_trained(selections, variants.set_index("variant")["selection"])
    results, comparison = compare_tuned(
        change(losses), change(documents), MODELS, BootstrapSettings(samples=199), pairs,
        trained=trained,
    )  # fmt: skip
    tables = {
        "results": results, "comparison": comparison, "variants": variants,
        "selections": selections, "metrics": metrics, "rejected": rejected,
    }  # fmt: skip
    figures = {"ladder": plot_ladder(results, variants), "tasks": plot_tasks(results, variants)}
    return tables, figures, render_tuning_page(tables, figures)


@pytest.fixture(scope="module")
def one_seed():
    return show()


def cell(page, heading, row, column):
    """A cell of the table under a heading."""
    part = page[page.index(f"<h2>{heading}</h2>") :]
    table = part[part.index("<table") : part.index("</table>")]
    rows = [re.findall(r"<t[hd]>(.*?)</t[hd]>", line) for line in table.split("</tr>")]
    found = [cells for cells in rows if cells[: len(row)] == list(row)]
    assert len(found) == 1, (row, rows)
    return found[0][rows[0].index(column)]


def pooled(tables, variant, metric, split="validation", seed="all"):
    rows = tables["results"].query(
        f"level == 'all' and variant == @variant and metric == @metric and split == '{split}'"
    )
    return rows[rows["seed"] == seed].iloc[0]


def test_the_ladder_shows_what_each_was_tuned_on_and_its_figures(one_seed):
    tables, _, page = one_seed
    row = pooled(tables, "ladder_2", "loss")
    shown = cell(page, "The variants", ["ladder_2"], "loss, tasks not held out")
    assert shown == f"{row['value']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
    assert cell(page, "The variants", ["ladder_2"], "rank") == "32"
    assert cell(page, "The variants", ["from_base"], "rank") == "all weights"
    assert cell(page, "The variants", ["mixed untuned"], "rank") == ""
    row = pooled(tables, "ladder_1", "accuracy", "held_out")
    shown = cell(page, "The variants", ["ladder_1"], "accuracy, held-out tasks")
    assert shown.startswith(f"{row['value']:.0%}") and "There is one seed" in page
    assert f"<b>{pooled(tables, 'ladder_2', 'loss')['value']:.3f}</b>" in page


def test_the_tasks_that_a_variant_trained_on_stand_beside_all(one_seed):
    tables, figures, page = one_seed
    own = tables["results"].query("task == 'title_generation' and seed == 'all'")
    loss = own[own["metric"] == "loss"].set_index("variant")["value"]
    shown = cell(page, "The variants", ["ladder_1"], "loss, tasks it trained on")
    assert shown.startswith(f"{loss['ladder_1']:.3f}")  # its only task, without possible answers
    assert cell(page, "The variants", ["ladder_1"], "accuracy, tasks it trained on") == ""
    assert cell(page, "The variants", ["mixed untuned"], "loss, tasks it trained on") == ""
    everything = cell(page, "The variants", ["ladder_2"], "loss, tasks not held out")
    assert cell(page, "The variants", ["ladder_2"], "loss, tasks it trained on") == everything
    gain = loss["ladder_1"] - loss["mixed untuned"]
    row = ["ladder_1", "mixed untuned", "tasks it trained on", "loss"]
    difference = cell(page, "Tuned against untuned", row, "difference")
    assert difference.startswith(f"{gain:+.3f}".replace("-", "−"))
    traces = [t for t in figures["ladder"].data if t.name == "tasks it trained on"]
    by_place = {round(y): x for x, y in zip(traces[1].x, traces[1].y, strict=True)}
    assert set(by_place) == {2, 3, 4} and by_place[2] == pytest.approx(loss["ladder_1"])


def test_outcomes_follow_the_sign_that_is_better(one_seed):
    *_, page = one_seed
    where = ["ladder_2", "mixed untuned", "tasks not held out"]
    assert cell(page, "Tuned against untuned", [*where, "loss"], "outcome") == "better"
    assert cell(page, "Tuned against untuned", [*where, "loss"], "difference").startswith("−0.6")
    assert cell(page, "Tuned against untuned", [*where, "accuracy"], "outcome") == "better"
    pair = ["ladder_2", "ladder_1", "tasks not held out", "loss"]
    assert cell(page, "Variants against each other", pair, "outcome") == "better"
    *_, page = show(effects={"ladder_1": 0.5, "ladder_2": 0.0, "from_base": 0.3})
    where[0] = "ladder_1"
    assert cell(page, "Tuned against untuned", [*where, "loss"], "outcome") == "worse"


def test_points_of_the_ladder_are_the_data(one_seed):
    tables, figures, _ = one_seed
    traces = [t for t in figures["ladder"].data if t.name == "tasks not held out"]
    assert len(traces) == 2 and sum(bool(t.showlegend) for t in traces) == 1
    labels = figures["ladder"].layout.yaxis.ticktext
    assert labels[:2] == ("mixed untuned", "base untuned") and "rank 16" in labels[2]
    by_place = {round(y): x for x, y in zip(traces[1].x, traces[1].y, strict=True)}
    assert by_place[3] == pooled(tables, "ladder_2", "loss")["value"]
    assert by_place[0] == pooled(tables, "mixed untuned", "loss")["value"]
    lines = [s for s in figures["ladder"].layout.shapes if s.type == "line"]
    assert [line.x0 for line in lines] == pytest.approx([1 / 3, 1 / 3])  # a random answer of three


def test_tasks_show_before_and_after_with_the_best_variant_first(one_seed):
    tables, figures, page = one_seed
    named = [t for t in figures["tasks"].data if t.name]
    assert [t.name for t in named] == ["ladder_2", "from_base", "ladder_1"]
    assert [t.visible for t in named] == [True, "legendonly", "legendonly"]
    labels = [label.replace("<br>", "") for label in figures["tasks"].layout.yaxis.ticktext]
    assert labels[-1] == "a_task_with_a_very_long_name (held out)" and len(labels) == 4
    row = tables["results"].query("task == 'query_relation' and metric == 'loss'")
    row = row[(row["variant"] == "ladder_2") & (row["seed"] == "all")].iloc[0]
    assert named[0].x[labels.index("query_relation")] == row["value"]
    shown = cell(page, "By task", ["tasks not held out", "query_relation"], "loss after")
    assert shown.startswith(f"{row['value']:.3f}")
    assert cell(page, "By task", ["tasks not held out", "query_relation"], "random") == "33%"
    assert cell(page, "By task", ["tasks not held out", "title_generation"], "random") == ""


def test_what_was_trained_on_and_left_out_is_counted(one_seed):
    _, _, page = one_seed
    assert cell(page, "What was trained on", ["all"], "total") == "300"
    assert cell(page, "What was trained on", ["all"], "beyond the window") == "7"
    assert "512 tokens" in page
    left = "Instructions neither trained on nor measured"
    assert cell(page, left, ["not_measured", "open_data"], "instructions") == "3"
    assert cell(page, "By capability", ["tasks not held out", "accuracy", "majority"], "reasoning")


def test_several_seeds_show_their_spread():
    _, figures, page = show(seeds=(0, 1, 2))
    assert "±" in cell(page, "The variants", ["ladder_2"], "loss, tasks not held out")
    assert "the 3 seeds" in page
    circles = [t for t in figures["ladder"].data if t.marker.symbol == "circle-open"]
    assert len(circles) == 6 and len(circles[0].x) == 3 * 5  # seeds times models
    *_, page = show(seeds=(3,))  # what a guess scores stands as seed 0
    assert "There is one seed" in page


def test_without_choices_pairs_or_held_out_tasks():
    def only_answers(table):
        return table[table["split"].str.startswith("validation")]

    _, figures, page = show(pairs=(), rejected=REJECTED.head(0), change=only_answers)
    assert "No pair of variants was named" in page and "held-out tasks" not in page
    shown = [t.name for t in figures["ladder"].data if t.name]
    assert shown == ["tasks not held out", "tasks it trained on"]
    assert "choice accuracy" not in str(figures["ladder"].layout)


def test_the_page_survives_tables_read_back_from_files(tmp_path, one_seed):
    tables, figures, page = one_seed
    again = {}
    for name, table in tables.items():
        table.to_csv(tmp_path / name, index=False)
        again[name] = pd.read_csv(tmp_path / name)
    ladder = plot_ladder(again["results"], again["variants"])
    assert ladder.to_json() == figures["ladder"].to_json()
    without_ids = [
        re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)
        for text in (page, render_tuning_page(again, figures))
    ]
    assert without_ids[0] == without_ids[1]
