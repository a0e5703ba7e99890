from pathlib import Path

import pytest
from synthetic_shop import DIFFICULTIES, PRODUCTS, QUESTION, SENTIMENT, TABLES

from shoplm.tasks.synthesis.checks import check_synthetic
from shoplm.tasks.synthesis.form import heading, sample_output
from shoplm.tasks.synthesis.quota import Quota, languages
from shoplm.tasks.synthesis.requests import SAMPLE_OUTPUT, Grounding, Request, as_text
from shoplm.tasks.task import Task

CONF = Path(__file__).parents[2] / "conf"


def request(task=QUESTION, language="en", cell=(("difficulty", "Hard"),), number=0):
    product, record = Grounding(task, PRODUCTS, 0, 99).record(language, cell, number)
    return Request(task, language, cell, number, 2, record, product)


def changed(task, **values):
    content = task.model_dump()
    content["synthetic"] |= values
    return Task.model_validate(content)


def instruction_and_sample(request):
    marker = SAMPLE_OUTPUT.get(request.language, SAMPLE_OUTPUT["en"])
    assert request.text.count(marker) == 1
    return request.text.split(marker)


def test_every_field_stands_between_delimiters_with_its_values():
    assert sample_output(QUESTION, "en", {}).splitlines() == [
        "|#1|",
        '|Question Difficulty ("Very Easy", "Easy", "Medium" or "Hard")| …',
        "|Question| …",
        "|Choices|",
        "0. …",
        "1. …",
        "…",
        "|Answer (one of the choices)| …",
        "|end|",
    ]
    assert '|问题难度 ("Very Easy", "Easy", "Medium" 或 "Hard")|' in sample_output(
        QUESTION, "zh", {}
    )
    assert '|Sentiment ("positive" or "negative")|' in sample_output(SENTIMENT, "en", {})


def test_a_wanted_value_is_filled_in():
    wanted = sample_output(QUESTION, "en", {"difficulty": "Hard"})
    listed = '|Question Difficulty ("Very Easy", "Easy", "Medium" or "Hard")|'
    assert f"{listed} Hard" in wanted.splitlines()
    wanted = sample_output(SENTIMENT, "en", {"answer": "neg"})
    assert '|Sentiment ("positive" or "negative")| negative' in wanted.splitlines()


def test_a_number_of_items_is_shown():
    fields = [f.model_dump() for f in QUESTION.synthetic.fields]
    fields[2]["items"] = 4
    shown = sample_output(changed(QUESTION, fields=fields), "en", {}).splitlines()
    assert shown[4:8] == ["0. …", "1. …", "2. …", "3. …"] and shown[8].startswith("|Answer")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_characteristics_stand_in_the_sample_output_alone(language):
    asked = []
    for value in DIFFICULTIES:
        product, record = Grounding(QUESTION, PRODUCTS, 0, 99).record(language, (), 0)
        cell = (("difficulty", value),)
        asked.append(Request(QUESTION, language, cell, 0, 2, record, product))
    parts = [instruction_and_sample(one) for one in asked]
    assert len({instruction for instruction, _ in parts}) == 1
    for value, (instruction, sample) in zip(DIFFICULTIES, parts, strict=True):
        assert not any(word.lower() in instruction.lower() for word in DIFFICULTIES)
        assert f"| {value}\n" in sample


def library():
    from shoplm.tasks.library import load_library

    tasks = load_library([CONF / "base" / "tasks"])
    return [task for task in tasks.values() if task.synthetic is not None]


@pytest.mark.parametrize("task", library(), ids=lambda task: task.name)
def test_no_task_of_the_library_asks_for_a_characteristic_in_its_instruction(task):
    check_synthetic(task)
    cells = Quota(task, 1, 0).wanted
    for language in languages(task):
        texts = set()
        for tongue, cell in cells:
            if tongue == language:
                asked = Request(task, language, cell, 0, 2, {"title": "Mug"}, "1")
                instruction, sample = instruction_and_sample(asked)
                texts.add(instruction)
                for field in task.synthetic.fields:
                    if field.name in dict(cell):
                        assert heading(task, field, language) in sample
        assert len(texts) == 1
        said = texts.pop().casefold()
        levels = next((f.values for f in task.synthetic.fields if f.name == "difficulty"), [])
        assert not [level for level in levels or () if f" {level.casefold()} " in said]


def test_requests_show_the_columns_of_a_product():
    asked = request()
    title = asked.record["title"]
    shown = f"Product record:\ntitle: {title}\nproperties: colour: red, blue; size: {title[-1]}\n"
    assert shown in asked.text
    assert asked.product_id == f"en{title[-1]}"
    assert request(language="zh").product_id.startswith("zh")


def test_each_request_of_a_cell_has_another_product_whatever_the_order_of_rows():
    first = [request(number=n).product_id for n in range(6)]
    assert sorted(first) == [f"en{n}" for n in range(6)]
    assert request(number=6).product_id == first[0]
    shuffled = Grounding(QUESTION, PRODUCTS.sample(frac=1, random_state=3), 0, 99)
    cell = (("difficulty", "Hard"),)
    assert [shuffled.record("en", cell, n)[0] for n in range(6)] == first
    other = Grounding(QUESTION, PRODUCTS, 1, 99)
    assert [other.record("en", cell, n)[0] for n in range(6)] != first


def test_a_product_with_a_gap_grounds_nothing():
    gaps = PRODUCTS.assign(title=[None, "", " ", float("nan"), *PRODUCTS.title[4:]])
    grounding = Grounding(QUESTION, gaps, 0, 99)
    assert {grounding.record("en", (), n)[0] for n in range(6)} == {"en4", "en5"}


def test_a_language_without_products_takes_any():
    english = Grounding(QUESTION, PRODUCTS[PRODUCTS.language == "en"], 0, 99)
    assert english.record("zh", (), 0)[0].startswith("en")
    assert english.lacks() is None


def test_a_long_column_is_cut():
    long = PRODUCTS.assign(title="m" * 500)
    assert len(Grounding(QUESTION, long, 0, 120).record("en", (), 0)[1]["title"]) == 120


def test_repetitions_of_a_request_have_seeds_of_their_own():
    seeds = {request(number=n).seed(0) for n in range(20)}
    assert len(seeds) == 20 and all(0 <= seed < 2**31 for seed in seeds)
    assert request().seed(0) == request().seed(0) != request().seed(1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("two\n lines", "two lines"),
        ({"colour": ["red", "blue"], "size": [], "use": "tea"}, "colour: red, blue; use: tea"),
        (["a", "", "b"], "a, b"),
        (3.5, "3.5"),
        (float("nan"), ""),
        (None, ""),
    ],
)
def test_columns_as_text(value, text):
    assert as_text(value) == text


def without(name):
    return [f.model_dump() for f in QUESTION.synthetic.fields if f.name != name]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"fields": without("answer")}, "no field `answer`"),
        ({"fields": without("choices")}, "no field `choices`"),
        ({"fields": without("question")}, "nothing fills {question}"),
        ({"fields": without("x") + without("x")[:1]}, "given twice"),
        ({"request": {}}, "none of the languages ['en', 'zh']"),
        (
            {
                "fields": [
                    *without("question"),
                    {"name": "question", "label": {"en": "answer (x)", "zh": "问"}},
                ]
            },
            "same label in 'en'",
        ),
        (
            {
                "fields": [
                    *without("question"),
                    {"name": "question", "label": {"en": "Q|A", "zh": "问"}},
                ]
            },
            "is no label",
        ),
        (
            {
                "fields": [
                    *without("choices"),
                    {"name": "choices", "label": {"en": "C", "zh": "选"}},
                ]
            },
            "fields.choices: it needs `many: true`",
        ),
    ],
)
def test_a_block_that_can_make_no_example_is_refused(block, said):
    check_synthetic(QUESTION)
    with pytest.raises(ValueError, match=r"product_question\.yml: synthetic") as caught:
        check_synthetic(changed(QUESTION, **block))
    assert said in str(caught.value)


def test_the_tables_of_these_tests_are_enough():
    assert Grounding(QUESTION, TABLES["products"], 0, 99).lacks() is None
