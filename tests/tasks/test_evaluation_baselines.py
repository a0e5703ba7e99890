"""Baselines, sentence similarity and what a reader should know of the results."""

import itertools
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from example_tasks import make_task
from measured_shop import ASKING, FRAME, example_of, table

from shoplm.tasks.evaluation.baselines import expected_score, predict_baselines
from shoplm.tasks.evaluation.predictions import PREDICTIONS
from shoplm.tasks.evaluation.problems import PROBLEMS, describe_problems
from shoplm.tasks.evaluation.requests import make_requests
from shoplm.tasks.evaluation.settings import BenchmarkSettings
from shoplm.tasks.evaluation.similarity import score_similarity
from shoplm.tasks.rendering import render_gold
from shoplm.tasks.scoring import score

NUMBERED = {"first_number": 1, "separator": ", ", "none": {"en": "none"}}


def guess(task, golds, majority, **kwargs):
    examples = table(task, [example_of(task, n, gold) for n, gold in enumerate(golds)])
    library = {task.name: task}
    requests = make_requests(examples, library, ASKING, FRAME)
    sources = pd.DataFrame([{"benchmark": "exam", "task": task.name, "majority": majority}])
    rows = predict_baselines(requests, examples, sources, library, **kwargs)
    assert list(rows) == PREDICTIONS and len(rows) == 2 * len(requests)
    return rows


@pytest.mark.parametrize(
    ("type_", "gold"),
    [("multiple_choice", 2), ("retrieval", [0, 3]), ("retrieval", [1]),
     ("ranking", [1.0, 0.0, 0.1, 0.01, 0.1])],
)  # fmt: skip
def test_a_random_answer_scores_what_all_answers_score_on_average(type_, gold):
    task = make_task(type_, answer=NUMBERED)
    example = example_of(task, 0, gold)
    if type_ == "multiple_choice":
        said = [str(n) for n in range(1, 6)]
    else:
        orders = itertools.permutations(range(1, 6), 3 if type_ == "retrieval" else 5)
        said = [", ".join(map(str, order)) for order in orders]
    every = fmean(score(task, example, text).value for text in said)
    assert expected_score(task, example, 5) == pytest.approx(every)


def test_a_ranking_of_many_is_averaged_over_its_first_five():
    task = make_task("ranking", answer=NUMBERED)
    relevance = [1.0, 0.1, 0.0, 0.0, 0.01, 0.0, 0.1]
    example = example_of(task, 0, relevance, choices=tuple("abcdefg"))
    rng = np.random.default_rng(0)
    drawn = [
        score(task, example, ", ".join(str(1 + place) for place in rng.permutation(7))).value
        for _ in range(4_000)
    ]
    margin = 4 * np.std(drawn) / np.sqrt(len(drawn))
    assert expected_score(task, example, 7) == pytest.approx(np.mean(drawn), abs=margin)


def test_closed_answers_are_drawn_evenly_and_the_commonest_is_given_to_all():
    task = make_task("classification", name="judge")
    golds = ["fits", "differs", "differs", "unclear"] * 30
    rows = guess(task, golds, '{"en": "no"}')
    random = rows[rows["variant"] == "random"]
    assert random["score"].eq(1 / 3).all()
    shares = random["prediction"].value_counts(normalize=True)
    assert set(shares.index) == {"yes", "no", "not sure"} and shares.min() > 0.2
    majority = rows[rows["variant"] == "majority"]
    assert set(majority["prediction"]) == {"no"} and majority["score"].mean() == 0.5
    assert set(rows["seed"]) == {0} and set(rows["decoding"]) == {"constrained", "free"}
    again = guess(task, golds, '{"en": "no"}')
    pd.testing.assert_frame_equal(rows, again)


def test_open_answers_are_those_of_other_examples():
    task = make_task("ner", name="mark", answer=NUMBERED)
    golds = [[("", f"thing {n}")] for n in range(6)]
    rows = guess(task, golds, '{"en": "thing 2"}')
    random = rows[rows["variant"] == "random"]
    assert set(random["prediction"]) <= {render_gold(task, gold, "en") for gold in golds}
    assert (random["prediction"] != random["gold"]).all() and random["score"].eq(0).all()
    assert random["tp"].eq(0).all() and random["predicted"].eq(1).all()
    assert rows.loc[rows["variant"] == "majority", "score"].sum() == 1
    alone = guess(task, golds[:1], "{}")
    assert alone["prediction"].tolist() == ["", ""] and not alone["parsed"].any()


VECTORS = {"a shirt": [1.0, 0.0], "a top": [0.6, 0.8], "a car": [-2.0, 0.0], "": [0.0, 0.0]}


def similar(said, encoders, references=()):
    task = make_task("generation", name="explain", metric="sentence_similarity")
    examples = table(task, [example_of(task, 0, "a shirt", references=references)])
    rows = pd.DataFrame(
        {
            "benchmark": "exam", "task": "explain", "example_id": "explain-0", "language": "en",
            "metric": "sentence_similarity", "prediction": said,
            "score": [None if text else 0.0 for text in said], "problem": None,
        }
    )  # fmt: skip
    return score_similarity(rows.astype({"score": float}), examples, encoders)["score"].tolist()


def encode(texts):
    return np.array([VECTORS[text] for text in texts])


def test_similarity_is_the_cosine_of_the_nearest_right_answer_and_never_below_0():
    said = ["a top", "a car", ""]
    assert similar(said, {"en": encode}) == [pytest.approx(0.6), 0.0, 0.0]
    assert similar(said, {"*": encode})[:2] == [pytest.approx(0.6), 0.0]
    assert similar(["a top"], {"en": encode}, ("a car", "a top")) == [pytest.approx(1.0)]
    assert np.isnan(similar(said, {"zh": encode})[:2]).all()
    with pytest.raises(ValueError, match="'en' gave an array of shape"):
        similar(said, {"en": lambda texts: np.zeros(3)})


def test_problems_name_what_is_absent_small_spoilt_or_not_answered():
    sources = pd.DataFrame(
        [
            ["exam", "gone", "absent", 0, 0, 2, "there is no file x"],
            ["exam", "small", "present", 4, 1, 2, "1 shots in en where 2 are wanted"],
            ["exam", "fine", "present", 400, 2, 2, ""],
        ],
        columns=[
            "benchmark",
            "task",
            "status",
            "n_measured",
            "n_shots",
            "n_shots_wanted",
            "detail",
        ],
    )
    predictions = pd.DataFrame(
        [
            ["tuned", "exam", "fine", 1.0, None, 2, 1],
            ["tuned", "exam", "fine", 0.0, "too_long", 2, 0],
            ["tuned", "exam", "small", None, "endpoint", 2, 2],
            ["base", "exam", "small", None, None, 0, None],
        ],
        columns=["variant", "benchmark", "task", "score", "problem", "n_shots", "n_shots_left"],
    ).astype({"n_shots_left": "Int64"})
    benchmarks = {"exam": BenchmarkSettings(groups={"held_out": ["fine"]})}
    trained = {"tuned": ["fine", "small"], "elsewhere": ["fine"]}
    found = describe_problems(sources, predictions, benchmarks, trained)
    assert list(found) == PROBLEMS
    told = {(row.kind, row.task, row.variant): row.detail for row in found.itertuples()}
    assert set(told) == {
        ("absent", "gone", ""),
        ("few_examples", "small", ""),
        ("fewer_shots", "small", ""),
        ("trained_on_held_out", "fine", "tuned"),
        ("shots_dropped", "fine", "tuned"),
        ("too_long", "fine", "tuned"),
        ("endpoint", "small", "tuned"),
        ("no_score", "small", "base"),
    }
    assert told["shots_dropped", "fine", "tuned"].startswith("2 questions")
    nothing = describe_problems(sources.iloc[2:], predictions.iloc[:0], benchmarks)
    assert nothing.empty
