"""Model cards: a README in the form of the Hugging Face hub for every final model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from shoplm.reporting.benchmark_cells import BASELINES, Cells, percent, shown
from shoplm.reporting.markdown_page import markdown_table
from shoplm.reporting.model_facts import ModelFacts, read_model_facts
from shoplm.reporting.runs import list_runs

PRETRAINED, TUNED = "pretrained_models", "sft_models"
MERGED = "-merged"
HIDDEN = ("launch", "merge", "mixture", "model", "selection", "base_model")


@dataclass(frozen=True)
class CardData:
    """What cards are made of; all but the results may be absent."""

    results: pd.DataFrame
    """`benchmark_results`."""
    mixing_report: Mapping[str, Any] | None = None
    """Of data_mixing."""
    pretrain_metrics: pd.DataFrame | None = None
    """Of continual_pretrain."""
    sft_variants: pd.DataFrame | None = None
    """Of sft."""
    sft_selections: pd.DataFrame | None = None
    """Of sft."""
    sft_metrics: pd.DataFrame | None = None
    """Of sft."""
    settings: Mapping[str, Mapping[str, Any]] | None = None
    """Parameters by pipeline, as plain values: `continual_pretrain`, `sft`."""


def write_cards(
    pretrained_models: Mapping[str, Path], sft_models: Mapping[str, Path], data: CardData
) -> dict[str, str]:
    """A card for every model, by its place (`pretrained_models/mixed/seed-0`).

    Args:
        pretrained_models: directories by name (`mixed/seed-0`).
        sft_models: the same of tuned models, adapters or whole ones.
        data: what was trained and measured.

    Raises:
        FileNotFoundError: a directory holds no model.
        ValueError: a file of one is damaged.
    """
    cells = Cells(data.results)
    return {
        f"{kind}/{name}": _write_card(kind, name, Path(directory), data, cells)
        for kind, models in ((PRETRAINED, pretrained_models), (TUNED, sft_models))
        for name, directory in models.items()
    }


def _write_card(kind: str, name: str, directory: Path, data: CardData, cells: Cells) -> str:
    variant, _, seed = name.partition("/seed-")
    trained = variant.removesuffix(MERGED) if kind == TUNED else variant
    facts = read_model_facts(directory)
    base = _base(kind, trained, facts, data)
    scores = _scores(variant, seed, data.results)
    parts = [
        _head(variant, seed, kind, facts, base, scores),
        f"# {variant}, seed {seed}" if seed else f"# {variant}",
        _summary(kind, facts, base),
        "## Data",
        *(_mixture(trained, data) if kind == PRETRAINED else _instructions(trained, seed, data)),
        "## Parameters",
        f"{facts.parameters:,} stored ({', '.join(facts.dtypes) or 'none'}), {facts.architecture}.",
        "## Training",
        *_training(kind, trained, seed, data),
        "## Scores",
        *_score_lines(variant, scores, cells),
        "## Limits",
        _limits(scores, data.results),
        "## Licence",
        "To be filled in by the owner of the model: it must agree with the licence of the base "
        "model and with the terms of the data.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(
    variant: str, seed: str, kind: str, facts: ModelFacts, base: str, scores: pd.DataFrame
) -> str:
    """The YAML that the hub reads."""
    head: dict[str, Any] = {
        "language": ["en", "zh"],
        "library_name": "peft" if facts.is_adapter else "transformers",
        "pipeline_tag": "text-generation",
        "base_model": base,
        "base_model_relation": "adapter" if facts.is_adapter else "finetune",
        "tags": ["e-commerce", "instruction-tuning" if kind == TUNED else "continual-pretraining"],
    }
    if len(scores):
        head["model-index"] = [
            {
                "name": f"{variant}-seed-{seed}" if seed else variant,
                "results": [
                    {
                        "task": {"type": "text-generation"},
                        "dataset": {"name": row["benchmark"], "type": row["benchmark"]},
                        "metrics": [
                            {
                                "type": row["metric"], "name": "mean over tasks",
                                "value": round(100 * row["value"], 2),
                            }
                        ],
                    }
                    for row in scores.to_dict("records")
                ],
            }
        ]  # fmt: skip
    written = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    return f"---\n# license: to be filled in by the owner\n{written}---"


def _base(kind: str, variant: str, facts: ModelFacts, data: CardData) -> str:
    """What the model started from, by name."""
    if kind == TUNED and data.sft_variants is not None:
        of = data.sft_variants[data.sft_variants["variant"] == variant]
        if len(of):
            return str(of["model"].iloc[0])
    settings = _settings(kind, variant, data)
    return str(settings.get("base_model") or settings.get("model") or facts.base or "base")


def _summary(kind: str, facts: ModelFacts, base: str) -> str:
    what = "An adapter for" if facts.is_adapter else "A causal language model that started from"
    how = (
        "tuned on instructions of a shop" if kind == TUNED
        else "further pre-trained on text of a shop and general text"
    )  # fmt: skip
    return f"{what} `{base}`, {how} with shoplm."


def _mixture(variant: str, data: CardData) -> list[str]:
    settings = _settings(PRETRAINED, variant, data)
    name = str(settings.get("mixture") or variant)
    mixture = (data.mixing_report or {}).get("mixtures", {}).get(name)
    if not mixture:
        return [f"The mixture `{name}`; there is no account of it."]
    columns = ["kind", "language", "taken", "achieved_share", "passes"]
    table = pd.DataFrame(mixture["sides"])
    table = table[[column for column in columns if column in table]]
    if "achieved_share" in table:
        table["achieved_share"] = table["achieved_share"].map("{:.1%}".format)
    names = {"taken": "tokens", "achieved_share": "share"}
    return [
        f"The mixture `{name}`: {mixture['tokens']:,} tokens.",
        "\n".join(markdown_table(table.rename(columns=names))),
    ]


def _instructions(variant: str, seed: str, data: CardData) -> list[str]:
    variants, selections = data.sft_variants, data.sft_selections
    of = pd.DataFrame() if variants is None else variants[variants["variant"] == variant]
    if of.empty:
        return ["There is no account of the instructions."]
    row = of.iloc[0]
    said = f"The selection `{row['selection']}`: {row['examples']:,.0f} instructions."
    if selections is None:
        return [said]
    taken = selections[(selections["selection"] == row["selection"]) & (selections["n"] > 0)]
    if seed and "seed" in taken:
        taken = taken[taken["seed"].astype(str) == seed]
    table = taken[["capability", "task", "n"]].rename(columns={"n": "instructions"})
    return [said, "\n".join(markdown_table(table))]


def _training(kind: str, variant: str, seed: str, data: CardData) -> list[str]:
    metrics = data.pretrain_metrics if kind == PRETRAINED else data.sft_metrics
    lines = []
    if metrics is not None:
        of = metrics[metrics["variant"] == variant]
        runs = list_runs(of[of["seed"].astype(str) == seed] if seed else of)
        if len(runs):
            lines.append("\n".join(markdown_table(runs.drop(columns="variant"))))
    settings = _settings(kind, variant, data)
    if settings:
        text = yaml.safe_dump(
            {key: value for key, value in settings.items() if key not in HIDDEN}, sort_keys=False
        )
        lines.append(f"```yaml\n{text}```")
    return lines or ["There is no account of the training."]


def _scores(variant: str, seed: str, results: pd.DataFrame) -> pd.DataFrame:
    """Means of benchmarks of this very model."""
    of = results[
        (results["variant"] == variant) & (results["level"] == "benchmark")
        & results["value"].notna()
    ]  # fmt: skip
    of = of[of["seed"].astype(str) == (seed or "0")]
    if "decoding" in of:
        of = of.sort_values("decoding", kind="stable")  # constrained before free
    return of.drop_duplicates("benchmark")


def _score_lines(variant: str, scores: pd.DataFrame, cells: Cells) -> list[str]:
    if scores.empty:
        return ["This model was not measured."]
    lines = []
    for row in scores.to_dict("records"):
        line = {"benchmark": row["benchmark"], "score": shown({**row, "seed_sd": float("nan")})}
        for baseline in BASELINES:
            figure = cells.find(baseline, row["benchmark"], "benchmark")
            known = figure is not None and not pd.isna(figure["value"])
            line[baseline] = percent(figure["value"]) if known else ""
        lines.append({**line, "examples": row["n"]})
    return [
        "Means over the tasks of a benchmark, in points of 100, with intervals over examples (95% "
        "unless set otherwise); beside them what a random and the most frequent answer score.",
        "\n".join(markdown_table(pd.DataFrame(lines))),
    ]


def _limits(scores: pd.DataFrame, results: pd.DataFrame) -> str:
    said = [
        "The scores are of the tasks named and of no other use; nothing was measured of safety, "
        "bias or truthfulness, and the model may invent facts about products."
    ]
    if len(scores) and scores["n"].min() < 1000:
        said.append(
            f"The smallest benchmark has {scores['n'].min():,} examples: read the intervals."
        )
    if "status" in scores and (scores["status"] == "partial").any():
        names = ", ".join(scores.loc[scores["status"] == "partial", "benchmark"])
        said.append(f"Means of {names} leave out tasks without data or answers.")
    alone = results.loc[~results["variant"].isin(BASELINES), "seed"].astype(str)
    if set(alone) - {"all"} and len(set(alone) - {"all"}) == 1:
        said.append("One seed was trained: how much another would differ is not known.")
    return " ".join(said)


def _settings(kind: str, variant: str, data: CardData) -> dict[str, Any]:
    """The parameters of a variant: what is common, with its overrides laid over it."""
    pipeline, common = (
        ("continual_pretrain", "pretraining") if kind == PRETRAINED else ("sft", "tuning")
    )
    params = (data.settings or {}).get(pipeline) or {}
    variants = params.get("variants") or {}
    if variant not in variants:
        return {}
    return _overlaid(params.get(common) or {}, variants[variant] or {})


def _overlaid(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    done = dict(values)
    for key, value in over.items():
        old = done.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping) and key != "adapter"
        done[key] = _overlaid(old, value) if both else value
    return done
