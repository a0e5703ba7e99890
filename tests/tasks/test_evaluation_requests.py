"""What models are asked: prompts, possible answers and what ends them."""

import dataclasses

import pytest
from example_tasks import make_task
from measured_shop import ASKING, FRAME, example_of, table

from shoplm.tasks.evaluation.requests import ASKED, REQUESTS, make_requests
from shoplm.tasks.evaluation.settings import AskingSettings, PromptFrame
from shoplm.tasks.rendering import few_shot_prompt, render_prompt


def ask(task, measured, shots=(), asking=ASKING, frame=FRAME):
    """Rows by decoding, of one example."""
    rows = make_requests(table(task, measured, shots), {task.name: task}, asking, frame)
    assert list(rows) == REQUESTS
    return {row["decoding"]: row for row in rows.to_dict("records")}


CHOICE = make_task("multiple_choice", name="pick")


def test_a_prompt_with_shots_ends_where_the_answer_begins():
    shots = [example_of(CHOICE, n, n) for n in (1, 2)]
    example = example_of(CHOICE, 0, 0)
    row = ask(CHOICE, [example], shots)["constrained"]
    whole = row["head"] + "".join(row["shots"]) + row["question"]
    assert whole == few_shot_prompt(CHOICE, shots, example, ASKING.seed) + "\n"
    assert [shot[-4:] for shot in row["shots"]] == ["\n1\n\n", "\n2\n\n"]
    assert row["choices"] == ["0", "1", "2", "3", "4"]
    assert (row["end"], row["ends_document"], row["tail_length"]) == ("\n\n", False, 0)
    assert (row["kind"], row["n_shots"]) == ("choices", 2)


def test_a_prompt_without_shots_stands_in_the_frame_of_tuning():
    example = example_of(CHOICE, 0, 0)
    row = ask(CHOICE, [example])["constrained"]
    prompt = render_prompt(CHOICE, example, ASKING.seed)
    assert (row["head"], row["question"]) == ("<ask>", f"{prompt}<tell>")
    assert row["question"][: -row["tail_length"]] == prompt
    assert (row["end"], row["ends_document"]) == ("", True)


def test_shots_are_those_of_the_language():
    measured = [example_of(CHOICE, 0, 0), example_of(CHOICE, 1, 0, language="zh")]
    shots = [example_of(CHOICE, 9, 0, language="zh")]
    rows = make_requests(table(CHOICE, measured, shots), {"pick": CHOICE}, ASKING, FRAME)
    assert rows.groupby("language")["n_shots"].agg(set).to_dict() == {"en": {0}, "zh": {1}}


@pytest.mark.parametrize(
    ("type_", "gold", "n_items", "may_stop"),
    [("retrieval", [0, 3], 3, True), ("ranking", [1.0, 0.0, 0.1, 0.0, 0.01], 5, False)],
)
def test_several_items_are_named_one_after_another(type_, gold, n_items, may_stop):
    task = make_task(type_, name="several", answer={"first_number": 1, "separator": ", "})
    rows = ask(task, [example_of(task, 0, gold)], [example_of(task, 1, gold)])
    row = rows["constrained"]
    assert (row["kind"], row["choices"]) == ("order", ["1", "2", "3", "4", "5"])
    assert (row["separator"], row["n_items"], row["may_stop"]) == (", ", n_items, may_stop)
    bare = AskingSettings(answer_ends=False)  # without its end, 1 would always beat 10
    assert ask(task, [example_of(task, 0, gold)], asking=bare)["constrained"]["ends_document"]
    assert rows["free"]["kind"] == "text" and rows["free"]["choices"] == []


def test_a_published_prompt_that_hides_its_choices_is_asked_freely():
    hidden = example_of(CHOICE, 0, 2, prompt="Pick one of a, b, c.", choices=())
    assert set(ask(CHOICE, [hidden], asking=AskingSettings(free=False))) == {"free"}


@pytest.mark.parametrize(
    ("type_", "gold"), [("ner", [("", "shirt")]), ("extraction", []), ("generation", "A shirt.")]
)
def test_open_answers_are_written_whatever_is_set(type_, gold):
    task = make_task(type_, answer={"none": {"en": "none"}})
    rows = ask(task, [example_of(task, 0, gold)], asking=AskingSettings(free=False))
    assert set(rows) == {"free"}
    assert rows["free"]["max_new_tokens"] == ASKING.max_new_tokens.of(type_)


@pytest.mark.parametrize(
    ("answer", "with_shots", "without"),
    [("one line", ["\n"], ["\n"]), ("two\nlines", ["\n\n"], [])],
)
def test_what_stops_an_answer_follows_from_its_lines(answer, with_shots, without):
    task = make_task("generation")
    measured, shots = [example_of(task, 0, answer)], [example_of(task, 1, "short")]
    assert ask(task, measured, shots)["free"]["stop"] == with_shots
    assert ask(task, measured)["free"]["stop"] == without
    assert ask(task, measured, asking=AskingSettings(stop=["##"]))["free"]["stop"] == ["##"]


def test_the_id_is_of_all_that_decides_the_answer_and_of_nothing_else():
    example = example_of(CHOICE, 0, 0)
    here = ask(CHOICE, [example])
    moved = make_requests(
        table(CHOICE, [example], benchmark="another"), {"pick": CHOICE}, ASKING, FRAME
    )
    assert {row["request_id"] for row in here.values()} == set(moved["request_id"])
    assert len(set(moved["request_id"])) == 2
    other = [
        ask(CHOICE, [dataclasses.replace(example, fields={"text": "A blue shirt"})]),
        ask(CHOICE, [example], [example_of(CHOICE, 1, 1)]),
        ask(CHOICE, [example], frame=PromptFrame(head="", tail="\n")),
        ask(CHOICE, [example], asking=AskingSettings(answer_ends=False)),
    ]
    ids = {row["constrained"]["request_id"] for row in [here, *other]}
    assert len(ids) == 5
    assert set(ASKED) < set(REQUESTS)


def test_settings_that_ask_nothing_are_refused():
    with pytest.raises(ValueError, match="one of them must be true"):
        AskingSettings(constrained=False, free=False)
    with pytest.raises(ValueError, match="in it once"):
        PromptFrame.of_template("no place for it")


def test_the_frame_ends_answers_as_tuning_did():
    frame = PromptFrame.of_template("Q: {prompt}\nA: {answer}</s>", end_of_text="</s>")
    assert (frame.head, frame.tail, frame.end_of_answer) == ("Q: ", "\nA: ", "")
    chat = PromptFrame.of_template("<|user|>{prompt}<|bot|>{answer}<|im_end|>", end_of_text="</s>")
    assert (chat.tail, chat.end_of_answer) == ("<|bot|>", "<|im_end|>")
    assert PromptFrame.of_template("{prompt}\n").end_of_answer == ""
    example, shot = example_of(CHOICE, 0, 0), example_of(CHOICE, 1, 1)
    bare, shown = ask(CHOICE, [example], frame=chat), ask(CHOICE, [example], [shot], frame=chat)
    assert {row["end_of_answer"] for row in bare.values()} == {"<|im_end|>"}
    assert {row["end_of_answer"] for row in shown.values()} == {""}


def test_an_example_of_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="unknown task 'pick'"):
        make_requests(table(CHOICE, [example_of(CHOICE, 0, 0)]), {}, ASKING, FRAME)
