"""What the page of the funnel says first: what it came to, and what to mind."""

from __future__ import annotations

import pandas as pd

from shoplm.metrics.funnel import AUC, COMPLETE, NOT_PREDICTED, VIOLATIONS
from shoplm.metrics.funnel_rows import ALL
from shoplm.reporting.funnel_cells import (
    NDCG,
    Scores,
    number_text,
    outcome,
    select,
    signed_text,
)
from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.funnel_pairs import find_gain, list_md_pairs
from shoplm.reporting.funnel_texts import explain_no_md
from shoplm.reporting.recommendation_tables import p_text

SEQ = "seq"
FEW_LISTS = 500
"""With fewer, an interval of NDCG is some points of 100 wide."""


def summarise(log: str, tables: FunnelTables, scores: Scores) -> str:
    """The best model of each task, whether MD gained, and the order of tasks, in sentences.

    Args:
        log: its name, or nothing where there is one only.
        tables: of this log.
        scores: of it.
    """
    sequences = set(tables.variants.loc[tables.variants["model"] == SEQ, "variant"])
    main = tables.main_variants()
    sentences = [_best(task, tables, scores, sequences) for task in scores.tasks]
    sentences.append(_gains(tables, scores))
    sentences.append(_order_of_tasks(scores, sequences, main))
    text = " ".join(sentence for sentence in sentences if sentence)
    if not scores.tasks:
        text = "Nothing was measured."
    return f"{log}: {text}" if log else text


def list_facts(tables: FunnelTables, scores: Scores) -> dict[str, str]:
    """What is read first, a figure under each label, of the first search log."""
    seeds = max(tables.costs["seed"].nunique(), 1)
    facts = {f"variants, {seeds} seed{'s' * (seeds > 1)} each": f"{len(tables.variants)}"}
    for task in scores.tasks:
        order = _order(scores, task, tables.main_variants())
        if order:
            label = f"{scores.title(NDCG)} of {task}, best: {order[0][0]}"
            facts[label] = number_text(NDCG, order[0][1])
    if len(tables.feature_split):
        count = int(tables.feature_split["dependent"].sum())
        facts["numeric features depend on the region"] = f"{count} of {len(tables.feature_split)}"
    return facts


def list_warnings(log: str, tables: FunnelTables, scores: Scores) -> list[str]:
    """What a reader must know before the figures; see `summarise`."""
    of, found = f" of {log}" if log else "", []
    seeds = tables.costs.groupby("variant")["seed"].nunique()
    if len(seeds) and seeds.max() == 1:
        found.append(
            f"There is one seed{of}: how much another run of the same model would differ is not "
            "known. Intervals and tests are over lists alone."
        )
    elif len(seeds) and seeds.min() < seeds.max():
        fewest = ", ".join(seeds.index[seeds == seeds.min()])
        found.append(
            f"Seeds{of} differ in number: {seeds.min()} for {fewest}, {seeds.max()} for others."
        )
    rows = [scores.find(name, task, NDCG) for name in scores.variants[:1] for task in scores.tasks]
    few = [f"{row['n']:,.0f} of {row['task']}" for row in rows if row and row["n"] < FEW_LISTS]
    if few:
        found.append(f"NDCG rests on few lists with a positive{of}: {', '.join(few)}.")
    undefined = scores.means[~scores.means["status"].isin([COMPLETE, NOT_PREDICTED])]
    for (task, status), rows in undefined.groupby(["task", "status"], sort=False):
        found.append(f"{task}{of}: {status} in {_count_places(rows, scores)}.")
    off = tables.variants[tables.variants["md"] & (tables.variants["n_dependent"] == 0)]
    if len(scores.regions) == 1:
        found.append(
            f"There is one region{of}, {scores.regions[0]}: nothing can depend on it, and MD is "
            "off in every model."
        )
    elif len(off):
        names = ", ".join(off["variant"])
        found.append(f"No numeric feature{of} depends on the region, so that MD is off: {names}.")
    said = len(scores.regions) == 1 or len(off) > 0
    return found + _warnings_of_runs(of, tables.costs, "MD is off" if said else None)


def _count_places(rows: pd.DataFrame, scores: Scores) -> str:
    """How many platforms and regions these rows are of; all lists first."""
    places = rows[["platform", "region"]].drop_duplicates()
    platform, region = places["platform"] != ALL, places["region"] != ALL
    n_platforms, n_regions = len(scores.platforms), len(scores.regions)
    counts = (
        (region & ~platform, f"of {n_regions} regions"),
        (platform & ~region, f"of {n_platforms} platforms"),
        (platform & region, f"of {n_platforms * n_regions} regions on a platform"),
    )
    parts = ["all lists"] if (~platform & ~region).any() else []
    return ", ".join([*parts, *(f"{of.sum()} {kind}" for of, kind in counts if of.any())])


def _warnings_of_runs(of: str, costs: pd.DataFrame, said: str | None) -> list[str]:
    """What training runs warned of, a line each, and which, where it is not all of them.

    Args:
        of: which log.
        costs: `funnel_costs`.
        said: in the text of warnings that the page has already.
    """
    variants: dict[str, list[str]] = {}
    for variant, text in zip(
        costs["variant"], costs["warnings"].astype(object).fillna(""), strict=True
    ):
        for warning in filter(None, str(text).split("\n")):
            if said is None or said not in warning:
                variants.setdefault(warning, []).append(variant)
    everyone = set(costs["variant"])
    return [
        f"Runs{of} warn: {warning}"
        + ("." if set(names) == everyone else f" ({', '.join(dict.fromkeys(names))}).")
        for warning, names in variants.items()
    ]


def _order(scores: Scores, task: str, variants: list[str]) -> list[tuple[str, float]]:
    """Variants by NDCG of a task, the best first."""
    pairs = [(name, scores.value(name, task, NDCG)) for name in variants]
    measured = [(name, value) for name, value in pairs if value is not None]
    return sorted(measured, key=lambda pair: -pair[1])


def _best(task: str, tables: FunnelTables, scores: Scores, sequences: set[str]) -> str:
    order = _order(scores, task, tables.main_variants())
    if not order:
        return f"{task} was not measured."
    best, value = order[0]
    text = f"Of {task}, {best} has the highest {scores.title(NDCG)}, {number_text(NDCG, value)}"
    second = next((pair for pair in order if (pair[0] in sequences) != (best in sequences)), None)
    if second is not None:
        kind = "of the others" if best in sequences else "SEQ"
        text += f"; the best {kind} is {second[0]} with {number_text(NDCG, second[1])}"
        text += _verdict(tables.comparison, {best, second[0]}, task, scores.ndcg)
    return f"{text}."


def _verdict(comparison: pd.DataFrame, pair: set[str], task: str, metric: str) -> str:
    of = {"task": task, "metric": metric, "platform": ALL, "region": ALL}
    rows = select(comparison, of)
    rows = rows[[{v, a} == pair for v, a in zip(rows["variant"], rows["against"], strict=True)]]
    if rows.empty or pd.isna(rows["p_holm"].iloc[0]):
        return ", without a test between them"
    row = rows.iloc[0]
    if outcome(row) == "no difference shown":
        return f", a difference that the test does not show (corrected p {row['p_holm']:.2f})"
    return f", a difference beyond noise (corrected p {p_text(row['p_holm'])})"


def _gains(tables: FunnelTables, scores: Scores) -> str:
    """What MD in front of the models did to NDCG and AUC."""
    pairs = list_md_pairs(tables.variants)
    parts = []
    for metric in (NDCG, AUC):
        asked = [(pair, task) for pair in pairs for task in scores.tasks]
        found = [find_gain(scores, tables.comparison, *one, metric) for one in asked]
        gains = [gain for gain in found if gain is not None]
        if gains:
            parts.append(_gains_by(metric, gains, scores))
    if not parts:
        return explain_no_md(tables.variants, scores.regions)
    models = f"{len(pairs)} model{'s' * (len(pairs) > 1)}"
    return f"MD in front of {models}, task by task, changed {', and '.join(parts)}."


def _gains_by(metric: str, gains: list[dict], scores: Scores) -> str:
    values, found = [gain["value"] for gain in gains], [outcome(gain) for gain in gains]
    low, high = (signed_text(metric, end(values)) for end in (min, max))
    text = f"{scores.title(metric)} by {low} to {high} ("
    untested = found.count("not tested")
    if untested < len(found):
        text += f"beyond noise: {found.count('better')} of {len(found)} gained, "
        text += f"{found.count('worse')} lost"
        text += f", {untested} not tested)" if untested else ")"
        return text
    return text + "not tested)"


def _order_of_tasks(scores: Scores, sequences: set[str], main: list[str]) -> str:
    """Rows on which a later task is predicted above an earlier one."""
    shares = {name: scores.value(name, ALL, VIOLATIONS) for name in main}
    shares = {name: share for name, share in shares.items() if share is not None}
    own = {name: share for name, share in shares.items() if name in sequences}
    others = {name: share for name, share in shares.items() if name not in sequences}
    parts = [f"{_range(side)} of the rows by {name}" for side, name in
             ((own, "SEQ models"), (others, "the others")) if side]  # fmt: skip
    if not parts:
        return ""
    return f"A later task is predicted above an earlier one on {' and on '.join(parts)}."


def _range(shares: dict[str, float]) -> str:
    low, high = min(shares.values()), max(shares.values())
    ends = [number_text(VIOLATIONS, end) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
