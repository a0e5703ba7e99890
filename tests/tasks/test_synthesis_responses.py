import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_shop import DIFFICULTIES, QUESTION, SENTIMENT

from shoplm.tasks.synthesis.form import write_sample
from shoplm.tasks.synthesis.responses import Rejected, Sample, parse_response
from shoplm.tasks.task import Task

VALUES = {
    "difficulty": "Very Easy",
    "question": "How big?",
    "choices": ("small", "large"),
    "answer": "large",
}
GOOD = write_sample(QUESTION, "en", 1, VALUES)
SECOND = write_sample(QUESTION, "en", 2, VALUES | {"answer": "small"})

LINES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"], blacklist_characters="|"),
    min_size=1,
).filter(lambda text: text.strip() == text and text)


def read(text, samples=2, task=QUESTION, language="en", cut=False):
    return parse_response(text, task, language, samples, cut)


def only(text, **values):
    (piece,) = read(text, **values)
    return piece


@given(LINES, st.lists(LINES, min_size=2, max_size=6), LINES, st.sampled_from(DIFFICULTIES))
def test_what_is_written_is_read(question, choices, answer, difficulty):
    values = {
        "difficulty": difficulty,
        "question": question,
        "choices": tuple(choices),
        "answer": answer,
    }
    for language in ("en", "zh"):
        written = "\n".join(write_sample(QUESTION, language, n, values) for n in (1, 2, 3))
        pieces = read(written, 3, language=language)
        assert [dict(piece.values) for piece in pieces] == [values] * 3


@given(st.text(), st.sampled_from(["", GOOD, GOOD + "\n" + SECOND]), st.integers(0, 400))
def test_nothing_is_lost_of_any_text(text, good, place):
    mixed = good[:place] + text + good[place:]
    pieces = read(mixed)
    assert pieces
    first = mixed.find("|#1|") if any(isinstance(p, Sample) for p in pieces) else 0
    kept = "".join("".join(piece.raw.split()) for piece in pieces)
    if "|#" not in text and "|#1|" in mixed and pieces[0].raw.startswith("|#1|"):
        assert kept == "".join(mixed[first:].split())
    elif "|#" not in mixed:
        assert kept == "".join(mixed.split())


def test_headings_may_repeat_what_the_sample_output_showed():
    shown = GOOD.replace("|Question Difficulty|", '|question  difficulty ("Easy" or "Hard")|')
    shown = shown.replace("|Answer (one of the choices)|", "|Answer|")
    assert dict(only(f"Here you are:\n\n{shown}\nAnything else?").values) == VALUES


def test_a_text_may_have_several_lines_and_bars():
    text = "How big?\n- it | they\nand | why"
    piece = only(GOOD.replace("How big?", text))
    assert piece.values["question"] == text


def test_labels_of_a_classification_are_read_as_canonical():
    values = {"review": "Fine.", "tone": "calm", "answer": "Positive"}
    piece = only(write_sample(SENTIMENT, "en", 1, values), task=SENTIMENT)
    assert piece.values["answer"] == "pos"


@pytest.mark.parametrize(
    ("old", "new", "reason", "detail"),
    [
        ("|Question| How big?\n", "", "format", "'question' is missing"),
        ("|Question| How big?", "|Question| How big?\n|Question| x", "format", "'question' stands"),
        ("|Question| How big?", "|Topic| x\n|Question| How big", "format", "unknown field 'Topic'"),
        ("|Question| How big?", "|Question|", "empty_field", "question"),
        (" large\n|end|", "\n|end|", "empty_answer", "answer"),
        ("Very Easy", "Impossible", "value_outside_set", "'Impossible'"),
        ("Very Easy", "Very Easy or Hard", "value_outside_set", "Very Easy or Hard"),
        ("1. large", "2. large", "format", "expected item 1, got '2. large'"),
        ("1. large", "large", "format", "expected item 1"),
        ("1. large", "1. ", "format", "expected item 1"),
        ("\n1. large", "", "wrong_number_of_items", "choices: 1, not 2 or more"),
        ("|end|", "", "format", "no |end|"),
        ("|#1|", "|#2|", "format", "sample 2 in place of 1"),
        ("|#1|\n", "|#1|\nSure!\n", "format", "text before the first field"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_form_is_rejected_with_its_text(old, new, reason, detail):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    piece = only(text)
    assert isinstance(piece, Rejected)
    assert piece.reason == reason and detail in piece.detail
    assert piece.raw == text.strip()


def test_fields_in_another_order_are_rejected():
    difficulty, question = "|Question Difficulty| Very Easy\n", "|Question| How big?\n"
    piece = only(GOOD.replace(difficulty + question, question + difficulty))
    assert piece.reason == "format" and "question, difficulty, choices, answer" in piece.detail


def test_one_bad_sample_costs_no_other():
    bad, good = read(GOOD.replace("|Question|", "|Q|") + "\n" + SECOND)
    assert bad.reason == "format" and good.values["answer"] == "small"
    good, bad = read(GOOD + "\n" + SECOND[:-20], cut=True)
    assert isinstance(good, Sample) and bad.reason == "cut"


def test_what_was_not_asked_for_is_rejected():
    _, extra = read(GOOD + "\n" + SECOND, samples=1)
    assert (extra.reason, extra.raw) == ("too_many_samples", SECOND)


@pytest.mark.parametrize(("text", "reason"), [("", "empty_answer"), (" \n", "empty_answer"),
                                              ("I cannot help with that.", "format")])  # fmt: skip
def test_an_answer_without_a_sample_is_one_piece(text, reason):
    assert only(text) == Rejected(reason, "the answer has no sample", text)


def test_a_stated_number_of_items_is_the_right_one():
    content = QUESTION.model_dump()
    content["synthetic"]["fields"][2]["items"] = 3
    task = Task.model_validate(content)
    assert only(GOOD, task=task).reason == "wrong_number_of_items"
    three = GOOD.replace("1. large", "1. large\n2. huge")
    assert only(three, task=task).values["choices"] == ("small", "large", "huge")
