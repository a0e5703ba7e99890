"""What a training pipeline would leave, drawn at random: for tests of what is made of it."""

import numpy as np
import pandas as pd

SPLITS = ("general_en", "general_zh", "shop_en", "shop_zh", "clusters_en", "clusters_zh")
EFFECTS = {  # change of the loss of a token at the end, in nats: general, shop, clusters
    "general_only": (-0.12, 0.15, 0.10),
    "ecom_only": (0.45, -0.70, -0.75),
    "separate": (0.08, -0.55, -0.60),
    "mixed": (0.05, -0.60, -0.80),
}


def simulate_training(
    variants=EFFECTS, seeds=(0,), splits=SPLITS, n_documents=60, n_steps=63, seed=0
):
    """`document_losses` and `pretrain_metrics` of runs whose true effects are `variants`."""
    rng = np.random.default_rng(seed)
    documents = {
        split: pd.DataFrame(
            {
                "document": np.arange(n_documents),
                "n_targets": rng.geometric(0.02, n_documents) + 3,
                "difficulty": rng.normal(5.0 + 0.3 * ("zh" in split), 0.35, n_documents),
            }
        )
        for split in splits
    }
    domains = list(dict.fromkeys(split.rsplit("_", 1)[0] for split in splits))
    losses, metrics = [], []
    for variant, effects in variants.items():
        for run in seeds:
            luck = rng.normal(0, 0.01, len(splits))
            sway = {split: rng.normal(0, 0.15, n_documents) for split in splits}
            for step in sorted({round(n_steps * share / 4) for share in range(5)}):
                grown = (1 - np.exp(-3 * step / n_steps)) / (1 - np.exp(-3))
                place = {"variant": variant, "seed": run, "step": step, "tokens": 2_048 * step}
                for number, (split, table) in enumerate(documents.items()):
                    effect = effects[domains.index(split.rsplit("_", 1)[0])]
                    token = table["difficulty"] + grown * (effect + luck[number] + sway[split])
                    rows = table[["document", "n_targets"]].assign(
                        **place, split=split, loss=token * table["n_targets"]
                    )
                    losses.append(rows)
                    mean = rows["loss"].sum() / rows["n_targets"].sum()
                    metrics += [
                        {**place, "split": split, "metric": "loss", "value": mean},
                        {**place, "split": split, "metric": "perplexity", "value": np.exp(mean)},
                    ]
            for step in range(1, n_steps + 1):
                place = {"variant": variant, "seed": run, "step": step, "tokens": 2_048 * step}
                values = {
                    "loss": 5.2 - 0.5 * (1 - np.exp(-3 * step / n_steps)) + rng.normal(0, 0.1),
                    "learning_rate": 1e-3 * (1 - step / n_steps),
                    "gradient_norm": rng.gamma(5, 0.1),
                    "tokens_per_second": rng.normal(4_800, 150),
                    "memory_gb": 0.62 + 0.001 * min(step, 10),
                }
                metrics += [
                    {**place, "split": "train", "metric": metric, "value": value}
                    for metric, value in values.items()
                ]
    return pd.concat(losses, ignore_index=True), pd.DataFrame(metrics)
