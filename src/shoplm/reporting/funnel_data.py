"""What the page of the funnel is made of."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class FunnelTables:
    """Tables of `recsys`, namespace `funnel`."""

    results: pd.DataFrame
    """`funnel_results`: log, and the columns of `metrics.funnel.RESULTS`."""
    comparison: pd.DataFrame
    """`funnel_comparison`: log, and the columns of `metrics.funnel_comparison.COMPARISON`."""
    variants: pd.DataFrame
    """`funnel_variants`: variant, log, model, md, tasks, initial, frozen, n_dependent, threshold,
    distance, settings, training."""
    costs: pd.DataFrame
    """`funnel_costs`, a row a run."""
    metrics: pd.DataFrame
    """`funnel_metrics`, along training: variant, seed, step, passes, split, task, metric, value."""
    feature_split: pd.DataFrame
    """log, feature, distance, maximum, region_a, region_b, threshold, dependent, overridden."""
    feature_distances: pd.DataFrame
    """log, feature, distance, region_a, region_b, value."""
    region_masks: pd.DataFrame
    """variant, seed, log, region, feature, mask: the factor of MD."""
    rejected_features: pd.DataFrame
    """log, feature, reason, detail."""
    log_statistics: pd.DataFrame
    """log, side, figure, value: rows, lists, and positives by task."""

    def of_log(self, log: str) -> FunnelTables:
        """What is of one search log."""
        own = set(self.variants.loc[self.variants["log"] == log, "variant"])
        found = {}
        for name, table in vars(self).items():
            kept = table["log"] == log if "log" in table else table["variant"].isin(own)
            found[name] = table[kept]
        return FunnelTables(**found)

    def main_variants(self) -> list[str]:
        """The first variant of each model with MD and without; others are settings of it tried out.

        What the page calls best is among these alone: the best of many settings on the test side
        would be best by chance.
        """
        first = self.variants.drop_duplicates(["log", "model", "md"])
        return first["variant"].tolist()

    def logs(self) -> list[str]:
        """Names of the search logs, in the order of the results, then of their statistics."""
        return list(dict.fromkeys([*self.results["log"], *self.log_statistics["log"]]))
