"""What `sft` would leave, drawn at random: for tests of what is made of it."""

import numpy as np
import pandas as pd

from simulated_training import simulate_training

TASKS = {"title_generation": "concepts", "product_relation": "reasoning",
         "query_relation": "behaviour", "a_task_with_a_very_long_name": "multilingual"}  # fmt: skip
EFFECTS = {"ladder_1": -0.1, "ladder_2": -0.6, "from_base": -0.4}  # nats a token
SELECTIONS = {"ladder_1": "one", "ladder_2": "all", "from_base": "all"}
MODELS = {"ladder_1": "mixed", "ladder_2": "mixed", "from_base": "base"}


def simulate_tuning(effects=EFFECTS, seeds=(0,), n=40, seed=0):
    """`sft_document_losses`, `sft_held_out_documents`, `sft_variants`, `sft_selections`, metrics.

    Every task but the first is a choice of three; the last one is held out.
    """
    rng = np.random.default_rng(seed)
    documents, difficulty = [], []
    for number, (task, capability) in enumerate(TASKS.items()):
        side = "held_out" if number == len(TASKS) - 1 else "validation"
        for example in range(n):
            choices = [-1] if number == 0 else [-1, 0, 1, 2]
            ease = rng.normal(4, 0.5)
            for choice in choices:
                split = f"{side}_{task}" if choice < 0 else f"choices_{task}"
                right = choice < 0 or choice == example % 3
                documents.append(
                    {"split": split, "document": 4 * example + choice + 1, "task": task,
                     "instruction_id": f"{task}{example}", "capability": capability, "side": side,
                     "choice": choice, "is_right": right, "is_common": choice == 1,
                     "n_characters": 6,
                     "group": f"product {example // 2}"}
                )  # fmt: skip
                difficulty.append(ease + (0 if right else rng.normal(0, 0.5)))
    documents = pd.DataFrame(documents)
    parts = []
    for variant, effect in effects.items():
        for run in seeds:
            for step in (0, 50):
                sway = rng.normal(effect, 0.2, len(documents)) * (step > 0)
                gain = np.where(documents["is_right"], sway, sway / 2)
                token = np.array(difficulty) + gain + (0.1 if MODELS[variant] == "base" else 0)
                parts.append(
                    documents[["split", "document"]].assign(
                        variant=variant, seed=run, step=step, tokens=step * 100, n_targets=3,
                        loss=3 * token,
                    )
                )  # fmt: skip
    variants = pd.DataFrame(
        {"variant": name, "model": MODELS[name], "selection": SELECTIONS[name], "rank": rank,
         "capabilities": 4, "tasks": 3, "examples": 300, "most_of_a_task": 120,
         "window": 512, "beyond_window": 7, "cut": 0,
         "template": "{prompt}\n{answer}</s>"}
        for name, rank in zip(effects, [16, 32, None], strict=True)
    )  # fmt: skip
    selections = pd.DataFrame(
        {"selection": selection, "seed": run, "capability": capability, "task": task,
         "n_available": 120, "n": 100, "share": 1 / 3}
        for run in seeds
        for selection, n_tasks in (("one", 1), ("all", 3))
        for task, capability in list(TASKS.items())[:n_tasks]
    )  # fmt: skip
    _, metrics = simulate_training(
        dict.fromkeys(effects, (0, 0, 0)), seeds, n_documents=2, n_steps=20
    )
    return pd.concat(parts, ignore_index=True), documents, variants, selections, metrics
