from collections import Counter

import pytest
from example_tasks import choices, make_example, make_task

from shoplm.tasks.rendering import few_shot_prompt, render_answer, render_prompt


def test_the_template_is_filled():
    task = make_task("multiple_choice", template="{instruction}\n{text}\n{choices}\nAnswer:")
    prompt = render_prompt(task, make_example(1, choices=("red", "blue")))
    instruction, rest = prompt.split("\n", 1)
    assert instruction in task.instructions["en"]
    assert rest == "A red shirt\n0. red\n1. blue\nAnswer:"


def test_choices_are_numbered_from_the_first_number_on_a_line_each():
    task = make_task("ranking", answer={"first_number": 1}, template="{instruction}{choices}")
    example = make_example([1.0, 0.0], choices=("red\nshirt", "  blue "))
    assert render_prompt(task, example).endswith("1. red shirt\n2. blue")


def test_labels_are_shown_in_the_examples_language():
    task = make_task("classification", answer={"separator": " / "})
    assert "yes / no / not sure" in render_prompt(task, make_example("fits"))
    assert "是 / 不是 / 不确定" in render_prompt(task, make_example("fits", language="zh"))


def test_instructions_may_hold_placeholders():
    task = make_task(
        instructions={"en": ["What is {text}?", "Say what {text} is."], "zh": ["请看。", "请读。"]},
        template="{instruction}",
    )
    assert "A red shirt" in render_prompt(task, make_example("clothing"))


def test_braces_in_data_are_text():
    example = make_example("x", fields={"text": "size {XL} {instruction} {0}"})
    assert "size {XL} {instruction} {0}" in render_prompt(make_task(), example)


def test_the_paraphrase_depends_on_seed_and_id_alone():
    task = make_task()
    first = {i: render_prompt(task, make_example("x", example_id=str(i))) for i in range(60)}
    counted = Counter(prompt.split("\n")[0] for prompt in first.values())
    assert set(counted) == set(task.instructions["en"])
    assert min(counted.values()) >= 8
    again = {i: render_prompt(task, make_example("y", example_id=str(i))) for i in range(60)}
    assert again == first
    other = {i: render_prompt(task, make_example("x", example_id=str(i)), 1) for i in range(60)}
    assert other != first


def test_a_published_prompt_is_shown_as_it_is():
    example = make_example("x", prompt="  What {is} this?\nOutput: \n", fields={})
    assert render_prompt(make_task(), example) == "What {is} this?\nOutput:"


@pytest.mark.parametrize(
    ("type_", "gold", "changes", "field"),
    [
        ("generation", "x", {"fields": {"title": "A"}}, "text"),
        ("multiple_choice", 0, {}, "choices"),
    ],
)
def test_a_placeholder_that_nothing_fills(type_, gold, changes, field):
    example = make_example(gold, **changes)
    message = rf"task 'a_task', example 'example-1': nothing fills the placeholder \{{{field}\}}"
    with pytest.raises(ValueError, match=message):
        render_prompt(make_task(type_), example)


def test_a_language_that_the_task_lacks():
    with pytest.raises(ValueError, match=r"example 'example-1': language 'fr' is none of"):
        render_prompt(make_task(), make_example("x", language="fr"))
    with pytest.raises(ValueError, match=r"example 'example-1': language 'fr' is none of"):
        render_answer(make_task(), make_example("x", language="fr"))


@pytest.mark.parametrize(
    ("type_", "gold", "n_choices", "answer", "text"),
    [
        ("multiple_choice", 2, 4, {}, "2"),
        ("multiple_choice", 2, 4, {"first_number": 1}, "3"),
        ("classification", "unclear", 0, {}, "not sure"),
        ("retrieval", [5, 0], 6, {"first_number": 1}, "6, 1"),
        ("ranking", [0.1, 1, 0, 1], 4, {"first_number": 1, "separator": ","}, "2,4,1,3"),
        ("ner", [("", "red"), ("", "cotton")], 0, {}, "red, cotton"),
        ("ner", [("colour", "red"), ("", "xl")], 0, {}, "colour: red, xl"),
        ("extraction", [("colour", "red"), ("size", "xl")], 0,
         {"separator": "; ", "pair_separator": "="}, "colour=red; size=xl"),
        ("ner", [], 0, {"none": {"en": "nothing"}}, "nothing"),
        ("generation", " A shirt. ", 0, {}, "A shirt."),
        ("generation", "", 0, {"none": {"en": "unanswerable"}}, "unanswerable"),
    ],
)  # fmt: skip
def test_answers(type_, gold, n_choices, answer, text):
    example = make_example(gold, choices=choices(n_choices))
    assert render_answer(make_task(type_, answer=answer), example) == text


@pytest.mark.parametrize(
    ("type_", "gold", "n_choices", "problem"),
    [
        (
            "classification",
            "maybe",
            0,
            r"label 'maybe' is none of \['differs', 'fits', 'unclear'\]",
        ),
        ("classification", 1, 0, "label 1 is none of"),
        ("multiple_choice", 4, 4, "place 4 is beyond the 4 choices"),
        ("multiple_choice", -1, 4, "place -1 is beyond"),
        ("multiple_choice", "2", 4, "expected the place of a choice, got '2'"),
        ("multiple_choice", True, 4, "expected the place of a choice, got True"),
        ("retrieval", [], 4, "expected places of the relevant choices"),
        ("retrieval", [0, 9], 4, "place 9 is beyond the 4 choices"),
        ("retrieval", [1, 1], 4, "a place stands twice"),
        ("ranking", [1, 0], 3, "expected the relevance of each of 3 choices"),
        ("ranking", [1, -1], 2, "expected finite relevances of 0 or more"),
        ("ranking", [1, float("nan")], 2, "expected finite relevances"),
        ("ner", ["red"], 0, r"expected \(label, text\) pairs"),
        ("ner", [("colour", " ")], 0, r"expected \(label, text\) pairs with a text"),
        ("ner", [], 0, "the answer is empty"),
        ("generation", "", 0, "the answer is empty"),
        ("generation", "  ", 0, "the answer is empty"),
        ("generation", None, 0, "expected a text, got None"),
    ],
)
def test_a_wrong_gold_answer_names_task_and_example(type_, gold, n_choices, problem):
    example = make_example(gold, choices=choices(n_choices))
    with pytest.raises(ValueError, match=f"task 'a_task', example 'example-1': {problem}"):
        render_answer(make_task(type_), example)


def test_an_example_of_another_task():
    with pytest.raises(ValueError, match="example 'example-1' is of task 'other', not of 'a_task'"):
        render_answer(make_task(), make_example("x", task="other"))


def test_only_a_generation_has_further_references():
    example = make_example("fits", references=("yes",))
    with pytest.raises(ValueError, match="classification has no further references"):
        render_answer(make_task("classification"), example)


def test_shots_stand_before_the_question_with_their_answers():
    task = make_task("classification", template="{instruction}\n{text}")
    shots = [make_example("fits", example_id="s1"), make_example("differs", example_id="s2")]
    question = make_example("unclear", example_id="q")
    prompt = few_shot_prompt(task, shots, question)
    one, two, last = prompt.split("\n\n")
    assert one == render_prompt(task, shots[0]) + "\nyes"
    assert two == render_prompt(task, shots[1]) + "\nno"
    assert last == render_prompt(task, question)
    assert few_shot_prompt(task, [], question) == render_prompt(task, question)


def test_an_example_is_no_shot_of_its_own():
    example = make_example("fits")
    with pytest.raises(ValueError, match="'example-1': it is among the shots"):
        few_shot_prompt(make_task("classification"), [example], example)
