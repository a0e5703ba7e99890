"""Typed parameters of `evaluation`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from shoplm.corpus.prompt_settings import PromptSettings
from shoplm.launch import LaunchSettings
from shoplm.lm.inference.settings import EngineSettings
from shoplm.metrics.settings import BootstrapSettings
from shoplm.reporting.paper_table_settings import ReportSettings
from shoplm.tasks.evaluation.endpoint_settings import EndpointAnswerSettings
from shoplm.tasks.evaluation.settings import AskingSettings, BenchmarkSettings, ExampleSettings
from shoplm.variants import Settings, suggest

Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]


class EvaluationSettings(Settings):
    """Which models answer which benchmarks."""

    models: list[str] = Field(min_length=1)
    """`base`; `pretrained` or `tuned`, all of a collection; the name of a variant, with a seed
    (`mixed/seed-0`) or without (all its seeds); a pattern (`ladder_*`); one of
    `other_base_models`; `endpoint`, that of `evaluated_endpoint` in the catalog."""
    benchmarks: list[str] = Field(min_length=1)
    """Names among `benchmarks`."""


class CurveSettings(Settings):
    """Benchmarks along continual pre-training (EcomGPT-CT, Figure 3)."""

    variants: list[str] = ["pretrained"]
    """Whose models on the way are asked, the base model before them and the final one after; as
    `models` of an evaluation."""
    benchmarks: list[str] = Field(min_length=1)
    """Names among `benchmarks`."""
    free: bool = False
    """Let checkpoints write too. Otherwise they only pick among possible answers, and tasks without
    such answers are no part of the curve."""


class EvaluationParams(Settings):
    """Benchmarks, the models that answer them, and what is made of the answers."""

    runs: Path
    """Folder of the answers, from which a killed run goes on."""
    examples: ExampleSettings
    """Where examples come from, and how many."""
    benchmarks: dict[Name, BenchmarkSettings | None]
    """By name; null drops one."""
    asking: AskingSettings = AskingSettings()
    """How questions are asked."""
    prompting: PromptSettings = PromptSettings()
    """Prompts without shots, as instruction tuning shows them: give what `sft` was given."""
    engine: EngineSettings = EngineSettings()
    """How local models are run."""
    sentence_encoders: dict[str, Path | None] = {}
    """Of answers that are scored by sentence similarity: by language (`*`: any other) the directory
    of an encoder; null is all-MiniLM-L6-v2 out of the extra `similarity`, if that is installed.
    Without an encoder such answers have no score."""
    endpoint: EndpointAnswerSettings = EndpointAnswerSettings()
    """How `evaluated_endpoint` is asked, where an evaluation names it."""
    launch: LaunchSettings = LaunchSettings()
    """How the answering program is started; it decides nothing of the answers."""
    evaluations: dict[Name, EvaluationSettings | None]
    """Named sets of models and benchmarks; null drops one. A model that several ask the same is
    asked once."""
    curve: CurveSettings | None = None
    """Figure 3; null draws none."""
    comparisons: list[tuple[str, str, str]] = []
    """Pairs of variants to test against each other on the same examples, and the benchmark."""
    bootstrap: BootstrapSettings = BootstrapSettings()
    """Intervals and tests."""
    report: ReportSettings = ReportSettings()
    """What the report shows beside the tables."""

    @model_validator(mode="after")
    def _names_resolve(self) -> EvaluationParams:
        benchmarks, evaluations = self.used_benchmarks(), self.used_evaluations()
        if not evaluations:
            raise ValueError("evaluations: name at least one")
        asked = {f"evaluations, {n!r}": settings.benchmarks for n, settings in evaluations.items()}
        asked["curve"] = self.curve.benchmarks if self.curve else []
        for pair in self.comparisons:
            asked[f"comparisons, {list(pair)}"] = [pair[2]]
        for where, names in asked.items():
            for name in names:
                if name not in benchmarks:
                    raise ValueError(
                        f"{where}: benchmark {name!r} is none of `benchmarks`; "
                        f"{suggest(name, benchmarks)}"
                    )
        for one, other, benchmark in self.comparisons:
            if one == other:
                raise ValueError(f"comparisons: {[one, other, benchmark]} compares with itself")
        return self

    def used_benchmarks(self) -> dict[str, BenchmarkSettings]:
        """The benchmarks that are not null."""
        return {name: one for name, one in self.benchmarks.items() if one is not None}

    def used_evaluations(self) -> dict[str, EvaluationSettings]:
        """The evaluations that are not null."""
        return {name: one for name, one in self.evaluations.items() if one is not None}


def as_plain_values(params: Any) -> dict[str, Any]:
    """Parameters of another pipeline as kedro hands them over, typed or not, as plain values."""
    return params.model_dump(mode="json") if hasattr(params, "model_dump") else dict(params)
