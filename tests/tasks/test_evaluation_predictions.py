"""Answers of models read and scored: constrained as free ones, and nothing lost."""

import math

import pandas as pd
import pytest
from example_tasks import make_task
from measured_shop import ASKING, FRAME, example_of, table

from shoplm.tasks.evaluation.predictions import (
    PREDICTIONS,
    UNPARSED,
    Answered,
    check_predictions,
    score_answers,
)
from shoplm.tasks.evaluation.requests import make_requests
from shoplm.tasks.evaluation.settings import AskingSettings

NUMBERED = {"first_number": 1, "separator": ", ", "none": {"en": "none"}}
JUDGE = make_task("classification", name="judge")
PICK = make_task("multiple_choice", name="pick", answer=NUMBERED)
FIND = make_task("retrieval", name="find", answer=NUMBERED)
RANK = make_task("ranking", name="rank", answer=NUMBERED)
MARK = make_task("ner", name="mark", answer=NUMBERED)
WRITE = make_task("generation", name="write", answer=NUMBERED)
LIBRARY = {task.name: task for task in (JUDGE, PICK, FIND, RANK, MARK, WRITE)}


def asked(task, gold, asking=ASKING, **changes):
    """Examples and requests of one example."""
    examples = table(task, [example_of(task, 0, gold, **changes)])
    return examples, make_requests(examples, LIBRARY, asking, FRAME)


def answer(request_id, **values):
    empty = dict.fromkeys(
        ["log_likelihoods", "n_choice_tokens", "order", "text", "problem", "detail"]
    )
    return empty | {"request_id": request_id, "n_shots_left": 0} | values


def scored(task, gold, asking=ASKING, changes=None, **values):
    """The prediction of one model that answers every way of asking alike, and what is unparsed."""
    examples, requests = asked(task, gold, asking, **(changes or {}))
    kinds = {"log_likelihoods": "choices", "order": "order", "text": "text"}
    wanted = {kind for name, kind in kinds.items() if name in values} or {"text"}
    requests = requests[requests["kind"].isin(wanted)]
    answers = pd.DataFrame([answer(i, **values) for i in requests["request_id"]])
    predictions, unparsed = score_answers(
        [Answered("mixed", 1, answers)], requests, examples, LIBRARY, asking
    )
    assert list(predictions) == PREDICTIONS and list(unparsed) == UNPARSED
    [row] = predictions.to_dict("records")
    return row, unparsed.to_dict("records")


@pytest.mark.parametrize(
    ("values", "said", "score"),
    [([-3.0, -1.0, -2.0], "no", 0.0), ([-1.0, -3.0, -2.0], "yes", 1.0),
     ([-math.inf, -5.0, -math.inf], "no", 0.0)],
)  # fmt: skip
def test_the_likeliest_answer_is_taken(values, said, score):
    row, unparsed = scored(JUDGE, "fits", log_likelihoods=values)
    assert (row["prediction"], row["score"], row["gold"]) == (said, score, "yes")
    assert row["parsed"] and not unparsed
    assert (row["variant"], row["seed"], row["group"]) == ("mixed", 1, "product 0")
    assert (row["decoding"], row["n_choices"], row["metric"]) == ("constrained", 3, "accuracy")


def test_likelihoods_are_compared_as_set():
    # yes -2 (3 letters, 1 token), no -1.5 (2, 1), not sure -3.2 (8, 4)
    values = {"log_likelihoods": [-2.0, -1.5, -3.2], "n_choice_tokens": [1, 1, 4]}
    for how, said in (("sum", "no"), ("tokens", "not sure"), ("characters", "not sure")):
        asking = AskingSettings(normalisation=how)
        assert scored(JUDGE, "fits", asking, **values)[0]["prediction"] == said
    row, unparsed = scored(JUDGE, "fits", AskingSettings(normalisation="tokens"),
                           log_likelihoods=[-2.0, -1.5, -3.2])  # fmt: skip
    assert (row["score"], unparsed[0]["reason"]) == (0.0, "no_likelihood")


def test_equal_answers_are_drawn_by_the_seed():
    drawn = {
        scored(JUDGE, "fits", AskingSettings(seed=seed), log_likelihoods=[-1.0] * 3)[0][
            "prediction"
        ]
        for seed in range(12)
    }
    assert drawn == {"yes", "no", "not sure"}


@pytest.mark.parametrize("values", [[-1.0, -2.0], [-1.0, math.nan, -2.0], [-1.0, None, -2.0]])
def test_likelihoods_that_are_not_there_are_no_answer(values):
    row, unparsed = scored(JUDGE, "fits", log_likelihoods=values)
    assert (row["prediction"], row["score"], row["parsed"]) == ("", 0.0, False)
    assert unparsed[0]["reason"] == "no_likelihood"


def test_labels_of_which_one_begins_another_are_told_apart():
    labels = {"no": {"en": "match"}, "yes": {"en": "match in part"}}
    task = make_task("classification", name="judge", languages=["en"], labels=labels)
    library = {"judge": task}
    examples = table(task, [example_of(task, 0, "yes"), example_of(task, 1, "no")])
    requests = make_requests(examples, library, ASKING, FRAME)
    said = {"judge-0": "match in part\nmatch", "judge-1": "Match."}
    answers = pd.DataFrame(
        [
            answer(
                row["request_id"],
                text=said[row["example_id"]],
                log_likelihoods=[-2.0, -1.0] if row["example_id"] == "judge-0" else [-1.0, -2.0],
            )
            for row in requests.to_dict("records")
        ]
    )
    # the end of the answer is scored too, else `match` could never lose
    assert requests.loc[requests["kind"] == "choices", "ends_document"].all()
    one = Answered("base", 0, answers)
    predictions, _ = score_answers([one], requests, examples, library, ASKING)
    assert predictions["score"].tolist() == [1.0] * 4


def test_named_items_are_read_like_a_written_list():
    row, _ = scored(FIND, [0, 3], order=[3, 1, 4])
    assert (row["prediction"], row["score"]) == ("4, 2, 5", 0.5)
    row, _ = scored(FIND, [0, 3], text="4, 2, 5")
    assert row["score"] == 0.5
    row, _ = scored(RANK, [0.0, 1.0, 0.0, 0.0, 0.0], order=[0, 1, 2, 3, 4])
    assert row["score"] == pytest.approx(1 / math.log2(3))
    row, unparsed = scored(RANK, [0.0, 1.0, 0.0, 0.0, 0.0], order=None)
    assert (row["score"], unparsed[0]["reason"]) == (0.0, "no_order")


def test_a_written_answer_ends_where_its_stop_stands():
    row, _ = scored(PICK, 1, text="2\n3")
    assert (row["prediction"], row["score"]) == ("2", 1.0)
    row, unparsed = scored(WRITE, "A red shirt", text="\nA red shirt")
    assert (row["prediction"], unparsed[0]["reason"]) == ("", "empty")
    row, unparsed = scored(PICK, 1, text="the second")
    assert (row["score"], row["parsed"], unparsed[0]["reason"]) == (0.0, False, "unreadable")
    assert unparsed[0]["prediction"] == "the second"


def test_counts_of_extraction_are_kept_for_pooling():
    row, _ = scored(MARK, [("", "shirt"), ("", "hat")], text="Shirt, tie, belt")
    assert (row["tp"], row["predicted"], row["gold_items"]) == (1, 3, 2)
    assert row["score"] == pytest.approx(2 / 5)
    row, _ = scored(PICK, 1, text="2")
    assert pd.isna(row["tp"])


@pytest.mark.parametrize(
    ("problem", "score"), [("too_long", 0.0), ("empty_choice", 0.0), ("endpoint", None)]
)
def test_what_could_not_be_asked_is_listed(problem, score):
    row, unparsed = scored(PICK, 1, problem=problem, detail="why so")
    assert (row["problem"], row["parsed"]) == (problem, False)
    assert pd.isna(row["score"]) if score is None else row["score"] == score
    assert unparsed[0]["reason"] == f"{problem}: why so"


def test_another_right_answer_counts_and_similarity_waits_for_an_encoder():
    row, _ = scored(WRITE, "a shirt", changes={"references": ("a red hat",)}, text="A red hat")
    assert row["score"] == 1.0
    explain = make_task("generation", name="write", metric="sentence_similarity")
    library = LIBRARY | {"write": explain}
    examples = table(explain, [example_of(explain, 0, "a shirt")])
    requests = make_requests(examples, library, ASKING, FRAME)
    answers = pd.DataFrame([answer(i, text="a hat") for i in requests["request_id"]])
    predictions, unparsed = score_answers(
        [Answered("base", 0, answers)], requests, examples, library, ASKING
    )
    assert predictions["score"].isna().all() and predictions["parsed"].all() and unparsed.empty


def test_a_model_is_read_in_what_it_was_asked_and_must_have_answered_all_of_it():
    examples = pd.concat(
        [
            table(PICK, [example_of(PICK, n, n) for n in range(3)]),
            table(JUDGE, [example_of(JUDGE, 0, "fits")], benchmark="another"),
        ]
    )
    requests = make_requests(examples, LIBRARY, ASKING, FRAME)
    closed = requests[(requests["benchmark"] == "exam") & (requests["kind"] == "choices")]
    answers = pd.DataFrame([answer(i, log_likelihoods=[-1.0] * 5) for i in closed["request_id"]])

    def read(answers, benchmarks):
        one = Answered("mixed", 0, answers, benchmarks, tokens=640)
        return score_answers([one], requests, examples, LIBRARY, ASKING)[0]

    predictions = read(answers, ["exam"])  # a checkpoint is asked in one way only
    assert len(predictions) == 3 and set(predictions["decoding"]) == {"constrained"}
    assert predictions["tokens"].tolist() == [640] * 3
    with pytest.raises(ValueError, match="'mixed', seed 0, benchmark 'exam': no answer to example"):
        read(answers.iloc[:2], ["exam"])
    assert read(answers, ["another"]).empty


def test_another_version_of_a_task_is_refused():
    examples, requests = asked(PICK, 1)
    answers = pd.DataFrame([answer(i, text="2") for i in requests["request_id"]])
    free = requests[requests["kind"] == "text"]
    one = Answered("base", 0, answers)
    predictions, _ = score_answers([one], free, examples, LIBRARY, ASKING)
    check_predictions(predictions, LIBRARY)
    changed = LIBRARY | {"pick": make_task("multiple_choice", name="pick", title="Another")}
    version = predictions["version"].iloc[0]
    with pytest.raises(ValueError, match=f"predictions: task 'pick' is of version {version}"):
        check_predictions(predictions, changed)
    with pytest.raises(ValueError, match="examples: task 'pick' is of version"):
        score_answers([one], free, examples, changed, ASKING)
    mixed = pd.concat([predictions, predictions.assign(version="0" * 16)])
    with pytest.raises(ValueError, match="'pick' has rows of versions 0000"):
        check_predictions(mixed, LIBRARY)
