"""Tables of predictions, written short."""

import pandas as pd

from shoplm.metrics.settings import BootstrapSettings

QUICK = BootstrapSettings(samples=299)
HELD = {"shop": {"held_in": ["colour", "size"], "held_out": ["title"]}}


def answers(variant, values, task="colour", benchmark="shop", seed=0, **columns):
    """One row a value: a score, or (true positives, predicted, gold); None is no score."""
    values = list(values)
    counted = any(isinstance(value, tuple) for value in values)
    rows = [
        {
            "variant": variant, "seed": seed, "benchmark": benchmark, "task": task,
            "example_id": f"{task}-{n}", "decoding": "free", "group": f"{task} product {n}",
            "version": "v1", "metric": "micro_f1" if counted else "accuracy",
            "score": None if counted else value, "parsed": value is not None, "problem": None,
        } | dict(zip(("tp", "predicted", "gold_items"), value if counted else [None] * 3,
                     strict=True))
        for n, value in enumerate(values)
    ]  # fmt: skip
    table = pd.DataFrame(rows).astype({"score": float, "problem": object})
    for column, given in columns.items():
        table[column] = given
    return table


def table_of(*parts):
    return pd.concat(parts, ignore_index=True)


def row_of(results, **where):
    """The one row where columns are as named."""
    chosen = results
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    assert len(chosen) == 1, chosen.to_string()
    return chosen.iloc[0]
