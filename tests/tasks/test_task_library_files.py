"""The task library that is shipped: what it covers, and that every file can be used."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from shoplm.tasks.library import load_library
from shoplm.tasks.readers import READERS
from shoplm.tasks.recipes import RECIPES, make_examples
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.scoring import can_be_perfect, score
from shoplm.tasks.task import TYPES_WITH_CHOICES, Example

LIBRARY = load_library([Path(__file__).parents[2] / "conf/base/tasks"])

ECOM_ICL = {"AVE", "NED", "ENT", "PDC", "TAM", "TIG", "DEG", "DES", "STG"}
ECOM_SFT = {"AVE", "PDC", "TAM", "TIG", "NER", "ITU", "ADM", "DEG"}
GENERAL_ICL = {"AG News", "SQuAD 2", "SNLI", "TNEWS", "CMRC 2018", "OCNLI"}

ASKED = [task for task in LIBRARY.values() if task.synthetic]

TEXTS = {"zh": "红色棉质衬衫", "ja": "赤い綿のシャツを買いました"}
GOLDS = {
    "multiple_choice": [0, 3],
    "retrieval": [[1], [3, 0]],
    "ranking": [[0.1, 1, 0, 0.01]],
    "ner": [[("", "red"), ("", "cotton")], [("colour", "red"), ("fabric", "cotton")]],
    "extraction": [[("", "red")], [("colour", "red"), ("fabric", "cotton")]],
}


def named(benchmark):
    """The short names of a benchmark's tasks, which stand in brackets after the long ones."""
    titles = [task.title for task in LIBRARY.values() if benchmark in task.benchmarks]
    names = [re.search(r"\((.+)\)$", title) for title in titles]
    assert all(names), titles
    return {name[1] for name in names}


def test_there_are_about_36_tasks():
    assert len(LIBRARY) >= 36


@pytest.mark.parametrize("capability", ["concepts", "reasoning", "behaviour", "multilingual"])
def test_at_least_five_tasks_of_each_capability_of_shopbench(capability):
    of_capability = [task for task in LIBRARY.values() if task.capability == capability]
    assert len(of_capability) >= 5, [task.name for task in of_capability]


def test_six_general_tasks():
    assert sum(task.capability == "general" for task in LIBRARY.values()) >= 6


@pytest.mark.parametrize(
    ("benchmark", "expected"),
    [("ecom_icl", ECOM_ICL), ("ecom_sft", ECOM_SFT), ("general_icl", GENERAL_ICL)],
)
def test_every_task_of_a_benchmark_is_there_and_no_other(benchmark, expected):
    assert named(benchmark) == expected


def test_every_task_of_the_shopbench_development_set_is_there_once():
    names = Counter(name for task in LIBRARY.values() for name in task.shopbench)
    assert names == Counter(f"task{number}" for number in range(1, 19))
    tasks = [task for task in LIBRARY.values() if task.shopbench]
    assert all("shopbench" in task.benchmarks for task in tasks)
    capabilities = {name: task.capability for task in tasks for name in task.shopbench}
    tracks = [("concepts", 1, 7), ("reasoning", 8, 10), ("behaviour", 11, 15),
              ("multilingual", 16, 18)]  # fmt: skip
    for capability, first, last in tracks:
        for number in range(first, last + 1):
            assert capabilities[f"task{number}"] == capability, number


@pytest.mark.parametrize("task", LIBRARY.values(), ids=LIBRARY)
def test_a_task_can_have_examples(task):
    sources = [task.benchmark, *task.training, task.recipe, task.synthetic]
    assert any(sources), f"{task.name} names no file, no recipe and no request to a model"


@pytest.mark.parametrize("task", LIBRARY.values(), ids=LIBRARY)
def test_readers_and_recipes_are_known(task):
    files = [source for source in (task.benchmark, *task.training) if source]
    assert {source.reader for source in files} <= set(READERS)
    assert {task.recipe.kind if task.recipe else None} <= {None, *RECIPES}
    examples, lacking = make_examples(task, {}, n=1, seed=0)  # its options are checked first
    assert not examples
    if lacking:
        assert lacking[0]["reason"] == "table_missing"


@pytest.mark.parametrize("task", ASKED, ids=lambda task: task.name)
def test_a_model_is_asked_for_all_that_the_template_shows(task):
    names = {field.name for field in task.synthetic.fields}
    assert "answer" in names
    assert task.fields() - names - set(task.synthetic.grounding) == set()
    if task.type in ("multiple_choice", "retrieval", "ranking"):
        assert "choices" in names


@pytest.mark.parametrize("task", LIBRARY.values(), ids=LIBRARY)
def test_right_answers_rendered_and_read_back_score_1(task):
    golds = list(task.labels) if task.labels else GOLDS.get(task.type, [None])
    if task.answer.none:
        golds = [*golds, "" if task.type == "generation" else []]
    choices = ("red", "blue", "green", "white") if task.type in TYPES_WITH_CHOICES else ()
    for language in task.languages:
        if language == "ja" and task.metric == "bleu":
            pytest.importorskip("MeCab", reason="MeCab is not installed")
        text = TEXTS.get(language, "red cotton shirt for tall men")
        for gold in golds:
            example = Example("1", task.name, language, text if gold is None else gold, {}, choices)
            assert can_be_perfect(task, example) is None
            assert score(task, example, render_answer(task, example)).value == pytest.approx(1)


@pytest.mark.parametrize("task", LIBRARY.values(), ids=LIBRARY)
def test_every_paraphrase_is_filled(task):
    fields = {name: f"<{name}>" for name in task.fields()}
    example = Example("0", task.name, "", "", fields, ("red", "blue"))
    for language in task.languages:
        in_language = replace(example, language=language)
        prompts = {render_prompt(task, in_language, seed) for seed in range(40)}
        assert len(prompts) == len(set(task.instructions[language]))
        for prompt in prompts:
            assert not re.search(r"[{}]", prompt.replace("{{", ""))
        assert all(any(value in prompt for prompt in prompts) for value in fields.values())


@pytest.mark.parametrize("task", LIBRARY.values(), ids=LIBRARY)
def test_choices_and_labels_are_shown(task):
    """Else a model cannot know what it chooses from."""
    shown = {
        "multiple_choice": "{choices}", "retrieval": "{choices}", "ranking": "{choices}",
        "classification": "{labels}",
    }.get(task.type, "")  # fmt: skip
    for language in task.languages:
        for paraphrase in task.instructions[language]:
            if task.type == "classification" and shown not in task.template + paraphrase:
                surfaces = [surface[language] for surface in task.labels.values()]
                hidden = [s for s in surfaces if s.casefold() not in paraphrase.casefold()]
                assert not hidden, (task.name, language, paraphrase)
            else:
                assert shown in task.template + paraphrase, (task.name, language)
