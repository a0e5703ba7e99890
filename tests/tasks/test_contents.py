import pandas as pd
from example_tasks import make_example, make_task

from shoplm.tasks.contents import list_contents, normalise, question_of
from shoplm.tasks.gate_settings import TemplateSettings
from shoplm.tasks.records import instruction_row

LIBRARY = {
    type_: make_task(type_, name=type_)
    for type_ in ("generation", "classification", "multiple_choice")
}


def contents(*examples, settings=None):
    rows = [instruction_row(LIBRARY[e.task], e, "open_data") for e in examples]
    return list_contents(pd.DataFrame(rows), LIBRARY, settings or TemplateSettings())


def test_words_alone_without_case_or_punctuation():
    assert normalise("  Ｒed-Shirt, XL!") == "red shirt xl"
    assert normalise("红色shirt 38码") == "红 色 shirt 38 码"
    assert normalise("!?") == ""


def test_a_template_is_no_content_and_the_order_of_choices_does_not_matter():
    one = make_example(0, task="multiple_choice", choices=("red", "blue"))
    other = make_example(1, task="multiple_choice", choices=("blue", "red"), example_id="x")
    table = contents(one, other)
    assert table["parts"][0] == table["parts"][1] == ["A red shirt", "blue", "red", "red"]
    assert not table["text"].str.contains("Read").any()
    assert question_of(one) == question_of(other) == "text: a red shirt"


PROMPT = """You are a shop assistant. A customer bought a {thing} and wants to write a review
about its {aspect}. Choose the phrases that fit and answer with nothing but their numbers.
Phrases:
0. lovely {thing}
1. it broke at once"""


def published(thing, aspect, **changes):
    prompt = PROMPT.format(thing=thing, aspect=aspect)
    return make_example("yes", task="generation", fields={}, prompt=prompt, **changes)


def test_the_instruction_that_published_prompts_share_is_left_out():
    things = ["kettle", "lamp", "tent", "shirt", "mug", "knife", "sofa"]
    table = contents(*(published(thing, thing[::-1]) for thing in things))
    assert table["parts"][0] == ["kettle", "elttek", "kettle", "1. it broke at once", "yes"]
    few = contents(*(published(thing, "price") for thing in things[:4]))
    assert few["parts"][0][0].startswith("You are a shop assistant")  # four show no pattern


def test_what_many_prompts_choose_from_is_not_compared_with_benchmarks():
    fixed = ("both are bought together by many people", "the second stands in for the first")
    examples = [
        make_example(0, task="multiple_choice", choices=fixed, fields={"text": f"pair {n}"})
        for n in range(6)
    ]
    table = contents(*examples)
    assert list(table["own"]) == [[f"pair {n}"] for n in range(6)]
    assert table["whole"].is_unique
    assert table["parts"].map(len).eq(4).all()


def test_a_wrong_choice_is_no_content_of_its_own():
    prompt = "What was the buyer of {} thinking?\n0. of tea\n1. of a very long winter"
    one = make_example(0, task="multiple_choice", choices=("of tea", "of a very long winter"))
    told = make_example(0, task="multiple_choice", choices=one.choices, fields={},
                        prompt=prompt.format("a kettle"))  # fmt: skip
    table = contents(one, told)
    assert table["own"][0] == ["A red shirt", "of tea"]
    assert table["own"][1] == ["What was the buyer of a kettle thinking?", "0. of tea", "of tea"]


def test_a_value_that_all_examples_have_is_no_content():
    same = {"text": "colour, size, material"}
    examples = [make_example(f"answer {n}", task="generation", fields=same) for n in range(6)]
    assert list(contents(*examples)["own"]) == [[f"answer {n}"] for n in range(6)]
    few = contents(*examples, settings=TemplateSettings(min_prompts=7))
    assert few["own"][0] == ["colour, size, material", "answer 0"]


def test_labels_are_told_apart_and_no_content():
    said = [make_example(g, task="classification", example_id=g) for g in ("fits", "differs")]
    table = contents(*said, *(
        make_example("fits", task="classification", fields={"text": str(n)}) for n in range(5)
    ))  # fmt: skip
    assert table["parts"][0] != table["parts"][1]
    assert table["own"][0] == ["A red shirt"]


def test_without_instructions_there_are_no_contents():
    empty = pd.DataFrame(columns=["instruction_id", "task", "language", "answer", "example"])
    table = list_contents(empty, LIBRARY, TemplateSettings())
    assert table.empty and {"record_id", "source", "parts", "own"} <= set(table.columns)
