import pytest
from synthetic_shop import PRODUCTS, QUESTION, SENTIMENT, TABLES, stub_examples

from shoplm.tasks.answers import parse_answer
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.synthesis.form import write_sample
from shoplm.tasks.synthesis.responses import FormatError, Sample, parse_response
from shoplm.tasks.synthesis.samples import to_example, to_sample
from shoplm.tasks.task import Example, Task


def task(kind, metric, **answer):
    """A task of any type over a `text`, with choices where the type has them."""
    names = [{"name": "text", "label": {"en": "Text"}}]
    if kind in ("multiple_choice", "retrieval", "ranking"):
        names.append({"name": "choices", "label": {"en": "Choices"}, "many": True})
    names.append({"name": "answer", "label": {"en": "Answer"}, "many": kind == "ranking"})
    return Task.model_validate(
        {
            "name": "some_task",
            "title": "Some task",
            "capability": "concepts",
            "type": kind,
            "languages": ["en"],
            "instructions": {"en": ["One way.", "Another way."]},
            "template": "{instruction} {text}",
            "answer": answer,
            "metric": metric,
            "synthetic": {"request": {"en": "Make some."}, "fields": names},
        }
    )


CHOICE = task("multiple_choice", "accuracy", first_number=1)
RETRIEVAL = task("retrieval", "hit_rate@3")
RANKING = task("ranking", "ndcg@5")
NER = task("ner", "micro_f1", none={"en": "nothing"})
EXTRACTION = task("extraction", "rouge_l")
GENERATION = task("generation", "rouge_l")


def example(task, answer, choices=None, text="red mug, 300 ml", record=(), group=""):
    values = {"text": text, "answer": answer} | ({"choices": choices} if choices else {})
    return to_example(task, "en", Sample(values, "raw"), dict(record), group, "model")


@pytest.mark.parametrize(
    ("answer", "place"),
    [("red mug", 0), ("Red  Mug", 0), ("2", 1), ("2. blue mug", 1), ("3) 7", 2), ("7", 2)],
)
def test_a_choice_is_meant_by_text_or_number(answer, place):
    assert example(CHOICE, answer, ("red mug", "blue mug", "7")).gold == place


@pytest.mark.parametrize(
    ("answer", "choices", "reason"),
    [
        ("green mug", ("red mug", "blue mug"), "answer_outside_choices"),
        ("0", ("red mug", "blue mug"), "answer_outside_choices"),
        ("3", ("red mug", "blue mug"), "answer_outside_choices"),
        ("1. blue mug", ("red mug", "blue mug"), "answer_outside_choices"),
        ("2", ("2", "4", "8"), "several_correct_answers"),
        ("red mug", ("red mug", "Red mug", "blue"), "several_correct_answers"),
        ("blue", ("red mug", "Red mug", "blue"), "repeated_choice"),
    ],
)
def test_an_answer_that_is_not_one_choice_is_refused(answer, choices, reason):
    with pytest.raises(FormatError) as caught:
        example(CHOICE, answer, choices)
    assert caught.value.reason == reason


def test_relevant_choices_are_places():
    choices = ("a", "b", "c", "d")
    assert example(RETRIEVAL, "3, 0", choices).gold == [0, 3]
    assert example(RETRIEVAL, "[1 2]", choices).gold == [1, 2]
    for wrong in ("1, 4", "1, 1", "none"):
        with pytest.raises(FormatError):
            example(RETRIEVAL, wrong, choices)


def test_relevances_are_numbers_or_grades():
    made = example(RANKING, ("E", "0.5", "i", "C"), ("a", "b", "c", "d"))
    assert made.gold == [1.0, 0.5, 0.0, 0.01]
    for wrong in (("E", "E", "E"), ("E", "E", "E", "X"), ("2", "1", "1", "1")):
        with pytest.raises(FormatError):
            example(RANKING, wrong, ("a", "b", "c", "d"))


def test_spans_stand_in_the_text():
    made = example(NER, "colour: Red, volume: 300 ml")
    assert made.gold == [("colour", "Red"), ("volume", "300 ml")]
    assert example(NER, "nothing").gold == []
    with pytest.raises(FormatError) as caught:
        example(NER, "colour: blue")
    assert caught.value.reason == "span_not_in_text"


def test_one_text_is_extracted_whole():
    assert example(EXTRACTION, "size: 300, about").gold == [("", "size: 300, about")]
    assert example(GENERATION, "A mug.\nRed.").gold == "A mug.\nRed."


def test_placeholders_that_are_no_field_come_from_the_record():
    sample = Sample({"review": "Nice.", "tone": "calm", "answer": "pos"}, "raw")
    made = to_example(SENTIMENT, "en", sample, {"title": "Mug", "price": "3"}, "en1", "model")
    assert made.fields == {"review": "Nice.", "tone": "calm", "title": "Mug"}
    assert (made.group, made.origin, made.gold, made.difficulty) == ("en1", "model", "pos", None)
    assert "Mug\nNice." in render_prompt(SENTIMENT, made)


def test_an_id_is_of_the_content():
    first, same = (example(GENERATION, "A mug.", group=g) for g in ("1", "2"))
    assert first.example_id == same.example_id != example(GENERATION, "A cup.").example_id


MADE = [
    (CHOICE, 2, ("red", "blue", "3")),
    (CHOICE, 0, ("2", "3", "4")),
    (RETRIEVAL, [0, 2], ("red", "blue", "green")),
    (RANKING, [0.01, 1.0, 0.0, 0.1], ("a", "b", "c", "d")),
    (NER, [("colour", "red"), ("volume", "300 ml")], ()),
    (NER, [], ()),
    (EXTRACTION, [("", "300 ml")], ()),
    (GENERATION, "A mug.", ()),
]


@pytest.mark.parametrize(("task", "gold", "choices"), MADE)
def test_an_example_written_as_a_sample_is_read_as_the_same(task, gold, choices):
    made = Example("x", "some_task", "en", gold, {"text": "red mug, 300 ml"}, choices)
    text = write_sample(task, "en", 1, to_sample(task, made))
    (sample,) = parse_response(text, task, "en", 1)
    again = to_example(task, "en", sample, {}, "", "")
    assert (again.gold, again.choices, again.fields) == (made.gold, made.choices, made.fields)


@pytest.mark.parametrize("task", [QUESTION, SENTIMENT])
def test_what_is_made_renders_and_parses_back(task):
    record = PRODUCTS.title[0]
    for made in stub_examples(task, TABLES, 12, 0)[0]:
        sample = Sample(to_sample(task, made) | {"difficulty": "Easy"}, "")
        if task is SENTIMENT:
            sample.values["answer"] = made.gold
        again = to_example(task, made.language, sample, {"title": record}, "", "m")
        gold = parse_answer(task, render_answer(task, again), again)
        assert gold == made.gold and again.difficulty == "Easy"
