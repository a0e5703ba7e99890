"""The page of continual_pretrain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from plotly.graph_objects import Figure

from shoplm.metrics.perplexity import ALL_SEEDS, PERPLEXITY, RATIO, UNIFORM
from shoplm.reporting.page import Section, render_page
from shoplm.reporting.pretraining_figures import (
    base_names,
    order_splits,
    plot_perplexity,
    plot_training,
)
from shoplm.reporting.runs import list_runs

__all__ = ["plot_perplexity", "plot_training", "render_pretraining_page"]

LEVEL = 0.05
"""A corrected p-value below it is called a difference."""
FEW = 20
"""In trials with so few groups, intervals of the stated 95% held the truth in 90% or less."""
MINUS = "\N{MINUS SIGN}"


def render_pretraining_page(
    pretrain_metrics: pd.DataFrame,
    pretrain_comparison: pd.DataFrame,
    figures: Mapping[str, Figure],
) -> str:
    """The HTML page of one run.

    Args:
        pretrain_metrics: variant, seed, step, tokens, split, metric, value.
        pretrain_comparison: see `shoplm.metrics.perplexity.compare_models`.
        figures: `training` (`plot_training`) and `perplexity` (`plot_perplexity`).
    """
    pooled = pretrain_comparison[pretrain_comparison["seed"] == ALL_SEEDS]
    bases = base_names(pooled)
    changes = pooled[pooled["against"].isin(bases)]
    pairs = _named_pairs(pretrain_comparison, bases)
    measured = [
        Section(
            "Learned and forgotten",
            "How each model's perplexity on held-out text stands to that of the model it started "
            "from: to the left of the line it reads the text better than before, to the right "
            "worse. " + _how_sure(pretrain_comparison),
            _wide(changes, _change),
            figures["perplexity"],
        ),
        Section(
            "Perplexity at the end",
            "exp of the mean loss of a token over all documents of a split, all languages "
            "together and in each. general: general text; shop: shop records, each alone; "
            f"clusters: the records of a product together.{_guess(pooled)}",
            _wide(
                pooled[(pooled["metric"] == PERPLEXITY) & (pooled["variant"] != UNIFORM)],
                _perplexity,
            ),
        ),
        Section(
            "Variants against each other",
            "The ratio of perplexities on the same documents, by a sign-flip test; p is "
            f"corrected (Holm) over all rows below. Under {LEVEL}, and if each seed alone points "
            "the same way, a difference counts as one. Mixtures choose their records each for "
            "itself: unless a budget takes them all, part of a difference is other text."
            if len(pairs)
            else "No pair of variants was named for comparison.",
            _pairs(pairs) if len(pairs) else None,
        ),
    ]
    unmeasured = [Section("Held-out text", "No held-out text was measured.")]
    runs = list_runs(pretrain_metrics)
    return render_page(
        "What continual pre-training did",
        _facts(runs, pooled, pairs),
        [
            *(measured if len(pooled) else unmeasured),
            Section(
                "Along training",
                "Training loss is on each mixture's own text, so it compares no two mixtures: "
                "held-out perplexity does. A line joins the mean over seeds, a band spans them.",
                figure=figures["training"],
            ),
            Section(
                "Runs",
                "tokens: of documents, without padding; loss: mean of the last tenth of the "
                "steps; tokens a second: median of the steps; memory: peak of the fullest process.",
                runs,
            ),
        ],
    )


def _facts(runs: pd.DataFrame, pooled: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, str]:
    variants, seeds = runs["variant"].nunique(), runs["seed"].nunique()
    facts = {
        f"variants, {seeds} seed{'s' * (seeds > 1)} each": f"{variants}",
        "document tokens a model, at most": f"{runs['tokens'].max():,}",
    }
    perplexity = pooled[pooled["metric"] == PERPLEXITY].dropna(subset="value")
    bases = base_names(pooled)
    for split in _headlines(pooled):
        of = perplexity[perplexity["split"] == split]
        base = of[of["variant"].isin(bases)]
        of = of[~of["variant"].isin([*bases, UNIFORM])]
        if len(of):
            best = of.loc[of["value"].idxmin()]
            before = f" (base {_number(base['value'].iloc[0])})" if len(base) == 1 else ""
            label = f"lowest perplexity on {split}: {best['variant']}{before}"
            facts[label] = _number(best["value"])
    couples = list(dict.fromkeys(zip(pairs["variant"], pairs["against"], strict=True)))
    for variant, other in couples[:1]:
        of = pairs[(pairs["variant"] == variant) & (pairs["against"] == other)].set_index("split")
        for split in _headlines(of.reset_index()):
            label = f"{variant} against {other} on {split}: {_outcome(of.loc[split])}"
            facts[label] = _percent(of.loc[split, "value"])
    return facts


def _guess(pooled: pd.DataFrame) -> str:
    guesses = pooled.loc[pooled["variant"] == UNIFORM, "value"].unique()
    return f" A uniform guess over the vocabulary has {guesses[0]:,.0f}." if len(guesses) else ""


def _headlines(rows: pd.DataFrame) -> list[str]:
    """Pooled domains, or all splits where none is pooled."""
    splits = order_splits(rows["split"])
    return [split for split in splits if "_" not in split] or splits


def _how_sure(comparison: pd.DataFrame) -> str:
    seeds = comparison["n_seeds"].max()
    sentences = [
        "Intervals (95% unless set otherwise) say how much other documents would move a figure, "
        "those about the same products taken together as one group"
        + (
            f"; ± and the small circles how much the {seeds} seeds do."
            if seeds > 1
            else ". There is one seed: how much another training run would is not known."
        )
    ]
    few = comparison.loc[comparison["n"] < FEW, "split"]
    if len(few):
        sentences.append(
            f"With fewer than {FEW} groups ({', '.join(order_splits(few))}) an interval is "
            "narrower than it should be."
        )
    return " ".join(sentences)


def _wide(rows: pd.DataFrame, shown: Callable[[pd.Series], str]) -> pd.DataFrame:
    """A row a split, a column a variant, in the order of the figures."""
    cells = rows.assign(shown=rows.apply(shown, axis=1))
    table = cells.pivot(index="split", columns="variant", values="shown")
    names = list(dict.fromkeys(rows["variant"]))
    table = table.loc[order_splits(rows["split"]), names]
    table["groups"] = rows.groupby("split")["n"].max()
    return table.reset_index().rename_axis(columns=None)


def _perplexity(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return "no target"
    ends = f"{_number(row['ci_low'])} to {_number(row['ci_high'])}"
    return _with_spread(row, _number(row["value"]), ends, _number(row["seed_sd"]))


def _change(row: pd.Series) -> str:
    if pd.isna(row["value"]):
        return "no target"
    ends = " to ".join(_percent(row[end]).strip("+%") for end in ("ci_low", "ci_high"))
    return _with_spread(row, _percent(row["value"]), ends, f"{100 * row['seed_sd']:.1f}")


def _with_spread(row: pd.Series, value: str, ends: str, spread: str) -> str:
    interval = "" if pd.isna(row["ci_low"]) else f" ({ends})"
    return value + interval + ("" if pd.isna(row["seed_sd"]) else f" ±{spread}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}"


def _percent(ratio: float) -> str:
    return f"{ratio - 1:+.1%}".replace("-", MINUS)


def _outcome(row: pd.Series) -> str:
    if not row["p_holm"] < LEVEL:
        return "no difference shown"
    if not row["seeds_agree"]:
        return "seeds disagree"
    return "better" if row["value"] < 1 else "worse"


def _named_pairs(comparison: pd.DataFrame, bases: Sequence[str]) -> pd.DataFrame:
    """Comparisons between variants over all seeds, and whether each seed points the same way."""
    pairs = comparison[(comparison["metric"] == RATIO) & ~comparison["against"].isin(bases)]
    signs = np.sign(pairs["value"] - 1)
    directions = signs.groupby([pairs[key] for key in ("variant", "against", "split")])
    pairs = pairs.assign(seeds_agree=directions.transform("nunique") == 1)
    return pairs[pairs["seed"] == ALL_SEEDS]


def _pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    place = {split: number for number, split in enumerate(order_splits(pairs["split"]))}
    couples = list(dict.fromkeys(zip(pairs["variant"], pairs["against"], strict=True)))
    ordered = sorted(
        (row for _, row in pairs.iterrows()),
        key=lambda row: (couples.index((row["variant"], row["against"])), place[row["split"]]),
    )
    return pd.DataFrame(
        {
            "variant": row["variant"],
            "against": row["against"],
            "split": row["split"],
            "change of perplexity": _change(row),
            "corrected p": "" if pd.isna(row["p_holm"]) else f"{row['p_holm']:.4f}",
            "outcome": _outcome(row),
            "groups": row["n"],
        }
        for row in ordered
    )
