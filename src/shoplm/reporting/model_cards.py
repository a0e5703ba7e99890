"""Model cards: a README in the form of the Hugging Face hub for every final model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from shoplm.reporting.benchmark_cells import BASELINES, Cells, percent, shown, title_of
from shoplm.reporting.card_data import PRETRAINED, TUNED, CardData
from shoplm.reporting.markdown_page import markdown_table
from shoplm.reporting.model_facts import ModelFacts, read_model_facts
from shoplm.reporting.runs import list_runs

MERGED = "-merged"
HIDDEN = ("launch", "merge", "mixture", "model", "selection", "base_model")


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
        _head(variant, seed, kind, facts, base, scores, data),
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
        _limits(trained, scores, data),
        "## Licence",
        "To be filled in by the owner of the model: it must agree with the licence of the base "
        "model and with the terms of the data.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(
    variant: str,
    seed: str,
    kind: str,
    facts: ModelFacts,
    base: str,
    scores: pd.DataFrame,
    data: CardData,
) -> str:
    """The YAML that the hub reads."""
    languages = _languages(kind, variant, data)
    grouped = set(data.results.loc[data.results["level"] == "group", "benchmark"])
    head: dict[str, Any] = {
        **({"language": languages} if languages else {}),
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
                        "dataset": {"name": title_of(row["benchmark"]), "type": row["benchmark"]},
                        "metrics": [
                            {
                                "type": row["metric"],
                                "name": "mean of the means of groups of tasks"
                                if row["benchmark"] in grouped
                                else "mean over tasks",
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
    settings = data.settings_of(kind, variant)
    return str(settings.get("base_model") or settings.get("model") or facts.base or "base")


def _languages(kind: str, variant: str, data: CardData) -> list[str]:
    """Those of the mixture that it was trained on and of the examples that it was measured on."""
    found = set(data.languages.get(variant.removesuffix(MERGED), ()))
    if kind == PRETRAINED:
        found |= {side["language"] for side in data.mixture_of(variant).get("sides", [])}
    return sorted(found - {"all", "", None})


def _summary(kind: str, facts: ModelFacts, base: str) -> str:
    what = "An adapter for" if facts.is_adapter else "A causal language model that started from"
    how = (
        "tuned on instructions of a shop" if kind == TUNED
        else "further pre-trained on text of a shop and general text"
    )  # fmt: skip
    return f"{what} `{base}`, {how} with shoplm."


def _mixture(variant: str, data: CardData) -> list[str]:
    name, mixture = data.mixture_name(variant), data.mixture_of(variant)
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
    settings = data.settings_of(kind, variant)
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
    of = of.sort_values("decoding", kind="stable")  # constrained before free
    return of.drop_duplicates("benchmark")


def _score_lines(variant: str, scores: pd.DataFrame, cells: Cells) -> list[str]:
    if scores.empty:
        return ["This model was not measured."]
    lines = []
    for row in scores.to_dict("records"):
        line = {
            "benchmark": title_of(row["benchmark"]),
            "score": shown({**row, "seed_sd": float("nan")}),
        }
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


def _limits(variant: str, scores: pd.DataFrame, data: CardData) -> str:
    said = [
        "The scores are of the tasks named and of no other use; nothing was measured of safety, "
        "bias or truthfulness, and the model may invent facts about products."
    ]
    if data.problems is not None:
        of = data.problems[
            (data.problems["kind"] == "trained_on_held_out") & (data.problems["variant"] == variant)
        ]
        for benchmark, tasks in of.groupby("benchmark", sort=False)["task"]:
            said.append(
                f"It was trained on tasks that {title_of(benchmark)} holds out "
                f"({', '.join(tasks)}): its score there does not say what a new task gets."
            )
    if len(scores) and scores["n"].min() < 1000:
        said.append(
            f"The smallest benchmark has {scores['n'].min():,} examples: read the intervals."
        )
    partial = scores.loc[scores["status"] == "partial", "benchmark"]
    if len(partial):
        names = ", ".join(map(title_of, partial))
        said.append(f"Means of {names} (*) leave out tasks without data or answers.")
    alone = data.results.loc[~data.results["variant"].isin(BASELINES), "seed"].astype(str)
    if len(set(alone) - {"all"}) == 1:
        said.append("One seed was trained: how much another would differ is not known.")
    return " ".join(said)
