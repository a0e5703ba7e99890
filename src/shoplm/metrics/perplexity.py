"""Perplexity of trained models on held-out text, compared document by document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shoplm.metrics.pairs import check_pairs
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import adjust_holm, bootstrap_ratio, sign_flip_test

PERPLEXITY = "perplexity"
RATIO = "perplexity_ratio"
BASE = "base"
UNIFORM = "uniform"
ALL_SEEDS = "all"
COLUMNS = [
    "variant", "seed", "split", "metric", "value", "ci_low", "ci_high", "n",
    "against", "p_value", "p_holm", "seed_sd", "n_seeds",
]  # fmt: skip
_READ = ["variant", "seed", "step", "split", "document", "n_targets", "loss"]

Losses = Mapping[int, NDArray[np.float64]]
"""Summed loss of each document, by seed."""


class _Figure(NamedTuple):
    variant: str
    seed: str
    metric: str
    against: str | None
    losses: NDArray[np.float64]
    """(n_units,): a model's losses, or those of one less those of the other."""
    n_seeds: int


def compare_models(
    document_losses: pd.DataFrame,
    bootstrap: BootstrapSettings,
    pairs: Sequence[tuple[str, str]] = (),
    vocabulary_size: int | None = None,
) -> pd.DataFrame:
    """Final perplexity of every variant, its change against the base model, and between variants.

    Perplexity is exp(summed loss / summed targets). A change is the ratio of two perplexities on
    the same documents, below 1 where the first model reads them better. Intervals resample
    documents (BCa), changes keep both models' losses of a document together, and their p-values
    are of a sign-flip test; `p_holm` corrects for all changes against the base, or all of `pairs`,
    over all splits. Rows of seed "all" average a document's loss over the seeds first, which makes
    their value the geometric mean of the seeds' values; `seed_sd` beside is the standard deviation
    of those. An interval says how much other documents would move a figure, the standard deviation
    how much other training runs would.

    Splits named `<domain>_<language>` of one domain are pooled too, as split `<domain>`.

    Args:
        document_losses: one row a document and measured model: variant, seed, step, split,
            document, n_targets, loss (sum over the targets, in nats); step 0 is the base model. A
            column `group` names documents that belong together, such as records of one product:
            they are resampled as one, since their losses go together.
        bootstrap: of intervals and tests.
        pairs: variants to compare, as (variant, against), on the seeds that both have.
        vocabulary_size: adds the perplexity of a uniform guess.

    Returns:
        COLUMNS, seed as text; variant `base` is the model at step 0 (`base of <variant>` for each
        where variants started from different ones); n counts documents, or groups. Without any
        loss: no rows.

    Raises:
        ValueError: a column or the losses at step 0 are missing, a loss is not finite, models were
            measured on different documents, or a pair names what is not there.
    """
    if document_losses.empty:
        return pd.DataFrame(columns=COLUMNS)
    losses = _checked(document_losses)
    ends = losses[losses["step"] == losses.groupby(["variant", "seed"])["step"].transform("max")]
    starts = losses[losses["step"] == 0]
    _require_start_and_end(starts, ends)
    variants = list(dict.fromkeys(losses["variant"]))
    for taken in {BASE, UNIFORM} & set(variants):
        raise ValueError(
            f"document_losses: no variant may be named {taken!r}, which stands for "
            "something else in comparisons"
        )
    check_pairs(pairs, ends.groupby("variant", sort=False)["seed"].agg(set).to_dict())
    base_of = _name_bases(starts, variants)
    table = pd.concat(
        _compare_on(split, units, variants, base_of, pairs, bootstrap, vocabulary_size)
        for split, units in _splits(starts, ends)
    )
    for family in (table["against"].isin(set(base_of.values())), table["against"].isin(variants)):
        table.loc[family, "p_holm"] = adjust_holm(table.loc[family, "p_value"])
    return table[COLUMNS].reset_index(drop=True)


def _compare_on(
    split: str,
    units: pd.DataFrame,
    variants: Sequence[str],
    base_of: Mapping[str, str],
    pairs: Sequence[tuple[str, str]],
    bootstrap: BootstrapSettings,
    vocabulary_size: int | None,
) -> pd.DataFrame:
    """Rows of one split. `units`: index unit, columns (end, variant, seed) and n_targets."""
    targets = units.pop("n_targets").to_numpy(np.float64)
    columns: dict[tuple, NDArray] = {c: units[c].to_numpy() for c in units}
    end = {v: {s: x for (e, w, s), x in columns.items() if e and w == v} for v in variants}
    start = {v: {s: x for (e, w, s), x in columns.items() if not e and w == v} for v in variants}
    figures = []
    for base in dict.fromkeys(base_of.values()):
        started = [x for v in variants if base_of[v] == base for x in start[v].values()]
        figures.append(
            _Figure(base, ALL_SEEDS, PERPLEXITY, None, np.mean(started, axis=0), n_seeds=0)
        )
    for variant in variants:
        figures += _over_seeds(variant, PERPLEXITY, None, end[variant])
    for variant in variants:
        gains = {s: end[variant][s] - start[variant][s] for s in end[variant]}
        figures += _over_seeds(variant, RATIO, base_of[variant], gains)
    for variant, other in pairs:
        gaps = {s: end[variant][s] - end[other][s] for s in end[variant] if s in end[other]}
        figures += _over_seeds(variant, RATIO, other, gaps)
    rows = pd.DataFrame([figure._asdict() for figure in figures]).drop(columns="losses")
    rows["split"], rows["n"] = split, len(targets)
    stacked = np.stack([figure.losses for figure in figures])
    rows[["value", "ci_low", "ci_high", "p_value"]] = _measure(stacked, targets, bootstrap)
    tested = rows["against"].notna() & (rows["seed"] == ALL_SEEDS)
    rows.loc[~tested, "p_value"] = np.nan
    rows["p_holm"] = np.nan
    alone = rows[rows["seed"] != ALL_SEEDS]
    keys = ["variant", "metric", "against"]
    spread = alone.groupby(keys, dropna=False)["value"].std().rename("seed_sd")
    rows = rows.merge(spread.reset_index(), on=keys, how="left")
    rows.loc[rows["seed"] != ALL_SEEDS, "seed_sd"] = np.nan
    if vocabulary_size is not None:
        guess = {"variant": UNIFORM, "seed": ALL_SEEDS, "split": split, "metric": PERPLEXITY,
                 "value": float(vocabulary_size), "n": len(targets), "n_seeds": 0}  # fmt: skip
        rows = pd.concat([pd.DataFrame([guess], columns=rows.columns).astype(rows.dtypes), rows])
    return rows


def _measure(
    losses: NDArray[np.float64], targets: NDArray[np.float64], bootstrap: BootstrapSettings
) -> NDArray[np.float64]:
    """(n_figures, 4): value, interval, p; nan without any target. Equal rows are done once."""
    if not len(targets):
        return np.full((len(losses), 4), np.nan)
    rows, places = np.unique(losses, axis=0, return_inverse=True)
    interval = np.exp(np.stack(bootstrap_ratio(rows, targets, bootstrap), axis=1))
    return np.column_stack([interval, sign_flip_test(rows, bootstrap)])[places.ravel()]


def _over_seeds(
    variant: str, metric: str, against: str | None, losses: Losses
) -> Iterator[_Figure]:
    average = np.mean(list(losses.values()), axis=0)
    yield _Figure(variant, ALL_SEEDS, metric, against, average, len(losses))
    for seed, of_seed in losses.items():
        yield _Figure(variant, str(seed), metric, against, of_seed, 1)


def _splits(starts: pd.DataFrame, ends: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each split and each pooled domain, with the losses of its units that have targets."""
    both = pd.concat([starts.assign(end=False), ends.assign(end=True)])
    models = ["end", "variant", "seed"]
    keys = ["split", "document", "unit"]
    wide = both.pivot_table(index=keys, columns=models, values="loss", aggfunc="sum")
    sizes = both.pivot_table(index=keys, columns=models, values="n_targets", aggfunc="sum")
    first = sizes.iloc[:, 0]
    for (end, variant, seed), counts in sizes.items():
        if not counts.equals(first):
            split, document, _ = counts.index[(counts != first).to_numpy()][0]
            raise ValueError(
                f"document_losses: variant {variant!r}, seed {seed}, "
                f"{'last step' if end else 'step 0'}: document {document} of split {split!r} has "
                f"not the same targets as with variant {first.name[1]!r}; models are compared on "
                "the same documents"
            )
    wide.columns = wide.columns.to_flat_index()  # so that n_targets can stand beside
    wide["n_targets"] = first
    wide = wide[wide["n_targets"] > 0]
    splits = sizes.index.get_level_values("split")
    for name, members in sorted(_pooled(splits.unique()).items()):
        chosen = wide[wide.index.get_level_values("split").isin(members)]
        yield name, chosen.groupby("unit").sum()


def _pooled(splits: Sequence[str]) -> dict[str, list[str]]:
    """Each split by itself, and each domain that has several languages."""
    domains: dict[str, list[str]] = {}
    for split in splits:
        domains.setdefault(split.partition("_")[0], []).append(split)
    several = {d: s for d, s in domains.items() if d and len(s) > 1 and d not in set(splits)}
    return {split: [split] for split in splits} | several


def _name_bases(starts: pd.DataFrame, variants: Sequence[str]) -> dict[str, str]:
    """Name of the model that each variant started from; equal losses are taken for one model."""
    totals = starts.groupby(["variant", "seed", "split"])["loss"].sum()
    totals = totals.groupby(["variant", "split"]).mean().unstack()
    firsts: list[str] = []
    found = {}
    for variant in variants:
        same = [f for f in firsts if np.allclose(totals.loc[f], totals.loc[variant], rtol=1e-4)]
        firsts += [] if same else [variant]
        found[variant] = same[0] if same else variant
    return {v: BASE if len(firsts) == 1 else f"{BASE} of {f}" for v, f in found.items()}


def _checked(document_losses: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in _READ if column not in document_losses]
    if missing:
        raise ValueError(f"document_losses: no column {missing[0]!r}; it has {_READ}")
    bad = document_losses[~np.isfinite(document_losses["loss"].astype(float))]
    if len(bad):
        row = bad.iloc[0]
        raise ValueError(
            f"document_losses: variant {row['variant']!r}, seed {row['seed']}, step {row['step']}, "
            f"split {row['split']!r}, document {row['document']}: the loss is {row['loss']}, "
            "not a finite number"
        )
    if "group" in document_losses:
        alone = document_losses[document_losses["group"].isna()]
        if len(alone):
            row = alone.iloc[0]
            raise ValueError(
                f"document_losses: document {row['document']} of split {row['split']!r} has no "
                "group, but others have; were they held out in another run of data_mixing?"
            )
        unit = document_losses["group"].astype(str)
    else:
        unit = document_losses["split"] + "\0" + document_losses["document"].map("{:012d}".format)
    return document_losses[_READ].assign(unit=unit)


def _require_start_and_end(starts: pd.DataFrame, ends: pd.DataFrame) -> None:
    models = ["variant", "seed"]
    started = set(starts[models].itertuples(index=False, name=None))
    for variant, seed in dict.fromkeys(ends[models].itertuples(index=False, name=None)):
        if (variant, seed) not in started:
            raise ValueError(
                f"document_losses: variant {variant!r}, seed {seed} has no losses at step 0, "
                "those of the base model"
            )
    if (ends["step"] == 0).any():
        row = ends[ends["step"] == 0].iloc[0]
        raise ValueError(
            f"document_losses: variant {row['variant']!r}, seed {row['seed']} has losses at "
            "step 0 alone, none of a trained model"
        )
