"""Every model asked what it is planned to be asked, and the answers by model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from shoplm.lm.inference import launching
from shoplm.lm.inference.settings import ModelPlace
from shoplm.pipelines.evaluation.params import EvaluationParams
from shoplm.pipelines.evaluation.plan import ENDPOINT, Evaluated
from shoplm.tasks.evaluation.predictions import Answered

if TYPE_CHECKING:
    from shoplm.tasks.evaluation.similarity import Encoder
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
        EndpointError: the endpoint refuses us.
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
    costs = [launching.read_costs(directories)]
    if ENDPOINT in asked:
        from shoplm.tasks.evaluation.endpoint_answers import ask_endpoint

        answers[ENDPOINT], cost = ask_endpoint(
            asked[ENDPOINT], endpoint, params.endpoint, params.runs / ENDPOINT
        )
        costs.append(cost.assign(model=ENDPOINT))
    parts = [rows.assign(model=name) for name, rows in answers.items()]
    return pd.concat(parts, ignore_index=True), pd.concat(costs, ignore_index=True)


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


def load_encoders(directories: Mapping[str, Path | None]) -> dict[str, Encoder]:
    """Sentence encoders by language, less those that the package at hand does not have.

    Raises:
        FileNotFoundError: there is no model in a directory.
    """
    if not directories:
        return {}
    from shoplm.lm.sentences import has_sentence_encoder, load_sentence_encoder

    return {
        language: load_sentence_encoder(directory)
        for language, directory in directories.items()
        if directory is not None or has_sentence_encoder()
    }


def _requests_of(
    model: Evaluated, requests: pd.DataFrame, params: EvaluationParams
) -> pd.DataFrame:
    """Each request of the model's benchmarks once; of a checkpoint, those with choices alone."""
    mine = requests["benchmark"].isin(model.benchmarks)
    if model.tokens is not None and not params.curve.free:
        mine &= requests["decoding"] == "constrained"
    return requests[mine].drop_duplicates("request_id", ignore_index=True)
