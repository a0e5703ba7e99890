import pandas as pd
import pytest
from benchmark_rows import HELD, QUICK, answers, row_of, table_of

from shoplm.metrics.benchmark import CURVE, checkpoint_curve


def test_a_curve_has_a_point_for_every_number_of_tokens():
    predictions = table_of(
        *(
            answers("mixed", values, seed=seed, tokens=tokens)
            for (seed, tokens), values in {
                (0, 0): [0, 0], (1, 0): [0, 0], (0, 9000): [1, 0], (1, 9000): [1, 1],
                (0, 100000): [1, 1], (1, 100000): [1, 1],
            }.items()
        )
    )  # fmt: skip
    curve = checkpoint_curve(predictions, {}, QUICK)
    whole = curve[(curve["level"] == "benchmark") & (curve["seed"] == "all")]
    assert whole[["tokens", "value"]].to_numpy().tolist() == [[0, 0], [9000, 0.75], [100000, 1]]
    assert set(curve["variant"]) == {"mixed"} and len(curve) == 2 * 3 * 3
    with pytest.raises(ValueError, match="no column 'tokens'"):
        checkpoint_curve(answers("mixed", [1]), {}, QUICK)
    with pytest.raises(ValueError, match="'mixed' has no tokens"):
        checkpoint_curve(predictions.assign(tokens=[None, *predictions["tokens"][1:]]), {}, QUICK)
    as_floats = checkpoint_curve(predictions.astype({"tokens": float}), {}, QUICK)
    pd.testing.assert_frame_equal(as_floats, curve)
    none = checkpoint_curve(predictions.iloc[:0], HELD, QUICK)
    assert none.empty and list(none.columns) == CURVE


def test_a_curve_carries_baselines_groups_and_absent_tasks():
    parts = [
        answers("mixed", [0, 1], task, tokens=n) for task in ("colour", "size") for n in (0, 9)
    ]
    baselines = table_of(
        answers("random", [0.5, 0.25], "colour"), answers("random", [0.25, 0.5], "size"),
        answers("random", [1, 1], "other"), answers("random", [1, 1], benchmark="public"),
        answers("random", [1, 1], "colour", decoding="constrained"),
    )  # fmt: skip
    sources = pd.DataFrame(
        [
            {"benchmark": "shop", "task": "title", "status": "absent", "detail": "no titles.csv"},
            {"benchmark": "public", "task": "news", "status": "absent", "detail": "no news.csv"},
        ]
    )
    curve = checkpoint_curve(
        table_of(*parts), HELD | {"public": {"news": ["news"]}}, QUICK, sources, baselines
    )
    assert set(curve["benchmark"]) == {"shop"} and "other" not in set(curve["task"])
    whole = curve[(curve["level"] == "benchmark") & (curve["seed"] == "all")]
    assert whole[["variant", "tokens", "value"]].to_numpy().tolist() == [
        ["mixed", 0, 0.5], ["mixed", 9, 0.5], ["random", 0, 0.375],
    ]  # fmt: skip
    assert set(whole["detail"]) == {"2 of 3 tasks, without title"}
    assert set(curve.loc[curve["task"] == "title", "detail"]) == {"no titles.csv"}
    held_in = row_of(curve, variant="random", seed="all", task="held_in")
    assert (held_in["status"], held_in["value"]) == ("complete", 0.375)
