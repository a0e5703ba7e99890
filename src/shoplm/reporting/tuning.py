"""The page of sft."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from plotly.graph_objects import Figure

from shoplm.metrics.tuning import ALL_SEEDS
from shoplm.metrics.tuning_cells import ALL, TRAINED
from shoplm.metrics.tuning_scores import ACCURACY, BASELINE, BASELINES, LOSS, UNTUNED
from shoplm.reporting.page import Section, render_page
from shoplm.reporting.runs import list_runs
from shoplm.reporting.tuning_figures import (
    SIDES,
    best_variants,
    name_starts,
    plot_ladder,
    plot_tasks,
    pooled_rows,
)

__all__ = ["plot_ladder", "plot_tasks", "render_tuning_page"]

LEVEL = 0.05
"""A corrected p-value below it is called a difference."""
MINUS = "\N{MINUS SIGN}"
ACCOUNT = ["variant", "model", "rank", "capabilities", "tasks", "most_of_a_task", "examples"]


def render_tuning_page(tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]) -> str:
    """The HTML page of one run.

    Args:
        tables: `results` and `comparison` (`shoplm.metrics.tuning.compare_tuned`), `variants`,
            `selections`, `metrics` and `rejected`, the pipeline's tables.
        figures: `ladder` (`plot_ladder`) and `tasks` (`plot_tasks`).
    """
    results, comparison, variants = tables["results"], tables["comparison"], tables["variants"]
    pooled = pooled_rows(comparison)
    best = best_variants(results, variants)
    runs = list_runs(tables["metrics"])
    return render_page(
        "What instruction tuning did",
        _facts(tables, best),
        [
            Section(
                "The variants",
                "loss: nats a token of the right answer, end mark included, given the prompt. "
                "accuracy: share of questions with a set of possible answers whose right one the "
                "model finds most probable; dashed, that of a random answer. Means over tasks, "
                "each counted alike: all tasks not held out, which some variants were trained on "
                "in part; those of them that a variant itself was trained on; and the held-out "
                "ones, which none was. Models of continual pre-training (such as mixed and "
                "separate) have read the catalogue that the measured examples are made of before "
                "any tuning. " + _how_sure(results),
                _ladder(results, variants),
                figures["ladder"],
            ),
            Section(
                "Tuned against untuned",
                "Differences on the same examples, by a sign-flip test over groups (products, "
                "titles, passages); p is corrected (Holm) over all rows of a metric, those of a "
                "variant's own tasks apart. Under "
                f"{LEVEL}, and if each seed alone points the same way, a difference counts as one.",
                _differences(pooled[_is_untuned(pooled)]),
            ),
            Section(
                "Variants against each other",
                "As above, over the pairs that the settings name."
                if (~_is_untuned(pooled)).any()
                else "No pair of variants was named for comparison.",
                _differences(pooled[~_is_untuned(pooled)])
                if (~_is_untuned(pooled)).any()
                else None,
            ),
            Section(
                "By task",
                f"Before and after tuning, shown for {best[0]}, the variant with the lowest mean "
                "loss on tasks not held out; the legend adds others."
                if best
                else "No task was measured.",
                _by_task(results, variants, best[0]) if best else None,
                figures["tasks"] if best else None,
            ),
            Section(
                "By capability",
                "Mean over the tasks of a capability. majority: the answer that is right most "
                "often among all instructions of a task.",
                _by_capability(results),
            ),
            Section(
                "What was trained on",
                "Instructions of each capability and selection, means over seeds. "
                + _beyond(variants),
                _selections(tables["selections"], variants),
            ),
            Section(
                "Instructions neither trained on nor measured",
                "not_measured: kept from training with their group, and beyond the number that "
                "is measured.",
                _rejected(tables["rejected"]),
            ),
            Section(
                "Runs",
                "tokens: of prompts and answers, without padding; loss: of answers, mean of the "
                "last tenth of the steps; tokens a second: median of the steps. Template: "
                + repr(variants["template"].iloc[0]),
                runs,
            ),
        ],
    )


def _facts(tables: Mapping[str, pd.DataFrame], best: list[str]) -> dict[str, str]:
    results, variants = tables["results"], tables["variants"]
    seeds = tables["metrics"]["seed"].nunique()
    facts = {
        f"variants, {seeds} seed{'s' * (seeds > 1)} each": f"{len(variants)}",
        "instructions in the largest": f"{variants['examples'].max():,}",
    }
    pooled = results[(results["level"] == ALL) & (results["seed"] == ALL_SEEDS)]
    own = results[(results["level"] == TRAINED) & results["task"].isin(best[:1])]
    own = own[own["seed"] == ALL_SEEDS].assign(split=TRAINED)
    pooled = pd.concat([pooled, own])
    starts = name_starts(results, variants)
    for metric, side in (
        (ACCURACY, "validation"), (ACCURACY, TRAINED), (ACCURACY, "held_out"), (LOSS, "validation")
    ):  # fmt: skip
        of = pooled[(pooled["metric"] == metric) & (pooled["split"] == side)]
        of = of.set_index("variant")["value"]
        if best and best[0] in of.index:
            before = of[starts[best[0]]]
            label = f"{metric} on {SIDES[side]}: {best[0]} (untuned {_shown(metric, before)})"
            facts[label] = _shown(metric, of[best[0]])
    return facts


def _ladder(results: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """A row a variant and untuned model: what it was tuned on, and pooled figures."""
    pooled = pooled_rows(results)
    spread = _seed_spread(pooled)
    pooled = pooled[(pooled["seed"] == ALL_SEEDS) & (pooled["variant"] != BASELINE)]
    cells = pooled.assign(
        shown=[_cell(row, spread) for row in pooled.to_dict("records")],
        column=pooled["metric"] + ", " + pooled["split"].map(SIDES),
    )
    wide = cells.pivot(index="variant", columns="column", values="shown").fillna("")
    starts = pd.DataFrame({"variant": list(dict.fromkeys(name_starts(results, variants).values()))})
    account = variants[ACCOUNT].rename(columns={"most_of_a_task": "most of a task"})
    account["rank"] = account["rank"].map(lambda r: "all weights" if pd.isna(r) else f"{r:.0f}")
    table = pd.concat([starts, account], ignore_index=True).merge(
        wide.reset_index(), on="variant", how="left"
    )
    for column in ("capabilities", "tasks", "most of a task", "examples"):
        table[column] = [("" if pd.isna(n) else f"{n:,.0f}") for n in table[column]]
    order = [f"{m}, {s}" for s in SIDES.values() for m in (ACCURACY, LOSS)]
    kept = [column for column in order if column in table]
    return table[[c for c in table if c not in kept] + kept]


def _differences(rows: pd.DataFrame) -> pd.DataFrame:
    signs = np.sign(rows["value"]).groupby(
        [rows[key] for key in ("variant", "against", "split", "metric")]
    )
    rows = rows.assign(agree=signs.transform("nunique") == 1)
    rows = rows[rows["seed"] == ALL_SEEDS].sort_values(
        ["split", "metric"], ascending=[False, True], kind="stable"
    )
    return pd.DataFrame(
        {
            "variant": row["variant"],
            "against": row["against"],
            "on": SIDES[row["split"]],
            "metric": row["metric"],
            "difference": _difference(row),
            "corrected p": "" if pd.isna(row["p_holm"]) else f"{row['p_holm']:.4f}",
            "outcome": _outcome(row),
            "examples": row["n"],
        }
        for row in rows.to_dict("records")
    )


def _by_task(results: pd.DataFrame, variants: pd.DataFrame, best: str) -> pd.DataFrame:
    start = name_starts(results, variants)[best]
    rows = results[(results["level"] == "task") & (results["seed"] == ALL_SEEDS)]
    rows = rows[rows["variant"].isin([best, start, BASELINE])].copy()
    when = {best: "after", start: "before"}
    rows["column"] = [
        row["metric"].replace("_accuracy", "") if row["variant"] == BASELINE
        else f"{row['metric']} {when[row['variant']]}"
        for row in rows.to_dict("records")
    ]  # fmt: skip
    rows["shown"] = [_cell(row) for row in rows.to_dict("records")]
    examples = rows.groupby(["split", "task"])["n"].max().rename("examples")
    wide = rows.pivot(index=["split", "task"], columns="column", values="shown")
    columns = ["loss before", "loss after", "accuracy before", "accuracy after", "random",
               "majority"]  # fmt: skip
    table = wide.reindex(columns=[c for c in columns if c in wide]).fillna("")
    table = table.join(examples).reset_index().rename_axis(columns=None)
    table = table.sort_values(["split", "task"], ascending=[False, True], ignore_index=True)
    return table.assign(split=table["split"].map(SIDES)).rename(columns={"split": "tasks"})


def _by_capability(results: pd.DataFrame) -> pd.DataFrame:
    rows = results[(results["level"] == "capability") & (results["seed"] == ALL_SEEDS)].copy()
    rows["shown"] = [_cell(row) for row in rows.to_dict("records")]
    rows["metric"] = rows["metric"].where(~rows["metric"].isin(BASELINES), ACCURACY)
    base = rows["variant"] == BASELINE
    names = results.loc[rows.index, "metric"].str.replace("_accuracy", "")
    rows["variant"] = rows["variant"].where(~base, names)
    table = rows.pivot(index=["split", "metric", "variant"], columns="task", values="shown")
    order = list(dict.fromkeys(rows["variant"]))
    table = table.fillna("").reset_index().rename_axis(columns=None)
    table["place"] = table["variant"].map(order.index)
    table = table.sort_values(["split", "metric", "place"], ascending=[False, True, True])
    table["split"] = table["split"].map(SIDES)
    return table.drop(columns="place").rename(columns={"split": "tasks"})


def _beyond(variants: pd.DataFrame) -> str:
    return (
        f"Beyond the window: longer than the {variants['window'].iloc[0]:,} tokens that are set "
        "for a block, and kept whole, so that all blocks grow; cut: their prompt lost its middle."
    )


def _selections(selections: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    by_seed = selections.groupby(["selection", "seed", "capability"], sort=False)["n"].sum()
    mean = by_seed.groupby(["selection", "capability"], sort=False).mean()
    table = mean.unstack(fill_value=0).round().astype(int)
    tasks = selections[selections["n"] > 0].groupby(["selection", "seed"])["task"].nunique()
    table.insert(0, "tasks", tasks.groupby("selection").mean().round().astype(int))
    table["total"] = table.drop(columns="tasks").sum(axis=1)
    of = variants.drop_duplicates("selection").set_index("selection")
    table["beyond the window"], table["cut"] = of["beyond_window"], of["cut"]
    return table.reset_index().rename_axis(columns=None)


def _rejected(rejected: pd.DataFrame) -> pd.DataFrame | None:
    if rejected.empty:
        return None
    counts = rejected.groupby(["reason", "source"]).size().rename("instructions")
    return counts.sort_values(ascending=False).reset_index()


def _is_untuned(comparison: pd.DataFrame) -> pd.Series:
    return comparison["against"].astype(str).str.contains(f" {UNTUNED}", regex=False)


def _outcome(row: Mapping) -> str:
    if not row["p_holm"] < LEVEL:
        return "no difference shown"
    if not row["agree"]:
        return "seeds disagree"
    return "better" if (row["value"] < 0) == (row["metric"] == LOSS) else "worse"


def _how_sure(results: pd.DataFrame) -> str:
    of_models = (results["seed"] != ALL_SEEDS) & (results["variant"] != BASELINE)
    seeds = results.loc[of_models, "seed"].nunique()
    sentence = (
        "Intervals (95% unless set otherwise) say how much other examples would move a figure, "
        "those of one group taken together"
    )
    if seeds > 1:
        return f"{sentence}; ± and the small circles how much the {seeds} seeds do."
    return f"{sentence}. There is one seed: how much another run would is not known."


def _seed_spread(results: pd.DataFrame) -> dict[tuple, float]:
    alone = results[results["seed"] != ALL_SEEDS]
    return alone.groupby(["variant", "split", "task", "metric"])["value"].std().dropna().to_dict()


def _cell(row: Mapping, spread: Mapping[tuple, float] | None = None) -> str:
    value = _shown(row["metric"], row["value"])
    ends = [row["ci_low"], row["ci_high"]]
    if row["variant"] != BASELINE and not pd.isna(ends).any():
        value += " ({})".format(" to ".join(_shown(row["metric"], end).strip("%") for end in ends))
    sd = (spread or {}).get((row["variant"], row["split"], row["task"], row["metric"]))
    return value if sd is None else f"{value} ±{_shown(row['metric'], sd).strip('%')}"


def _difference(row: Mapping) -> str:
    loss = row["metric"] == LOSS
    value, low, high = (row[key] * (1 if loss else 100) for key in ("value", "ci_low", "ci_high"))
    form = "+.3f" if loss else "+.1f"
    interval = "" if pd.isna(low) else f" ({low:{form}} to {high:{form}})"
    return (f"{value:{form}}{interval}" + ("" if loss else " points")).replace("-", MINUS)


def _shown(metric: str, value: float) -> str:
    return f"{value:.3f}" if metric == LOSS else f"{value:.0%}"
