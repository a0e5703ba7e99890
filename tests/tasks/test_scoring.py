import math
from dataclasses import replace

import pytest
from example_tasks import choices, make_example, make_task
from hypothesis import given
from hypothesis import strategies as st

from shoplm.tasks.rendering import render_answer
from shoplm.tasks.scoring import Score, aggregate, can_be_perfect, metric_name, score


@pytest.mark.parametrize(
    ("type_", "gold", "text", "value"),
    [
        ("multiple_choice", 1, "1", 1),
        ("multiple_choice", 1, "2", 0),
        ("classification", "fits", "yes", 1),
        ("classification", "fits", "no", 0),
        ("retrieval", [0, 2], "2, 1, 3", 1 / 2),
        ("retrieval", [0, 2], "0, 0, 1, 2", 1 / 2),
        ("ranking", [1, 0, 0, 0], "1, 0, 2, 3", 1 / math.log2(3)),
        ("ranking", [1, 0, 0, 0], "0, 0, 2, 3", 0),
        ("ner", [("", "Red"), ("", "Cotton")], "red, silk", 1 / 2),
        ("extraction", [("colour", "red")], "Colour: RED, size: xl", 2 / 3),
        ("generation", "a red shirt", "a red blouse", 2 / 3),
    ],
)
def test_values(type_, gold, text, value):
    example = make_example(gold, choices=choices(4))
    scored = score(make_task(type_), example, text)
    assert scored.value == pytest.approx(value)
    assert scored.parsed


@pytest.mark.parametrize(
    ("type_", "gold", "text"),
    [
        ("multiple_choice", 1, "the second"),
        ("multiple_choice", 1, "9"),
        ("classification", "fits", "perhaps"),
        ("retrieval", [0], "none"),
        ("ranking", [1, 0, 0, 0], "the red one"),
        ("generation", "a red shirt", " \n"),
    ],
)
def test_what_cannot_be_read_is_wrong_and_said_so(type_, gold, text):
    example = make_example(gold, choices=choices(4))
    assert score(make_task(type_), example, text) == Score(0.0, False)


def test_micro_f1_gives_counts_and_pools_them():
    task = make_task("ner")
    scores = [
        score(task, make_example([("", "red"), ("", "xl")]), "red, xl"),
        score(task, make_example([("", "red")]), "blue, silk, red, red"),
        score(task, make_example([("", "red")]), ""),
    ]
    assert [s.counts for s in scores] == [(2, 2, 2), (1, 4, 1), (0, 0, 1)]
    assert [s.value for s in scores] == pytest.approx([1, 2 / 5, 0])
    assert [s.parsed for s in scores] == [True, True, False]
    assert aggregate(task, scores) == pytest.approx(2 * 3 / (6 + 4))


def test_nothing_to_extract():
    task = make_task("ner", answer={"none": {"en": "none"}})
    nothing, something = make_example([]), make_example([("", "red")])
    assert score(task, nothing, "None.") == Score(1.0, True, (0, 0, 0))
    assert score(task, nothing, "red") == Score(0.0, True, (0, 1, 0))
    assert score(task, nothing, "") == Score(0.0, False, (0, 1, 0))
    assert score(task, something, "none") == Score(0.0, True, (0, 0, 1))


def test_the_mean_over_examples():
    task = make_task("multiple_choice")
    scores = [score(task, make_example(1, choices=choices(3)), text) for text in ("1", "0", "x")]
    assert aggregate(task, scores) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="'a_task': no scores"):
        aggregate(task, [])


def test_sentence_similarity_is_left_to_a_model():
    task = make_task(metric="sentence_similarity")
    example = make_example("A red shirt.")
    assert score(task, example, "A red blouse.") == Score(None, True)
    assert score(task, example, " A red shirt.") == Score(1.0, True)
    assert score(task, example, "") == Score(0.0, False)
    assert aggregate(task, [Score(1.0, True), Score(None, True)]) is None


def test_rouge_l_of_chinese_is_by_character_and_called_so():
    task = make_task()
    example = make_example("红色衬衫", language="zh")
    assert score(task, example, "红衬衣").value == pytest.approx(2 * 2 / 7)
    assert metric_name(task, "zh") == "rouge_l_char"
    assert metric_name(task, "en") == "rouge_l"
    assert metric_name(make_task("ranking"), "zh") == "ndcg@5"


def test_the_best_reference_counts():
    task = make_task(metric="squad_f1")
    example = make_example("in the year 1999", references=("1999", "the nineties"))
    assert score(task, example, "1999").value == 1
    assert score(task, example, "nineties").value == 1
    assert score(task, example, "year 1999").value == pytest.approx(2 * 2 / 5)
    similar = make_task(metric="sentence_similarity")
    assert score(similar, example, "1999").value == 1
    assert score(similar, example, "2000").value is None


@pytest.mark.parametrize("metric", ["squad_f1", "exact_match", "rouge_l"])
def test_no_answer_is_right_only_where_there_is_none(metric):
    task = make_task(metric=metric, answer={"none": {"en": "there is no answer"}})
    assert score(task, make_example(""), "There is no answer.").value == 1
    assert score(task, make_example(""), "there is an answer").value == 0
    assert score(task, make_example("no answer"), "there is no answer").value == 0


def test_exact_match_of_pairs_is_in_any_order():
    task = make_task("extraction", metric="exact_match")
    example = make_example([("colour", "red"), ("size", "xl")])
    assert score(task, example, "Size: XL, colour: red").value == 1
    assert score(task, example, "colour: red").value == 0
    assert score(task, example, "colour: red, size: xl, size: xl").value == 0


def test_exact_match_of_one_text():
    task = make_task("extraction", metric="exact_match")
    assert score(task, make_example([("", "Red, soft")]), "the red soft").value == 1


@pytest.mark.parametrize(
    ("type_", "gold", "n_choices", "changes", "reason"),
    [
        ("retrieval", [0, 1, 2, 3], 6, {}, "4 relevant choices, and hit rate@3 looks at three"),
        ("ranking", [0, 0], 2, {}, "no choice is relevant"),
        ("multiple_choice", 10, 11, {}, "choice 10 has more digits"),
        ("multiple_choice", 2, 11, {}, "choice 10 has more digits"),  # it may be answered
        ("multiple_choice", 9, 10, {"answer": {"first_number": 1}}, "choice 10 has more digits"),
        ("multiple_choice", 5, 3, {}, "place 5 is beyond"),
        ("classification", "other", 0, {}, "label 'other' is none of"),
        ("ner", [], 0, {}, "the answer is empty"),
        ("ner", [("", "red, or blue")], 0, {}, "scores 0 under micro_f1"),
        ("ner", [("colour", "red"), ("", "a: b")], 0, {}, "scores 0.5 under micro_f1"),
        ("generation", "红色", 0, {}, "scores 0 under rouge_l"),
        ("generation", "red shirt", 0, {"metric": "bleu"}, "scores 0 under bleu"),
        ("generation", "The", 0, {"metric": "exact_match"}, "scores 0 under exact_match"),
        ("generation", "?!", 0, {"metric": "squad_f1"}, "scores 0 under squad_f1"),
        ("generation", "None", 0, {"answer": {"none": {"en": "none"}}}, "scores 0 under rouge_l"),
    ],
)
def test_what_cannot_be_perfect_says_why(type_, gold, n_choices, changes, reason):
    example = make_example(gold, choices=choices(n_choices))
    assert reason in can_be_perfect(make_task(type_, **changes), example)


def test_ranking_of_more_than_five_can_be_perfect():
    example = make_example([1, 0, 0.1, 0.01, 1, 0, 0.1], choices=choices(7))
    assert can_be_perfect(make_task("ranking"), example) is None


WORDS = st.text("abcdefgh红色棉", min_size=1, max_size=8)
GOLDS = {
    "multiple_choice": st.integers(0, 8),
    "classification": st.sampled_from(["fits", "differs", "unclear"]),
    "retrieval": st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True),
    "ranking": st.lists(st.sampled_from([1, 0.1, 0.01, 0]), min_size=9, max_size=9).filter(any),
    "ner": st.lists(st.tuples(st.just(""), WORDS), max_size=5),
    "extraction": st.lists(st.tuples(WORDS, WORDS), max_size=5),
    "generation": st.lists(WORDS, min_size=4, max_size=12).map(" ".join),
}
ANSWERS = st.fixed_dictionaries(
    {
        "first_number": st.sampled_from([0, 1]),
        "separator": st.sampled_from([", ", "; ", "\n", " | "]),
        "pair_separator": st.sampled_from([": ", "=", " -> "]),
        "none": st.just({"en": "none", "zh": "无"}),
    }
)


@pytest.mark.parametrize("type_", GOLDS)
@given(data=st.data())
def test_the_right_answer_rendered_and_read_back_scores_1(type_, data):
    answer = data.draw(ANSWERS)
    language = data.draw(st.sampled_from(["en", "zh"]))
    example = make_example(data.draw(GOLDS[type_]), choices=choices(9), language=language)
    if type_ == "generation" and language == "en":  # whose words are of a to z
        example = replace(example, gold=f"a {example.gold}")
    task = make_task(type_, answer=answer)
    assert can_be_perfect(task, example) is None
    assert score(task, example, render_answer(task, example)).value == pytest.approx(1)


@pytest.mark.parametrize("metric", ["exact_match", "squad_f1", "rouge_l", "bleu"])
@given(words=st.lists(st.text("bcd红", min_size=1, max_size=5), min_size=4, max_size=9))
def test_a_right_text_scores_1_under_every_measure(metric, words):
    for language in ("en", "zh"):
        example = make_example(" ".join(["b", *words]), language=language)
        assert can_be_perfect(make_task(metric=metric), example) is None


@pytest.mark.parametrize("type_", GOLDS)
@given(gold=st.data(), text=st.text(max_size=30))
def test_any_text_has_a_score(type_, gold, text):
    example = make_example(gold.draw(GOLDS[type_]), choices=choices(9))
    scored = score(make_task(type_), example, text)
    assert 0 <= scored.value <= 1
    assert scored.parsed or scored.value == 0
