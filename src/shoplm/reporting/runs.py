"""What training runs took."""

from __future__ import annotations

import pandas as pd


def list_runs(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a run: steps, document tokens, loss of the last tenth, speed and memory.

    Args:
        metrics: variant, seed, step, tokens, split, metric, value.
    """
    train = metrics[metrics["split"] == "train"]
    wide = train.pivot_table(
        index=["variant", "seed", "step", "tokens"], columns="metric", values="value", sort=False
    ).reset_index()
    rows = []
    for (variant, seed), run in wide.groupby(["variant", "seed"], sort=False):
        steps = run["step"].max()
        rows.append(
            {
                "variant": variant,
                "seed": seed,
                "steps": steps,
                "tokens": run["tokens"].max(),
                "loss": run.loc[run["step"] > 0.9 * steps, "loss"].mean(),
                "tokens a second": round(run["tokens_per_second"].median()),
                "memory, GB": run["memory_gb"].max(),
            }
        )
    columns = ["variant", "seed", "steps", "tokens", "loss", "tokens a second", "memory, GB"]
    return pd.DataFrame(rows, columns=columns)
