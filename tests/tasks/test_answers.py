import pytest
from example_tasks import choices, make_example, make_task

from shoplm.tasks.answers import answer_choices, parse_answer


def parse(type_, text, gold, n_choices=0, language="en", **changes):
    example = make_example(gold, choices=choices(n_choices), language=language)
    return parse_answer(make_task(type_, **changes), text, example)


@pytest.mark.parametrize("type_", ["generation", "classification", "multiple_choice", "ner"])
@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_an_empty_text_is_no_answer(type_, text):
    gold = {"generation": "x", "classification": "fits", "multiple_choice": 0, "ner": []}[type_]
    assert parse(type_, text, gold, 4 if type_ == "multiple_choice" else 0) is None


@pytest.mark.parametrize(
    ("text", "first_number", "place"),
    [
        ("2", 0, 2),
        (" 2. choice 2", 0, 2),
        ("2", 1, 1),
        ("23", 0, 2),  # the first character alone
        ("0", 1, None),
        ("4", 0, None),
        ("4", 1, 3),
        ("the answer is 2", 0, None),
        ("choice 2", 0, None),
        ("-1", 0, None),
        ("²", 0, None),
    ],
)
def test_the_first_character_is_the_choice(text, first_number, place):
    answer = {"first_number": first_number}
    assert parse("multiple_choice", text, 0, 4, answer=answer) == place


def test_a_published_prompt_may_hide_its_choices():
    assert parse("multiple_choice", "7", 0) == 7


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("yes", "en", "fits"),
        (" Yes.\nBecause it is red", "en", "fits"),
        ("YES, because", "en", "fits"),
        ('"no"', "en", "differs"),
        ("not sure", "en", "unclear"),
        ("not sure; maybe", "en", "unclear"),
        ("no: it is not", "en", "differs"),
        ("yesterday", "en", None),
        ("yes it is", "en", None),
        ("no-one knows", "en", None),
        ("fits", "en", None),  # how it is called inside is no answer
        ("maybe", "en", None),
        ("the answer is yes", "en", None),
        ("是", "zh", "fits"),
        ("不是。", "zh", "differs"),
        ("是，因为颜色一样", "zh", "fits"),
        ("是的", "zh", None),
        ("yes", "zh", None),
    ],
)
def test_labels(text, language, label):
    assert parse("classification", text, "fits", language=language) == label


def test_the_longest_label_is_the_one_that_is_said():
    labels = {
        "all": {"en": "sports", "zh": "体育"},
        "part": {"en": "Sports, Outdoors", "zh": "户外"},
    }
    assert parse("classification", "sports, outdoors", "all", labels=labels) == "part"
    assert parse("classification", "Sports, outdoors; tents", "all", labels=labels) == "part"
    assert parse("classification", "sports, winter", "all", labels=labels) == "all"


@pytest.mark.parametrize("type_", ["retrieval", "ranking"])
@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("3, 1, 2", [2, 0, 1]),
        ("[3, 1, 2]", [2, 0, 1]),
        ("3,1,2\nProduct 7", [2, 0, 1]),
        ("3，1、2", [2, 0, 1]),
        ("3. red, 1. blue", [2, 0]),
        ("3, red, 2", [2, 1]),
        ("3 1 2", None),
        ("3", [2]),
        ("12, 12", [11, 11]),
        ("0, 99", [-1, 98]),  # wrong, and they take a place
        ("red, blue", None),
    ],
)
def test_places(type_, text, places):
    gold = [0] if type_ == "retrieval" else [1, 0, 0, 0]
    assert parse(type_, text, gold, 4, answer={"first_number": 1}) == places


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("red, xl", ["red", "xl"]),
        ("red,xl,,", ["red", "xl"]),
        ("red，xl", ["red", "xl"]),
        ("red\nQuery: blue", ["red"]),
        ("['red', 'x, l']", ["red", "x, l"]),
        ('["red"]', ["red"]),
        ("[red, xl]", ["[red", "xl]"]),
        ("[1, 2]", ["[1", "2]"]),
        ("['red', __import__('os')]", ["['red'", "__import__('os')]"]),
        ("colour: red", ["colour: red"]),
        ("[]", []),
        (",", None),
    ],
)
def test_spans_without_labels(text, spans):
    expected = None if spans is None else [("", span) for span in spans]
    assert parse("ner", text, [("", "red")]) == expected


@pytest.mark.parametrize("gold", [[("colour", "red")], []])
@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("colour: red, size: xl", [("colour", "red"), ("size", "xl")]),
        ("colour：red， size:xl", [("colour", "red"), ("size", "xl")]),
        ("ratio: 16:9, xl", [("ratio", "16:9"), ("", "xl")]),
        ("['colour: red, dark']", [("colour", "red, dark")]),
        ("none", []),
        ("None.\nmore", []),
        ("none of them", [("", "none of them")]),
    ],
)
def test_pairs(gold, text, pairs):
    assert parse("extraction", text, gold, answer={"none": {"en": "none"}}) == pairs


def test_other_separators():
    answer = {"separator": "\n", "pair_separator": " = "}
    pairs = parse("extraction", "a = 1, 2\nb=3\n", [("a", "1")], answer=answer)
    assert pairs == [("a", "1, 2"), ("b", "3")]


@pytest.mark.parametrize("separator", [", ", ";", " ", "\n", " > "])
@pytest.mark.parametrize("text", ["2, 0", "2{0}0"])
def test_places_stand_between_commas_or_the_tasks_separator(separator, text):
    answer = {"separator": separator}
    said = text.format(separator)
    assert parse("ranking", said, [1, 0, 0], 3, answer=answer) == [2, 0]


def test_one_text_is_not_cut():
    text = "comfortable, soft: both"
    found = parse("extraction", f" {text}\n", [("", "soft")], metric="rouge_l")
    assert found == [("", text)]
    assert parse("extraction", text, [("", "soft")]) == [("", "comfortable"), ("", "soft: both")]


def test_a_generation_is_its_text():
    assert parse("generation", "\n A shirt,\n red. ", "x") == "A shirt,\n red."
    none = {"none": {"en": "unanswerable"}}
    assert parse("generation", "Unanswerable.", "x", answer=none) == ""
    assert parse("generation", "Unanswerable it is", "x", answer=none) == "Unanswerable it is"


def test_a_long_text_is_read_in_a_moment():
    text = "[" * 200_000
    assert parse("ner", text, [("", "red")]) == [("", text)]
    assert parse("retrieval", "1," * 200_000, [0], 4)[:3] == [1, 1, 1]
    assert parse("retrieval", "1" * 100_000, [0], 4)[0] > 4
    assert parse("multiple_choice", "1" * 100_000, 0, 4) == 1
    assert parse("classification", "yes " * 100_000, "fits") is None


def test_possible_answers():
    task = make_task("multiple_choice", answer={"first_number": 1})
    assert answer_choices(task, make_example(2, choices=choices(3))) == (["1", "2", "3"], 2)
    assert answer_choices(task, make_example(2)) is None
    labels = make_task("classification")
    assert answer_choices(labels, make_example("differs")) == (["yes", "no", "not sure"], 1)
    chinese = make_example("unclear", language="zh")
    assert answer_choices(labels, chinese) == (["是", "不是", "不确定"], 2)
    assert answer_choices(make_task("retrieval"), make_example([0], choices=choices(3))) is None
