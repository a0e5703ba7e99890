import pytest
from example_tasks import make_task
from pydantic import ValidationError

from shoplm.tasks.task import METRICS_OF, bare, placeholders


@pytest.mark.parametrize("type_", METRICS_OF)
def test_a_task_of_every_type(type_):
    assert make_task(type_).fields() == {"text"}


def test_fields_are_those_of_template_and_instructions():
    task = make_task(
        template="{instruction} {title} {{literally}}",
        instructions={"en": ["About {brand}.", "Of {brand}."], "zh": ["请读。", "请看。"]},
    )
    assert task.fields() == {"title", "brand"}


@pytest.mark.parametrize(
    ("type_", "changes", "message"),
    [
        (
            "generation",
            {"metric": "accuracy"},
            "metric: 'accuracy' cannot score generation; one of",
        ),
        ("generation", {"metric": "rouge"}, "metric"),
        ("generation", {"type": "poetry"}, "type"),
        ("generation", {"capability": "wisdom"}, "capability"),
        ("generation", {"name": "No Name"}, "name"),
        ("generation", {"languages": []}, "languages"),
        ("generation", {"languages": ["en", "de"]}, "instructions: 'de' needs two or more"),
        ("generation", {"instructions": {"en": ["A", "A"], "zh": ["B", "C"]}}, "'en' needs two"),
        ("generation", {"template": "{text}"}, r"template: it shows no \{instruction\}"),
        (
            "generation",
            {"template": "{instruction} {text"},
            "template: braces in .* a brace that is text",
        ),
        ("generation", {"template": "{instruction} {}"}, "expected a plain name"),
        ("generation", {"template": "{instruction} {text.upper}"}, "expected a plain name"),
        ("generation", {"template": "{instruction} {text:>9}"}, "'text' .* expected a name alone"),
        ("generation", {"template": "{instruction} {text!r}"}, "'text' .* expected a name alone"),
        ("generation", {"template": "{instruction} {choices}"}, r"nothing fills \{choices\}"),
        ("generation", {"template": "{instruction} {labels}"}, r"nothing fills \{labels\}"),
        (
            "generation",
            {"instructions": {"en": ["A", "{instruction}"], "zh": ["B", "C"]}},
            "cannot hold itself",
        ),
        ("generation", {"labels": {"a": {"en": "a", "zh": "a"}}}, "no other type has them"),
        ("classification", {"labels": None}, "a classification needs them"),
        ("classification", {"labels": {"a": {"en": "a"}}}, "'a' has no surface in .*zh"),
        (
            "classification",
            {"labels": {"a": {"en": "Yes", "zh": "是"}, "b": {"en": " yes.", "zh": "不是"}}},
            "two in 'en' are the same",
        ),
        ("classification", {"labels": {"a": {"en": "a", "zh": ""}}}, "one is empty"),
        ("generation", {"few_shot": -1}, "few_shot"),
        ("ner", {"answer": {"separator": ""}}, "answer.separator"),
        ("ner", {"answer": {"separator": " :"}}, "pair_separator: it is the separator too"),
        (
            "generation",
            {"synthetic": {"request": {"de": "Frag."}, "fields": [{"name": "a", "label": {}}]}},
            "synthetic.request: .*'de'.* is no language of the task",
        ),
        ("generation", {"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_task_names_the_field(type_, changes, message):
    with pytest.raises(ValidationError, match=message):
        make_task(type_, **changes)


def test_a_synthetic_field_needs_a_label_in_every_language_of_the_request():
    synthetic = {
        "request": {"en": "Write questions.", "zh": "请出题。"},
        "fields": [{"name": "text", "label": {"en": "Text"}}],
    }
    with pytest.raises(ValidationError, match=r"'text' has no label in .*zh"):
        make_task(synthetic=synthetic)


@pytest.mark.parametrize("text", [" Yes.", "“YES”", "(yes)", "ｙｅｓ", "**yes**"])
def test_marks_around_a_label_do_not_matter(text):
    assert bare(text) == "yes"


def test_placeholders():
    assert placeholders("{a} and {b}, {{not}} {a}") == {"a", "b"}
    assert placeholders("none") == frozenset()
