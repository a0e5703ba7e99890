"""Nodes of `recsys`: the namespace `funnel`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.funnel.settings import LogSettings
from shoplm.pipelines.recsys.funnel_params import FunnelParams
from shoplm.reporting.funnel_settings import FunnelStudies

if TYPE_CHECKING:
    from ibis import Table
    from pandas import DataFrame
    from plotly.graph_objects import Figure
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Figure = Table = Any

Tables = dict[str, Callable[[], Table]]


def build_features(search_logs: Tables, params: FunnelParams) -> Tables:
    """Every log with ordered labels, and the counts and rates known before each list."""
    from shoplm.funnel.log import history
    from shoplm.variants import suggest

    for name in params.used_logs():
        if name not in search_logs:
            raise ValueError(
                f"search_logs: the catalog has no log {name!r}; {suggest(name, search_logs)}"
            )

    def build(name: str, settings: LogSettings) -> Table:
        return history.build_features(search_logs[name](), settings)

    return {name: partial(build, name, settings) for name, settings in params.used_logs().items()}


def split_log(funnel_features: Tables, params: FunnelParams) -> dict[str, Callable[[Path], Path]]:
    """The data folder of every log, split by time, with its features as numbers."""
    from shoplm.funnel.log import writing

    def write(name: str, settings: LogSettings, folder: Path) -> Path:
        return writing.write_log(funnel_features[name](), settings, folder)

    return {name: partial(write, name, settings) for name, settings in params.used_logs().items()}


def summarise_logs(
    funnel_data: dict[str, Path], params: FunnelParams
) -> tuple[DataFrame, DataFrame]:
    """Rows, lists and positives of every log and side; and features that could not be used."""
    from shoplm.funnel.log.folder import FunnelLog
    from shoplm.pipelines.recsys import funnel_tables as tables

    opened = {name: FunnelLog.open(funnel_data[name]) for name in params.used_logs()}
    return (
        tables.stack({n: tables.count_sides(log) for n, log in opened.items()}, tables.STATISTICS),
        tables.stack({n: log.rejected_features for n, log in opened.items()}, []),
    )


def measure_regions(
    funnel_data: dict[str, Path], params: FunnelParams
) -> tuple[DataFrame, DataFrame]:
    """Distances between the regions for every feature; and which features depend on the region."""
    from shoplm.funnel import feature_split
    from shoplm.funnel.log.folder import FunnelLog
    from shoplm.pipelines.recsys import funnel_plan
    from shoplm.pipelines.recsys import funnel_tables as tables

    splits = {}
    for name in params.used_logs():
        with funnel_plan.named(f"log {name!r}"):
            splits[name] = feature_split.split_features(
                FunnelLog.open(funnel_data[name]), funnel_plan.choose_split(name, params)
            )
    return (
        tables.stack({n: split.distances for n, split in splits.items()}, []),
        tables.stack({n: split.features for n, split in splits.items()}, []),
    )


def train_funnel_models(
    funnel_data: dict[str, Path], feature_distances: DataFrame, params: FunnelParams
) -> tuple[dict[str, Path], DataFrame, DataFrame, DataFrame]:
    """Train every variant with every seed, those that start from another one after it: models,
    metrics, costs, and what they predict for the test rows."""
    from shoplm.funnel import launching
    from shoplm.pipelines.recsys import funnel_plan
    from shoplm.pipelines.recsys import funnel_tables as tables

    trained = launching.train_runs(
        funnel_plan.plan_runs(funnel_data, feature_distances, params), params.runs
    )
    models = launching.final_models(trained)
    trained |= launching.train_runs(
        funnel_plan.plan_runs(funnel_data, feature_distances, params, models), params.runs
    )
    predictions = launching.read_predictions(trained)
    return (
        launching.final_models(trained),
        launching.read_metrics(trained),
        launching.read_costs(trained),
        tables.name_logs(predictions, params.resolved_variants()),
    )


def read_masks(
    funnel_models: dict[str, Path], funnel_data: dict[str, Path], params: FunnelParams
) -> DataFrame:
    """What MD multiplies the features of every region with, by variant and seed."""
    from shoplm.funnel import masks
    from shoplm.funnel.log.folder import FunnelLog
    from shoplm.pipelines.recsys import funnel_tables as tables

    logs = {name: FunnelLog.open(funnel_data[name]) for name in params.used_logs()}
    return tables.stack(
        {
            (name, seed, chosen.log): masks.region_masks(
                funnel_models[f"{name}/seed-{seed}"], logs[chosen.log]
            )
            for name, chosen in params.resolved_variants().items()
            if chosen.has_md
            for seed in params.seeds
        },
        masks.MASKS,
        tables.MODEL,
    )


def describe_variants(
    funnel_data: dict[str, Path], feature_distances: DataFrame, params: FunnelParams
) -> DataFrame:
    """One row a variant: its log, model, tasks, what MD maps, and its settings."""
    from shoplm.pipelines.recsys import funnel_plan
    from shoplm.pipelines.recsys import funnel_tables as tables

    dependent = funnel_plan.dependent_features(funnel_data, feature_distances, params)
    return tables.describe_variants(dependent, params)


def summarise_funnel(
    funnel_data: dict[str, Path], funnel_predictions: DataFrame, params: FunnelParams
) -> DataFrame:
    """NDCG, AUC, log loss, calibration and violations of every variant by task, platform and
    region, with intervals over lists."""
    from shoplm.metrics import funnel
    from shoplm.pipelines.recsys import funnel_tables as tables

    return tables.stack(
        {
            log: funnel.summarise_funnel(rows, predictions, tasks, params.metrics)
            for log, tasks, rows, predictions in tables.by_log(
                funnel_data, funnel_predictions, params
            )
        },
        funnel.RESULTS,
    )


def compare_funnel_models(
    funnel_data: dict[str, Path],
    feature_distances: DataFrame,
    funnel_predictions: DataFrame,
    params: FunnelParams,
) -> DataFrame:
    """Pairs of variants on the same lists: differences, intervals and paired tests."""
    from shoplm.metrics import funnel_comparison
    from shoplm.pipelines.recsys import funnel_plan
    from shoplm.pipelines.recsys import funnel_tables as tables

    dependent = funnel_plan.dependent_features(funnel_data, feature_distances, params)
    return tables.stack(
        {
            log: funnel_comparison.compare_funnel(
                rows,
                predictions,
                tasks,
                funnel_plan.plan_pairs(log, dependent, params),
                params.metrics,
            )
            for log, tasks, rows, predictions in tables.by_log(
                funnel_data, funnel_predictions, params
            )
        },
        funnel_comparison.COMPARISON,
    )


def draw_funnel(studies: FunnelStudies, *tables: DataFrame) -> tuple[DataFrame, dict[str, Figure]]:
    """The studies, filled; and the figures of every log and study.

    Args:
        studies: which.
        tables: in the order of `FunnelTables`.
    """
    from shoplm.reporting import funnel

    measured = funnel.FunnelTables(*tables)
    return funnel.fill_studies(measured, studies), funnel.draw_figures(measured, studies)


def render_funnel_page(
    studies: FunnelStudies, funnel_figures: dict[str, Callable[[], Figure]], *tables: DataFrame
) -> str:
    """All of it on one HTML page."""
    from shoplm.reporting import funnel

    figures = {name: load() for name, load in funnel_figures.items()}
    return funnel.render_funnel_page(funnel.FunnelTables(*tables), figures, studies)
