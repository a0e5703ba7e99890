"""Made-up tables of the funnel, in which each figure follows from its place."""

import json
import re
from itertools import product

import numpy as np
import pandas as pd

from shoplm.reporting.funnel import render_funnel_page
from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.funnel_settings import FunnelStudies

MODELS = {
    "seq_md": ("seq", True, 0.78), "seq": ("seq", False, 0.76), "mmoe": ("mmoe", False, 0.75),
    "mmoe_md": ("mmoe", True, 0.77),
}  # fmt: skip
"""Model, MD and NDCG@10 of the first task."""
TASKS, REGIONS, PLATFORMS = ("checkout", "purchase"), ("CA", "TW", "US"), ("desktop", "mobile")
FEATURES = {"price": 0.52, "clicks": 0.34, "position": 0.05, "hour": 0.11}
"""The largest distance between two regions."""
TRAINING = json.dumps(
    {"max_passes": 2.0, "batch_size": 1_024, "learning_rate": 0.005, "refit": True,
     "validation": {"every": 0.5}}
)  # fmt: skip
RESULT = {"platform": "all", "region": "all", "confidence": 0.95, "status": "complete"}


def simulate_results(log="shop", seeds=(0,), models=MODELS, tasks=TASKS, regions=REGIONS):
    rows = []
    values = {name: of[2] for name, of in models.items()} | {"popular_first": 0.6, "random": 0.45}
    cells = [("all", "all"), *((p, "all") for p in PLATFORMS), *(("all", r) for r in regions)]
    cells += list(product(PLATFORMS, regions))
    for (variant, at), (platform, region), task in product(values.items(), cells, tasks):
        place = tasks.index(task)
        ndcg = at + 0.02 * place - 0.01 * (platform == "mobile")
        ndcg -= 0.02 * (regions.index(region) if region != "all" else 0)
        metrics = {"ndcg@10": ndcg, "auc": ndcg + 0.01}
        if variant in models:
            metrics |= {"log_loss": 0.1 - 0.05 * place, "calibration_error": 0.002,
                        "predicted_to_observed": 1.05}  # fmt: skip
            if place:
                metrics["violations"] = 0.0 if variant.startswith("seq") else 0.25
        whole = platform == region == "all"
        for metric, value in metrics.items():
            row = RESULT | {
                "log": log, "variant": variant, "task": task, "platform": platform,
                "region": region, "metric": metric, "n": 1_200 if whole else 90,
                "n_lists": 2_000 if whole else 150,
            }  # fmt: skip
            rows += _seeds(row, value, seeds if variant in models else ())
    for variant in models if len(tasks) > 1 else ():
        row = RESULT | {"log": log, "variant": variant, "task": "all", "metric": "violations",
                        "n": 9_000, "n_lists": 2_000}  # fmt: skip
        rows += _seeds(row, 0.0 if variant.startswith("seq") else 0.25, seeds)
    return pd.DataFrame(rows)


def _seeds(row, value, seeds):
    alone = [value * (1 + 0.01 * k) for k in range(len(seeds))] or [value]
    spread = np.std(alone, ddof=1) if len(alone) > 1 else np.nan
    found = [row | {"seed": seed, "value": one, "ci_low": one * 0.98, "ci_high": one * 1.02,
                    "n_seeds": 1, "seed_sd": np.nan}
             for seed, one in zip(seeds, alone, strict=False)]  # fmt: skip
    mean = float(np.mean(alone))
    means = {"ci_low": mean * 0.98, "ci_high": mean * 1.02, "seed_sd": spread}
    return [*found, row | means | {"seed": "mean", "value": mean, "n_seeds": len(seeds)}]


def simulate_comparison(pairs, log="shop", p_holm=0.002, tasks=TASKS, regions=REGIONS):
    """Of (variant, against, difference of NDCG)."""
    rows = []
    for (variant, against, value), task in product(pairs, tasks):
        for region, metric in product(("all", *regions), ("ndcg@10", "auc", "log_loss")):
            sign = -1 if metric == "log_loss" else 1
            difference = (
                sign * value * (1 + 0.5 * (regions.index(region) if region != "all" else 0))
            )
            rows.append(
                RESULT | {
                    "log": log, "variant": variant, "against": against, "seed": "mean",
                    "task": task, "region": region, "metric": metric, "value": difference,
                    "ci_low": difference - 0.005, "ci_high": difference + 0.005,
                    "p_value": p_holm / 2, "p_holm": p_holm, "n": 1_200, "n_lists": 2_000,
                    "n_seeds": 1, "seed_sd": np.nan,
                    "level": "whole" if region == "all" else "region",
                }
            )  # fmt: skip
    columns = [
        "log",
        "variant",
        "against",
        "task",
        "platform",
        "region",
        "metric",
        "value",
        "p_holm",
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


PAIRS = (("seq_md", "seq", 0.02), ("mmoe_md", "mmoe", 0.02), ("seq_md", "mmoe_md", 0.01))


def simulate_tables(log="shop", seeds=(0,), models=MODELS, tasks=TASKS, regions=REGIONS, **more):
    pairs = [p for p in PAIRS if p[0] in models and p[1] in models]
    of = {"log": log, "tasks": "; ".join(tasks), "initial": "", "frozen": False,
          "threshold": 0.3, "distance": "js", "settings": "{}", "training": TRAINING}  # fmt: skip
    with_md = [name for name, model in models.items() if model[1]]
    couples = [(a, b) for n, a in enumerate(regions) for b in regions[n + 1 :]]
    split = [
        {"log": log, "feature": name, "distance": "js", "maximum": value if couples else 0.0,
         "region_a": couples[0][0] if couples else None,
         "region_b": couples[0][1] if couples else None, "threshold": 0.3,
         "dependent": value > 0.3 and bool(couples), "overridden": name == "hour"}
        for name, value in FEATURES.items()
    ]  # fmt: skip
    tables = {
        "results": simulate_results(log, seeds, models, tasks, regions),
        "comparison": simulate_comparison(pairs, log, tasks=tasks, regions=regions),
        "variants": pd.DataFrame(
            [of | {"variant": name, "model": model, "md": md,
                   "n_dependent": 2 * (md and len(regions) > 1)}
             for name, (model, md, _) in models.items()]
        ),
        "costs": pd.DataFrame(
            [{"variant": name, "seed": seed, "train_seconds": 60.0 + n, "validation_seconds": 5.0,
              "scoring_seconds": 1.0, "rows_per_second": 80_000.0 - 1_000 * n,
              "scored_per_second": 300_000.0, "peak_memory_gb": 1.25, "rows": 300_000,
              "threads": 1, "device": "cpu", "parameters": 33_000 + n,
              "trained_parameters": 33_000 + n, "steps": 300, "passes": 1.5,
              "stopped_by": "patience", "warnings": ""}
             for n, name in enumerate(models) for seed in seeds]
        ),
        "metrics": pd.DataFrame(
            [{"variant": name, "seed": seed, "step": 100 * k, "passes": 0.5 * k,
              "split": "validation", "task": task, "metric": "auc", "value": 0.7 + 0.02 * k}
             for name in models for seed in seeds for k in (1, 2, 3) for task in (*tasks, "all")]
        ),
        "feature_split": pd.DataFrame(split),
        "feature_distances": pd.DataFrame(
            [{"log": log, "feature": name, "distance": distance, "region_a": a, "region_b": b,
              "value": value * factor / (1 + n)}
             for name, value in FEATURES.items() for n, (a, b) in enumerate(couples)
             for distance, factor in (("js", 1.0), ("wasserstein", 3.0))],
            columns=["log", "feature", "distance", "region_a", "region_b", "value"],
        ),
        "region_masks": pd.DataFrame(
            [{"variant": name, "seed": seed, "log": log, "region": region, "feature": feature,
              "mask": (0.5 + 0.5 * n) * (1 + 0.1 * seed)}
             for name in with_md for seed in seeds for n, region in enumerate(regions)
             for feature in ("price", "clicks") if couples],
            columns=["variant", "seed", "log", "region", "feature", "mask"],
        ),
        "rejected_features": pd.DataFrame(
            [(log, "weight", "constant", "every training row has 1.5")],
            columns=["log", "feature", "reason", "detail"],
        ),
        "log_statistics": pd.DataFrame(
            [(log, side, figure, value * factor)
             for side, factor in (("train", 8), ("validation", 1), ("test", 1))
             for figure, value in [("rows", 10_000), ("lists", 2_000),
                                   *((f"{task} positives", 500) for task in tasks)]],
            columns=["log", "side", "figure", "value"],
        ),
    }  # fmt: skip
    return FunnelTables(**(tables | more))


def join_tables(*parts):
    """Tables of several search logs, one behind the other."""
    joined = {
        name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in vars(parts[0])
    }
    return FunnelTables(**joined)


def words(tables, studies=None):
    """The page without figures, which take most of the time."""
    return render_funnel_page(tables, {}, studies or FunnelStudies())


def part(page, heading):
    return page[page.index(f">{heading}</h2>") :].split("<h2", 1)[0]


def cell(page, heading, row, column):
    """A cell of the table under a heading, by the first cells of its row."""
    table = part(page, heading).split("</table>")[0]
    rows = [re.findall(r"<t[hd]>(.*?)</t[hd]>", line) for line in table.split("</tr>")]
    found = [cells for cells in rows if cells[: len(row)] == list(row)]
    assert len(found) == 1, (row, rows)
    return found[0][[head.replace("<br>", " ") for head in rows[0]].index(column)]


def lead(page):
    return re.search(r'<p class="lead">(.*?)</p>', page)[1]
