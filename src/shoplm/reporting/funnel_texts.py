"""What the page of the funnel explains: the setting, its models, and how they were trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.page import Section

INTRODUCTION = (
    "A funnel is the way from a list of items that was shown to a purchase: its tasks, such as "
    "click and purchase, come one after the other, and none happens without those before. Models "
    "predict for every item of a list how likely each task is; SEQ reads the tasks as a sequence, "
    "so that a later one is not predicted above an earlier one. A numeric feature depends on the "
    "region if its distribution in one region is far from that in another, as prices in other "
    "currencies are: MD, in front of any model, multiplies such features by factors that it learns "
    "from what describes the region."
)
MODELS = {
    "seq": ("SEQ", "A vector a task, read one after the other by a GRU. By default each "
                   "probability is that of the task before times a share, and cannot rise."),
    "shared_bottom": ("Shared-Bottom", "One network for all tasks, below a small one a task."),
    "mmoe": ("MMoE", "Several networks (experts) that all tasks share; a gate a task weighs them."),
    "ple": ("PLE", "Levels of experts: some are shared, some belong to one task."),
    "adatt": ("AdaTT", "Each task keeps experts of its own and adds what it picks of the others'."),
    "esmm": ("ESMM", "A network a task says how likely it is after the one before; the prediction "
                     "is their product."),
    "aitm": ("AITM", "What one task knows is handed to the next; predicting a later task above an "
                     "earlier one is penalised."),
    "star": ("STAR", "A network a region: weights that all regions share, times its own."),
    "single": ("Single tasks", "A network a task, with nothing shared."),
    "logistic": ("Logistic regression", "One a task."),
    "gbm": ("Boosted trees", "Gradient boosting, one model a task."),
}  # fmt: skip
"""Title and what it is, by `model` of `funnel_variants`."""
TREES = "gbm"
BUDGET = {
    "max_passes": "at most {:g} passes over the rows", "batch_size": "batches of {:,} rows",
    "learning_rate": "a learning rate of {:g}",
}  # fmt: skip
"""Settings of training that should be equal, as text."""
CHOSEN = "The number of passes was chosen on the validation dates, the last ones before the test; "


def explain_models(tables: FunnelTables) -> Section:
    """A line a model, with the variants that stand for it; settings tried out are left out."""
    main = tables.variants[tables.variants["variant"].isin(tables.main_variants())]
    parts = []
    if main["md"].any():
        names = ", ".join(main.loc[main["md"], "variant"])
        parts.append(
            (f"MD in front: {names}",
             "Features that depend on the region are multiplied by factors of it and "
             "mapped by a small network; the model reads the outcome beside all other features.")
        )  # fmt: skip
    for model, of in main.groupby("model", sort=False):
        title, text = MODELS.get(model, (model, ""))
        parts.append((f"{title}: {', '.join(of['variant'])}", text))
    parts.append(
        ("No models: random, popular_first",
         "What chance expects; and items by their past rate. Neither gives probabilities.")
    )  # fmt: skip
    return Section("The models", "", samples=[{"title": "A line each", "parts": parts}])


def explain_no_md(variants: pd.DataFrame, regions: Sequence[str]) -> str:
    """Why no model could be measured with MD and without, given that none was.

    Args:
        variants: `funnel_variants` of one log.
        regions: of that log.
    """
    with_md = variants[variants["md"]]
    if with_md.empty:
        return "No model with MD was trained."
    if with_md["n_dependent"].any():
        return "No model was measured both with MD in front and without."
    if len(regions) == 1:
        return f"MD was off in every model: there is one region, {regions[0]}."
    return "MD was off in every model: no numeric feature depends on the region."


def describe_training(tables: FunnelTables) -> str:
    """How the number of passes came about, and what rows were learned from."""
    statistics = tables.log_statistics
    kept = (statistics["side"] == "validation") & (statistics["figure"] == "rows")
    has_validation = bool(statistics.loc[kept, "value"].sum())
    ways: dict[str, list[str]] = {}
    for name, training in _trainings(tables.variants):
        ways.setdefault(_way(training, has_validation), []).append(name)
    text = next(iter(ways), "") if len(ways) < 2 else " ".join(
        f"{', '.join(names)}: {way}" for way, names in ways.items()
    )  # fmt: skip
    if (tables.variants["model"] == TREES).any():
        text += " Trees have no passes: they were fitted once."
    return text.strip()


def describe_budget(variants: pd.DataFrame) -> str:
    """What training of all models has in common, and what it does not."""
    trainings = [training for _, training in _trainings(variants)]
    equal, other = [], []
    for field, text in BUDGET.items():
        values = sorted({training[field] for training in trainings})
        if len(values) == 1:
            equal.append(text.format(values[0]))
        elif values:
            other.append(f"{text.format(values[0])} to {values[-1]:g}")
    found = f"Equal for all that learn by gradients: {', '.join(equal)}. " if equal else ""
    found += f"Not equal: {', '.join(other)}. " if other else ""
    return found + "Sizes differ, as the parameters say." if trainings else ""


def _trainings(variants: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Variants that learn by gradients, and how."""
    rows = variants[variants["model"] != TREES]
    return [(n, json.loads(t)) for n, t in zip(rows["variant"], rows["training"], strict=True)]


def _way(training: dict[str, Any], has_validation: bool) -> str:
    refit, passes = training["refit"], f"{training['max_passes']:g}"
    if training["validation"] is None or not has_validation:
        rows = "on all dates before the test" if refit else "without the validation dates"
        return f"Each model was trained once, {rows}, for {passes} passes, fixed beforehand."
    if refit:
        return CHOSEN + (
            "then each model was trained afresh, with that number, on all dates before the test."
        )
    return CHOSEN + "what is tested are the weights of then, which learned from no row of them."
