import numpy as np
import pandas as pd
import pytest
from benchmark_rows import HELD, QUICK, answers, row_of, table_of

from shoplm.metrics.benchmark import summarise_scores


def test_an_absent_task_has_no_value_and_makes_its_means_partial():
    predictions = table_of(answers("base", [1, 0], "colour"), answers("mixed", [1, 1], "colour"))
    sources = pd.DataFrame(
        [
            {"benchmark": "shop", "task": "colour", "status": "present", "detail": ""},
            {
                "benchmark": "shop",
                "task": "size",
                "status": "absent",
                "detail": "no file sizes.csv",
            },
            {"benchmark": "public", "task": "news", "status": "absent", "detail": "no news.csv"},
        ]
    )
    results = summarise_scores(predictions, HELD | {"public": {}}, QUICK, sources)
    for variant in ("base", "mixed"):
        of = results[(results["variant"] == variant) & (results["seed"] == "all")]
        absent = of[of["status"] == "absent"].set_index("task")
        assert set(absent.index) == {"size", "title", "held_out", "news", "all"}
        assert absent["value"].isna().all() and (absent["n"] == 0).all()
        assert absent.loc["size", "detail"] == "no file sizes.csv"
        whole = row_of(of, benchmark="shop", level="benchmark")
        assert whole["status"] == "partial"
        assert whole["detail"] == "1 of 3 tasks, without size, title"
        assert whole["value"] == row_of(of, task="colour")["value"]
    public = row_of(results, variant="base", seed="all", benchmark="public", level="benchmark")
    assert public["status"] == "absent" and np.isnan(public["value"])


def test_a_model_that_was_not_asked_a_task_says_so():
    predictions = table_of(
        answers("base", [1, 0], "colour"), answers("base", [1, 1], "size"),
        answers("mixed", [1, 0], "colour"),
    )  # fmt: skip
    results = summarise_scores(predictions, {}, QUICK)
    size = row_of(results, variant="mixed", seed="all", task="size")
    assert size["status"] == "absent" and np.isnan(size["value"])
    whole = row_of(results, variant="mixed", seed="all", level="benchmark")
    assert (whole["status"], whole["value"], whole["n"]) == ("partial", 0.5, 2)
    assert row_of(results, variant="base", seed="all", level="benchmark")["status"] == "complete"


def test_what_an_endpoint_did_not_answer_is_left_out_and_told():
    predictions = answers("endpoint", [1, None, 0, None, 1])
    predictions["problem"] = [None, "endpoint", None, "endpoint", None]
    results = summarise_scores(predictions, {}, QUICK)
    task = row_of(results, seed="all", level="task")
    assert (task["value"], task["n"], task["n_unparsed"]) == (pytest.approx(2 / 3), 3, 0)
    assert (task["status"], task["detail"]) == ("partial", "no answer: endpoint 2")
    assert row_of(results, seed="all", level="benchmark")["status"] == "partial"
    nothing = summarise_scores(predictions.assign(score=np.nan, problem="endpoint"), {}, QUICK)
    assert nothing["value"].isna().all() and (nothing["n"] == 0).all()


def test_answers_without_their_scorer_are_no_score_at_all():
    """Exact matches score 1 without an encoder: a mean over those alone would be 1."""
    predictions = table_of(
        answers("base", [1, None, None], "title", metric="sentence_similarity", parsed=True),
        answers("base", [0, 1], "colour"),
    )
    results = summarise_scores(predictions, {}, QUICK)
    title = row_of(results, seed="all", task="title")
    assert np.isnan(title["value"]) and title["status"] == "unscored"
    assert title["detail"] == "2 of 3 answers have no score: their scorer is not here"
    whole = row_of(results, seed="all", level="benchmark")
    assert (whole["value"], whole["status"]) == (0.5, "partial")


def test_unparsed_answers_and_questions_too_long_score_nothing_and_are_counted():
    predictions = answers("base", [1, 0, 0, 0], parsed=[True, False, False, True])
    predictions["problem"] = [None, None, "too_long", None]
    task = row_of(summarise_scores(predictions, {}, QUICK), seed="0", level="task")
    assert (task["value"], task["n"], task["n_unparsed"]) == (0.25, 4, 2)
    assert task["status"] == "complete"
