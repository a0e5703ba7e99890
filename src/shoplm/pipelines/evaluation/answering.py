"""Every model asked what it is planned to be asked, and the answers by model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from shoplm.lm.inference import launching
from shoplm.lm.inference.settings import ModelPlace
from shoplm.pipelines.evaluation.params import EvaluationParams
from shoplm.pipelines.evaluation.plan import ENDPOINT, Evaluated
from shoplm.tasks.evaluation.predictions import Answered

if TYPE_CHECKING:
    from shoplm.tasks.synthesis.endpoint import Endpoint

MODEL_COLUMNS = ["model", "variant", "seed", "tokens", "benchmark"]


def ask_models(
    planned: Sequence[Evaluated],
    requests: pd.DataFrame,
    endpoint: Endpoint | None,
    params: EvaluationParams,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers with their `model`, and costs by model; local models share one child.

    Raises:
        FileNotFoundError: a model is not there.
        LaunchError: the child failed; what was answered before is kept.
    """
    asked = {model.name: _requests_of(model, requests, params) for model in planned}
    local = {
        model.name: ModelPlace(base=model.base, adapter=model.adapter)
        for model in planned
        if model.name != ENDPOINT
    }
    directories = launching.run_answering(
        local,
        {name: asked[name] for name in local},
        params.engine,
        params.launch,
        params.runs,
    )
    answers = launching.read_answers(directories)
    costs = launching.read_costs(directories)
    parts = [rows.assign(model=name) for name, rows in answers.items()]
    return pd.concat(parts, ignore_index=True), costs


def list_models(planned: Iterable[Evaluated]) -> pd.DataFrame:
    """What each model was asked: MODEL_COLUMNS, one row a model and benchmark."""
    rows = [
        (model.name, model.variant, model.seed, model.tokens, benchmark)
        for model in planned
        for benchmark in model.benchmarks
    ]
    return pd.DataFrame(rows, columns=MODEL_COLUMNS).astype({"tokens": "Int64"})


def split_answers(answers: pd.DataFrame, models: pd.DataFrame) -> list[Answered]:
    """The answers of each model, with what it was asked."""
    of_model = dict(iter(answers.groupby("model", sort=False)))
    answered = []
    for name, rows in models.groupby("model", sort=False):
        first = rows.iloc[0]
        answered.append(
            Answered(
                variant=first["variant"],
                seed=int(first["seed"]),
                answers=of_model[name].drop(columns="model"),
                benchmarks=list(rows["benchmark"]),
                tokens=None if pd.isna(first["tokens"]) else int(first["tokens"]),
            )
        )
    return answered


def part_checkpoints(
    scored: pd.DataFrame, baseline: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of final models and baselines, and those of checkpoints."""
    on_the_way = scored["tokens"].notna()
    final = pd.concat([scored[~on_the_way], baseline], ignore_index=True)
    return final.drop(columns="tokens"), scored[on_the_way].reset_index(drop=True)


def _requests_of(
    model: Evaluated, requests: pd.DataFrame, params: EvaluationParams
) -> pd.DataFrame:
    """Each request of the model's benchmarks once; of a checkpoint, those with choices alone."""
    mine = requests["benchmark"].isin(model.benchmarks)
    if model.tokens is not None and not params.curve.free:
        mine &= requests["decoding"] == "constrained"
    return requests[mine].drop_duplicates("request_id", ignore_index=True)
