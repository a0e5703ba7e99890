"""Readers of published files, on small made-up ones: what is kept, what is rejected and why."""

import gzip
import json
import random
from collections import Counter

import pytest
from example_tasks import make_task
from hypothesis import given
from hypothesis import strategies as st

from shoplm.tasks.readers import READERS, REJECTED, read_examples
from shoplm.tasks.readers.numbered import numbered_choices, renumbered
from shoplm.tasks.readers.reader import RowError
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.task import SourceFile

LABELS = {"1": "fits", "2": "differs", "3": "unclear"}


@pytest.fixture
def write(tmp_path):
    """Write a file below the raw root; rows that are no text become JSON."""

    def write_file(content, name="rows.json"):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write_file


@pytest.fixture
def read(tmp_path):
    """Examples and rejected rows of a file below the raw root."""

    def read_file(task, file="rows.json", reader="records", fields=None, language="en", **options):
        source = SourceFile(
            file=file, reader=reader, language=language, options=options,
            fields={"text": "text"} if fields is None else fields,
        )  # fmt: skip
        return read_examples(task, source, tmp_path)

    return read_file


def reasons(rejected):
    """The reason of each rejected row, by its number."""
    return {row["row"]: row["reason"] for row in rejected}


def published_row(prompt, answer, kind="multiple-choice", metric="accuracy", **more):
    """A row in the schema of ShopBench."""
    return {
        "input_field": prompt,
        "output_field": answer,
        "task_type": kind,
        "metric": metric,
    } | more


# files


ROWS = [{"text": f"text {n}", "answer": f"answer {n}"} for n in range(3)]


@pytest.mark.parametrize(
    "name", ["rows.json", "rows.jsonl", "rows.jsonl.gz", "rows.csv", "rows.tsv"]
)
def test_formats_hold_the_same_rows(write, read, name):
    cells = [["text", "answer"], *([row["text"], row["answer"]] for row in ROWS)]
    content = {
        "rows.json": ROWS,
        "rows.csv": "\r\n".join(f'"{a}","{b}"' for a, b in cells),
        "rows.tsv": "\n".join("\t".join(pair) for pair in cells) + "\n",
    }.get(name, "\n".join(map(json.dumps, ROWS)))
    write(content, name)
    examples, rejected = read(make_task(), name, gold="answer")
    assert [(e.fields["text"], e.gold) for e in examples] == [
        (row["text"], row["answer"]) for row in ROWS
    ]
    assert rejected == []
    assert {e.origin for e in examples} == {name}


def test_an_array_that_is_cut_gives_what_stands_before_the_cut(write, read):
    whole = json.dumps(ROWS)
    write(whole[: whole.index("answer 2") + 3])
    examples, rejected = read(make_task(), gold="answer")
    assert [e.gold for e in examples] == ["answer 0", "answer 1"]
    assert reasons(rejected) == {3: "unreadable"}
    assert list(rejected[0]) == REJECTED


def test_a_broken_line_costs_itself_alone(write, read):
    lines = [*map(json.dumps, ROWS)]
    lines[1] = lines[1][:-4]
    lines.insert(2, "[1, 2]")
    write("\n".join(lines))
    examples, rejected = read(make_task(), gold="answer")
    assert [e.gold for e in examples] == ["answer 0", "answer 2"]
    assert reasons(rejected) == {2: "unreadable", 3: "wrong_type"}


def test_a_compressed_file_that_is_cut_says_so(write, read):
    lines = "\n".join(json.dumps({"text": f"{n}" * 50, "answer": f"a{n}"}) for n in range(3000))
    path = write(lines, "rows.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-3000])
    examples, rejected = read(make_task(), "rows.jsonl.gz", gold="answer")
    assert examples
    assert {row["reason"] for row in rejected} == {"unreadable"}
    assert "compressed" in rejected[-1]["detail"]


def test_bytes_that_are_no_text_cost_their_row_alone(write, read):
    path = write("\n".join(map(json.dumps, ROWS)), "rows.jsonl")
    path.write_bytes(path.read_bytes().replace(b"text 1", b"text \xff\xfe"))
    examples, rejected = read(make_task(), "rows.jsonl", gold="answer")
    assert [e.gold for e in examples] == ["answer 0", "answer 2"]
    assert reasons(rejected) == {2: "unreadable"}
    rejected[0]["prompt"].encode()  # can be written to a file


def test_a_line_ends_at_a_line_feed_alone(write, read):
    write(json.dumps({"text": "one\u2028two\x85three", "answer": "yes"}, ensure_ascii=False))
    examples, _ = read(make_task(), gold="answer")
    assert examples[0].fields["text"] == "one\u2028two\x85three"


def test_a_byte_order_mark_is_no_text(write, read):
    write("\ufefftext,answer\na,b\n", "rows.csv")
    assert [e.gold for e in read(make_task(), "rows.csv", gold="answer")[0]] == ["b"]


def test_an_absent_file_is_named(read):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json: no such file"):
        read(make_task(), "nowhere.json", gold="answer")
    with pytest.raises(FileNotFoundError, match=r"no_\*\.json: no such file"):
        read(make_task(), "no_*.json", gold="answer")


@pytest.mark.parametrize("content", ["", "\n\n", "[]"])
def test_an_empty_file_is_a_rejected_row(write, read, content):
    write(content)
    examples, rejected = read(make_task(), gold="answer")
    assert examples == []
    assert reasons(rejected) == {0: "empty_file"}


def test_a_pattern_reads_many_files(write, read):
    for n, row in enumerate(ROWS):
        write([row], f"part_{n}.json")
    examples, _ = read(make_task(), "part_*.json", gold="answer")
    assert [e.origin for e in examples] == ["part_0.json", "part_1.json", "part_2.json"]


def test_columns_without_a_header_and_rows_of_another_width(write, read):
    write('1\ta "quoted" word\n2\n3\tlast', "pairs.txt")
    task = make_task("classification")
    examples, rejected = read(
        task, "pairs.txt", columns=["label", "text"], quoted=False, gold="label", labels=LABELS
    )
    assert [(e.fields["text"], e.gold) for e in examples] == [
        ('a "quoted" word', "fits"),
        ("last", "unclear"),
    ]
    assert reasons(rejected) == {2: "wrong_columns"}


def test_quotes_that_do_not_match_are_rejected(write, read):
    write('text,answer\n"a" b,c\nfine,yes\n', "rows.csv")
    examples, rejected = read(make_task(), "rows.csv", gold="answer")
    assert [e.gold for e in examples] == ["yes"]
    assert reasons(rejected) == {1: "unreadable"}


@pytest.mark.parametrize("broken", ["[" * 100_000, '{"text": "a"', '{"text":\n "a"}', "[1, 2"])
def test_what_is_no_json_is_rejected(write, read, broken):
    write(broken)
    examples, rejected = read(make_task(), gold="answer")
    assert examples == []
    assert {row["reason"] for row in rejected} <= {"unreadable", "wrong_type"}
    assert rejected


def test_a_header_that_names_a_column_twice_is_rejected(write, read):
    write("text,text\na,b\n", "rows.csv")
    examples, rejected = read(make_task(), "rows.csv", gold="text")
    assert (examples, reasons(rejected)) == ([], {1: "wrong_columns"})


# records


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"answer": "1"}, "missing_field"),
        ({"text": "a"}, "missing_field"),
        ({"text": None, "answer": "1"}, "empty_field"),
        ({"text": " ", "answer": "1"}, "empty_field"),
        ({"text": {"a": 1}, "answer": "1"}, "wrong_type"),
        ({"text": "a", "answer": True}, "wrong_type"),
        ({"text": "a", "answer": float("nan")}, "wrong_type"),
        ({"text": "a", "answer": ""}, "empty_answer"),
        ({"text": "a", "answer": None}, "empty_answer"),
        ({"text": "a", "answer": "4"}, "label_outside_set"),
        ({"text": "a", "answer": "-"}, "no_gold"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(write, read, row, reason):
    write([row, {"text": "good", "answer": 2}])
    examples, rejected = read(
        make_task("classification"), gold="answer", labels=LABELS, no_gold=["-"]
    )
    assert [e.gold for e in examples] == ["differs"]
    assert reasons(rejected) == {1: reason}
    assert rejected[0]["task"] == "a_task"
    assert rejected[0]["file"] == "rows.json"


def test_a_label_is_known_by_name_or_surface(write, read):
    answers = ["fits", "NO", "Not sure", "是"]
    write([{"text": f"t{n}", "answer": a} for n, a in enumerate(answers)])
    examples, rejected = read(make_task("classification"), gold="answer")
    assert [e.gold for e in examples] == ["fits", "differs", "unclear"]
    assert reasons(rejected) == {4: "label_outside_set"}  # a Chinese answer in an English file


def test_choices_are_named_by_key_or_by_text(write, read):
    write(
        [
            {"text": "a", "options": {"A": "x", "B": "y", "C": "z"}, "answer": "C"},
            {"text": "b", "options": ["x", "y"], "answer": "y"},
            {"text": "c", "options": {"A": "x"}, "answer": "A"},
            {"text": "d", "options": {"A": "x", "B": "x"}, "answer": "A"},
            {"text": "e", "options": {"A": "x", "B": "y"}, "answer": "C"},
        ]
    )
    examples, rejected = read(make_task("multiple_choice"), gold="answer", choices="options")
    assert [(e.choices, e.gold) for e in examples] == [(("x", "y", "z"), 2), (("x", "y"), 1)]
    assert reasons(rejected) == {
        3: "too_few_choices", 4: "several_correct_answers", 5: "answer_outside_choices",
    }  # fmt: skip


def test_wrong_choices_are_drawn_near_first_and_whatever_the_order(write, read):
    rows = [
        {"text": f"{kind} {n}", "kind": kind, "answer": f"{kind}-{n % 3}"}
        for kind in ("shoe", "lamp")
        for n in range(12)
    ]
    write(rows)
    draw = {"number": 4, "within": "kind"}
    examples, rejected = read(make_task("multiple_choice"), gold="answer", draw=draw)
    assert not rejected
    for example in examples:
        kind = example.fields["text"].split()[0]
        assert example.choices[example.gold] == rows[examples.index(example)]["answer"]
        assert len(set(example.choices)) == 4
        assert sum(choice.startswith(kind) for choice in example.choices) == 3
    assert len({e.gold for e in examples}) > 1
    random.Random(1).shuffle(rows)
    write(rows)
    again, _ = read(make_task("multiple_choice"), gold="answer", draw=draw)
    assert sorted(again, key=lambda e: e.example_id) == sorted(examples, key=lambda e: e.example_id)


def test_a_nested_file_with_several_right_answers(write, read):
    questions = [
        {"id": "q1", "question": "Which?", "answers": [{"text": "red"}, {"text": "deep red"}]},
        {"id": "q2", "question": "Who?", "answers": []},
        {"id": "q3", "question": "", "answers": [{"text": "red"}]},
    ]
    write({"data": [{"paragraphs": [{"context": "A deep red one.", "qas": questions}]}]})
    examples, rejected = read(
        make_task(template="{instruction}\n{text}\n{question}"),
        fields={"text": "above.context", "question": "question"},
        rows="data.paragraphs.qas",
        gold="answers.text",
        split_by="above.context",
    )
    assert [(e.gold, e.references, e.group) for e in examples] == [
        ("red", ("deep red",), "adeepredone.")
    ]
    assert reasons(rejected) == {2: "empty_answer", 3: "empty_field"}


def test_a_second_file_says_which_questions_have_no_answer(write, read):
    write({"queries": [{"id": n, "text": f"question {n}"} for n in range(3)]})
    truth = {"0": {"a": ["red"], "none": False}, "1": {"a": [""], "none": True}}
    write(truth, "truth.json")
    options = {
        "rows": "queries", "join": {"file": "truth.json", "key": "id"}, "gold": "joined.a",
        "no_answer": "joined.none",
    }  # fmt: skip
    task = make_task(metric="squad_f1", answer={"none": {"en": "unanswerable"}})
    examples, rejected = read(task, **options)
    assert [render_answer(task, e) for e in examples] == ["red", "unanswerable"]
    assert reasons(rejected) == {3: "missing_field"}
    _, rejected = read(make_task(metric="squad_f1"), **options)
    assert reasons(rejected) == {2: "no_answer", 3: "missing_field"}
    with pytest.raises(FileNotFoundError, match=r"absent\.json"):
        read(task, **options | {"join": {"file": "absent.json", "key": "id"}})


def test_columns_are_cut_combined_and_shown_as_properties(write, read):
    write(
        [
            {"raw": "Lamp|colour#red*size#L*colour#blue", "more": None, "answer": "Buy it"},
            {"raw": "Lamp|colour", "more": "x", "answer": "Buy it"},
            {"raw": "Lamp", "more": "x", "answer": "Buy it"},
        ]
    )
    examples, rejected = read(
        make_task(template="{instruction}\n{text}\n{properties}"),
        fields={"text": "both", "properties": "properties"},
        extract={"raw": r"(?P<title>[^|]*)\|(?P<properties>.*)"},
        combine={"both": "{title}\n{more}"},
        properties={"properties": {"between": "*", "inside": "#"}},
        gold="answer",
    )
    assert examples[0].fields == {"text": "Lamp", "properties": "colour: red, blue; size: L"}
    assert reasons(rejected) == {2: "unexpected_text", 3: "unexpected_text"}


def test_one_row_of_several_questions(write, read):
    write([{"title": "Lamp", "qa": [{"q": "Big?", "a": "no"}, {"q": "Red?", "a": "yes"}]},
           {"title": "Sofa", "qa": []}, {"title": "Chair", "qa": "none"}])  # fmt: skip
    examples, rejected = read(
        make_task(template="{instruction}\n{text}\n{question}"),
        fields={"text": "title", "question": "each.q"}, each="qa", gold="each.a", split_by="title",
    )  # fmt: skip
    assert [(e.fields["question"], e.gold, e.group) for e in examples] == [
        ("Big?", "no", "lamp"), ("Red?", "yes", "lamp"),
    ]  # fmt: skip
    assert reasons(rejected) == {3: "wrong_type"}


def test_spans_of_each_label_are_a_question(write, read):
    spans = [{"type": "colour", "term": "red"}, {"type": "size", "term": "L"},
             {"type": "colour", "term": "blue"}]  # fmt: skip
    write([{"text": "a red and blue L", "spans": spans}, {"text": "nothing", "spans": []}])
    examples, rejected = read(
        make_task("ner", template="{instruction}\n{text}\n{label}"),
        fields={"text": "text", "label": "label"},
        gold="spans", span={"text": "term"}, one_label="type",
    )  # fmt: skip
    assert [(e.fields["label"], e.gold) for e in examples] == [
        ("colour", [("", "red"), ("", "blue")]), ("size", [("", "L")]),
    ]  # fmt: skip
    assert reasons(rejected) == {3: "no_answer"}


def test_repeated_and_contradictory_rows(write, read):
    pairs = [("a", "1"), ("a", "1"), ("b", "1"), ("b", "2"), ("c", "3")]
    write([{"text": text, "answer": answer} for text, answer in pairs])
    examples, rejected = read(make_task("classification"), gold="answer", labels=LABELS)
    assert [e.fields["text"] for e in examples] == ["a", "c"]
    assert reasons(rejected) == {
        2: "duplicate", 3: "several_correct_answers", 4: "several_correct_answers",
    }  # fmt: skip


def test_a_row_that_its_own_answer_cannot_satisfy_is_rejected(write, read):
    rows = [{"text": t, "options": list("abcde"), "answer": places}
            for t, places in [("x", [0, 4]), ("y", [0, 1, 2, 3]), ("z", [5])]]  # fmt: skip
    write(rows)
    examples, rejected = read(make_task("retrieval"), gold="answer", choices="options")
    assert [e.gold for e in examples] == [[0, 4]]
    assert reasons(rejected) == {2: "cannot_be_scored", 3: "answer_outside_choices"}


def test_languages_may_differ_by_row(write, read):
    said = ["into English", "into Chinese", "into Welsh"]
    write([{"text": f"Translate {n} {s}", "answer": "红色"} for n, s in enumerate(said)])
    examples, rejected = read(
        make_task(), gold="answer", language=None, language_column="text",
        language_pattern=r"into (\w+)$", language_codes={"English": "en", "Chinese": "zh"},
    )  # fmt: skip
    assert [e.language for e in examples] == ["zh"]
    assert reasons(rejected) == {1: "cannot_be_scored", 3: "language"}


# EcomInstruct folders and CoNLL files


def test_a_folder_states_the_labels(write, read):
    write({"label_set": {"cn": ["颜色", "尺码"]}}, "task/meta-info.json")
    spans = [[{"type": "颜色", "term": "红"}], [{"type": "口味", "term": "甜"}]]
    lines = [{"sentences": f"红{n}", "spans": s} for n, s in enumerate(spans)]
    write("\n".join(map(json.dumps, lines)), "task/test.json")
    for file in ("task", "task/test.json"):
        examples, rejected = read(
            make_task("extraction"), file, "ecominstruct", {"text": "sentences"}, "zh",
            gold="spans", span={"label": "type", "text": "term"}, label_key="cn",
            label_path="spans.type",
        )  # fmt: skip
        assert [e.gold for e in examples] == [[("颜色", "红")]]
        assert reasons(rejected) == {2: "label_outside_set"}


def test_a_folder_without_its_labels_is_refused(write, read):
    write([], "task/test.json")
    options = {"gold": "labels", "label_key": "fine"}
    with pytest.raises(FileNotFoundError, match=r"meta-info\.json"):
        read(make_task(), "task", "ecominstruct", **options)
    write({"label_set": {"coarse": []}}, "task/meta-info.json")
    with pytest.raises(ValueError, match=r"label_set has no list 'fine'; it has \['coarse'\]"):
        read(make_task(), "task", "ecominstruct", **options)


CONLL = """红 B-COL
色 I-COL
鞋 B-THING
鞋 B-THING

  O
好 O

甜 B-TASTE

味 I-COL

红 B-COL
鞋 I-THING

乱
"""


def test_tags_become_spans(write, read):
    write(CONLL, "dev.txt")
    options = {"span": {"label": "label", "text": "text"}, "labels": {"COL": "颜色", "THING": "物"}}
    task = make_task("ner", answer={"none": {"zh": "无"}})
    examples, rejected = read(task, "dev.txt", "conll", language="zh", **options)
    assert [(e.fields["text"], e.gold) for e in examples] == [
        ("红色鞋鞋", [("颜色", "红色"), ("物", "鞋")]),
        ("好", []),
    ]
    assert reasons(rejected) == {
        3: "label_outside_set",
        4: "wrong_tag",
        5: "wrong_tag",
        6: "unreadable",
    }
    _, rejected = read(make_task("ner"), "dev.txt", "conll", language="zh", **options)
    assert reasons(rejected)[2] == "no_answer"


# published prompts


CHOICES = "Which one?\n0. red\n1. blue\n2. green\nAnswer: "


def read_published(read, task, **options):
    return read(task, reader="published", fields={}, **options)


def test_a_published_prompt_is_shown_as_it_is(write, read):
    write([published_row(CHOICES, 2), published_row(CHOICES.replace("one", "two"), "1")])
    task = make_task("multiple_choice")
    examples, _ = read_published(read, task)
    assert [(e.choices, e.gold) for e in examples] == [
        (("red", "blue", "green"), 2),
        (("red", "blue", "green"), 1),
    ]
    assert render_prompt(task, examples[0]) == CHOICES.strip()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (published_row(CHOICES, 3), "answer_outside_choices"),
        (published_row(CHOICES, "red"), "wrong_type"),
        (published_row(CHOICES, [1]), "wrong_type"),
        (published_row("Which one?", 0), "no_choices"),
        (published_row("Which?\n0. red\n1. red\n2. blue", 0), "several_correct_answers"),
        (published_row("Which?\n0. red\n1.\n2. blue", 0), "empty_choice"),
        (published_row("Which?\n1. red\n2. blue", 1), "choice_numbers"),
        (published_row("Which?\n0. red\n1. a\n1. b\n2. blue", 0), "ambiguous_choices"),
        (published_row(CHOICES, "yes", metric="bool"), "other_task"),
        (published_row(CHOICES, "It is red.", kind="generation"), "other_task"),
        (published_row(CHOICES, 1, kind="riddle"), "unknown_kind"),
        ({"input_field": CHOICES, "output_field": 1}, "missing_field"),
        (published_row("", 1), "empty_field"),
    ],
)
def test_a_bad_published_row_is_rejected_with_its_reason(write, read, row, reason):
    write([row])
    examples, rejected = read_published(read, make_task("multiple_choice"))
    assert examples == []
    assert reasons(rejected) == {1: reason}


@pytest.mark.parametrize("answers", [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_a_list_that_skips_a_number_is_numbered_anew(write, read, answers):
    answer, place = answers
    write([published_row("Which?\n0. red\n1. blue\n3. green\nAnswer:", answer)])
    task = make_task("multiple_choice")
    examples, _ = read_published(read, task, renumber=True, gap_is_slip=True)
    assert render_prompt(task, examples[0]) == "Which?\n0. red\n1. blue\n2. green\nAnswer:"
    assert examples[0].gold == place
    _, rejected = read_published(read, task, renumber=True)
    assert reasons(rejected) == ({1: "answer_outside_choices"} if answer == 2 else {})


def test_retrieval_that_counts_from_another_number(write, read):
    prompt = "Choose. Products: 0. red hat\n1. blue hat\n2. green hat\nOutput: "
    write([published_row(prompt, [2, 0], "retrieval", "hit rate@3")])
    task = make_task("retrieval", answer={"first_number": 1})
    _, rejected = read_published(read, task)
    assert reasons(rejected) == {1: "choice_numbers"}
    examples, _ = read_published(read, task, renumber=True)
    assert render_prompt(task, examples[0]) == (
        "Choose. Products: 1. red hat\n2. blue hat\n3. green hat\nOutput:"
    )
    assert render_answer(task, examples[0]) == "1, 3"


def test_retrieval_of_more_than_is_looked_at_is_rejected(write, read):
    prompt = "Choose.\n1. a\n2. b\n3. c\n4. d\n5. e"
    rows = [[1, 2, 3, 4], [1, 2, 3], [], [6]]
    write(
        [published_row(f"{n} {prompt}", a, "retrieval", "hit rate@3") for n, a in enumerate(rows)]
    )
    examples, rejected = read_published(read, make_task("retrieval", answer={"first_number": 1}))
    assert [e.gold for e in examples] == [[0, 1, 2]]
    assert reasons(rejected) == {
        1: "cannot_be_scored", 3: "empty_answer", 4: "answer_outside_choices",
    }  # fmt: skip


def test_a_ranking_has_one_relevance_a_choice(write, read):
    prompt = "Rank.\n1. a\n2. b\n3. c\nOutput: "
    rows = [[1, 0.1, 0], [1, 0], [1, "x", 0], [1, -1, 0], [0, 0, 0]]
    write([published_row(f"{n} {prompt}", a, "ranking", "ndcg") for n, a in enumerate(rows)])
    task = make_task("ranking", answer={"first_number": 1})
    examples, rejected = read_published(read, task)
    assert [e.gold for e in examples] == [[1.0, 0.1, 0.0]]
    assert reasons(rejected) == {
        2: "wrong_length", 3: "wrong_type", 4: "wrong_type", 5: "cannot_be_scored",
    }  # fmt: skip


def test_yes_and_no_are_labels(write, read):
    said = {"Same? ": "Yes", "Alike? ": "no", "Close? ": "perhaps"}
    rows = [published_row(prompt, answer, metric="bool") for prompt, answer in said.items()]
    write([*rows, published_row(CHOICES, 1)])
    examples, rejected = read_published(read, make_task("classification"))
    assert [e.gold for e in examples] == ["fits", "differs"]
    assert reasons(rejected) == {3: "label_outside_set", 4: "other_task"}


def test_choices_that_prompts_do_not_print(write, read):
    write([published_row(f"Rate {n}:", answer) for n, answer in enumerate([1, "5", 0, 6])])
    task = make_task("multiple_choice", answer={"first_number": 1})
    examples, rejected = read_published(read, task, choices=["1", "2", "3", "4", "5"])
    assert [(e.gold, render_answer(task, e)) for e in examples] == [(0, "1"), (4, "5")]
    assert reasons(rejected) == {3: "answer_outside_choices", 4: "answer_outside_choices"}


REASONED = [
    published_row("3 hats and 4 hats?", "3+4=<<3+4=7>>7\n#### 7", "generation", "x"),
    published_row(
        "Two?\n0. 5\n1. 2\nAnswer: Let's think.", "So the answer is 1.", "generation", "x"
    ),
    published_row(
        "Warm?\n0. hat\n1. ice\nAnswer: Let's think.", "The answer is 0.", "generation", "x"
    ),
    published_row("Much?\n0. 1.5\n1. 3\nAnswer:", 1),
    published_row("Cold?\n0. hat\n1. ice\nAnswer:", 1),
    published_row("What?", "I do not know.", "generation", "x"),
]


def test_reasoning_is_told_from_choices_and_numbers_from_text(write, read):
    write(REASONED)
    drop = [r"\s*Let's think\.$"]
    numbers = make_task("multiple_choice")
    examples, rejected = read_published(read, numbers, choices_are="numbers")
    assert [(e.choices, e.gold) for e in examples] == [(("1.5", "3"), 1)]
    assert set(reasons(rejected).values()) == {"other_task"}

    examples, rejected = read_published(
        read, numbers, choices_are="text", answer_pattern=r"answer is (\d)", drop=drop
    )
    assert [(e.prompt, e.gold) for e in examples] == [
        ("Warm?\n0. hat\n1. ice\nAnswer:", 0), ("Cold?\n0. hat\n1. ice\nAnswer:", 1),
    ]  # fmt: skip
    assert len(rejected) == 4

    task = make_task(template="{instruction}\n{problem}", metric="exact_match")
    examples, rejected = read_published(
        read, task, choices_are="numbers", question="problem", drop=[*drop, r"\nAnswer:$"],
        answer_pattern=r"#### (\d+)|answer is (\d)",
    )  # fmt: skip
    assert [(e.fields["problem"], e.gold, e.prompt) for e in examples] == [
        ("3 hats and 4 hats?", "7", None), ("Two?", "2", None),
    ]  # fmt: skip
    assert reasons(rejected) == {
        3: "other_task", 4: "other_task", 5: "other_task", 6: "no_final_answer",
    }  # fmt: skip


def test_rows_that_a_file_names_for_another_task_are_left_to_it(write, read):
    write([published_row(f"{n} {CHOICES}", 1, task_name=f"task{n}") for n in range(4)])
    own = make_task("multiple_choice", shopbench=["task1", "task3"])
    examples, rejected = read_published(read, own)
    assert [e.prompt[0] for e in examples] == ["1", "3"]
    assert rejected == []


def test_entities_are_texts(write, read):
    kind = ("named_entity_recognition", "micro f1")
    write([published_row("Colour of: red hat", ["red"], *kind),
           published_row("Colour of: hat", [], *kind),
           published_row("Colour of: bad", [["x", {}]], *kind)])  # fmt: skip
    examples, rejected = read_published(read, make_task("ner"))
    assert [e.gold for e in examples] == [[("", "red")]]
    assert reasons(rejected) == {2: "empty_answer", 3: "wrong_type"}


# numbered choices

text = st.text(st.sampled_from("abcé红 -'%"), min_size=1, max_size=12).map(
    lambda t: " ".join(f"x{t}".split())
)


@given(
    texts=st.lists(text, min_size=2, max_size=16),
    first=st.sampled_from([0, 1]),
    dot=st.sampled_from([". ", ") ", ".", " . "]),
    before=st.sampled_from(["Which one?\n", "List: \n\n", "1. a\n2. b\n5. c\nNow choose:\n", "\n"]),
    after=st.sampled_from(["", "\n", "\nAnswer: ", "\nOutput only numbers.\nOutput:"]),
)
def test_choices_are_found_where_they_were_written(texts, first, dot, before, after):
    lines = "\n".join(f"{n}{dot}{t}" for n, t in enumerate(texts, start=first))
    if first == 1 and before[0] == "1":
        before = before.replace("1. a", "3. a")
    found = numbered_choices(f"{before}{lines}{after}")
    assert found.texts == tuple(texts)
    assert found.counts_from(first)
    again = numbered_choices(renumbered(f"{before}{lines}{after}", found, 1 - first))
    assert again.counts_from(1 - first)
    assert again.texts == found.texts


def test_choices_inside_a_line_over_lines_and_before_digits():
    inline = numbered_choices("Sizes up to 2. of 3 kinds. Options: 0. red, L 1. blue 2. green")
    assert inline.texts == ("red, L", "blue", "green")
    over_lines = numbered_choices("Which?\n0. red\nhat\n1. blue\nhat\n2. green\nhat\n\nAnswer:")
    assert over_lines.texts == ("red hat", "blue hat", "green hat")
    digits = numbered_choices("Weight?\n0. 8 ounce\n1. 55.44 ounce\n2. 1.5 pound\nAnswer:")
    assert digits.texts == ("8 ounce", "55.44 ounce", "1.5 pound")
    tight = numbered_choices("Which?\n0.5 pack\n1.7 pack\nAnswer:")
    assert tight.texts == ("5 pack", "7 pack")
    permuted = numbered_choices("Which?\n1. red\n2. blue\n0. green")
    assert (permuted.place(0), permuted.place(2)) == (2, 1)
    assert numbered_choices("It weighs 1.5 pounds.\nPrice: 10.") is None
    with pytest.raises(RowError, match="numbers its lines"):
        numbered_choices("Which?\n0. red\n1. a list:\n1. x\n2. y\n2. blue")


# all rows, whatever they hold


@given(data=st.data())
def test_every_row_is_kept_or_rejected(data, tmp_path_factory):
    value = st.one_of(
        st.none(), st.booleans(), st.integers(-1, 5), st.text(max_size=5), st.just([0]),
        st.lists(st.integers(0, 3), max_size=4), st.just({"a": 1}), st.just("a\ud800b"),
        st.just(CHOICES), st.just("multiple-choice"), st.just("retrieval"), st.just("generation"),
    )  # fmt: skip
    names = ["text", "answer", "input_field", "output_field", "task_type", "metric", "options"]
    row = st.dictionaries(st.sampled_from(names), value)
    rows = data.draw(st.lists(st.one_of(row, value), min_size=1, max_size=8))
    reader, options = data.draw(
        st.sampled_from([("records", {"gold": "answer", "choices": "options"}), ("published", {})])
    )
    kind = data.draw(st.sampled_from(["multiple_choice", "classification", "retrieval", "ranking",
                                      "ner", "extraction", "generation"]))  # fmt: skip
    root = tmp_path_factory.mktemp("rows", numbered=True)
    (root / "rows.json").write_text(json.dumps(rows))
    task = make_task(kind)
    found = {}
    for part in (None, "train", "test"):
        source = SourceFile(
            file="rows.json", reader=reader, language="en", options=options | {"part": part},
            fields={"text": "text"} if reader == "records" else {},
        )  # fmt: skip
        examples, rejected = read_examples(task, source, root)
        found[part] = len(examples) + len(rejected)
        json.dumps(rejected, ensure_ascii=False).encode()
    assert found[None] == len(rows) == found["train"] + found["test"]


# parts


def title_rows(n):
    """Two rows a title, which differ in what else they hold."""
    return [{"text": f"{form} {k}", "title": f"Title  {k}", "answer": "yes"}
            for k in range(n) for form in ("first", "second")]  # fmt: skip


def test_parts_share_no_group_and_lose_no_row(write, read):
    rows = title_rows(400)
    write(rows)
    options = {"gold": "answer", "split_by": "title", "share": 0.3}
    train, _ = read(make_task(), part="train", **options)
    test, _ = read(make_task(), part="test", **options)
    whole, _ = read(make_task(), **options)
    assert len(train) + len(test) == len(whole) == 800
    assert not {e.group for e in train} & {e.group for e in test}
    assert Counter(e.group for e in test).most_common()[-1][1] == 2
    assert 0.2 < len(test) / 800 < 0.4  # 400 titles at 0.3: more than four standard deviations
    random.Random(3).shuffle(rows)
    write(rows)
    again, _ = read(make_task(), part="test", **options)
    assert {e.example_id for e in again} == {e.example_id for e in test}
    other, _ = read(make_task(), part="test", **options | {"seed": 1})
    assert {e.group for e in other} != {e.group for e in test}


def test_a_title_is_on_the_same_side_in_every_file(write, read):
    write(title_rows(200))
    write([{"name": f"TITLE {k}", "label": "1"} for k in range(200)], "other.json")
    options = {"share": 0.5, "part": "test"}
    one, _ = read(make_task(), gold="answer", split_by="title", **options)
    two, _ = read(make_task("classification"), "other.json", fields={"text": "name"}, gold="label",
                  labels=LABELS, split_by="text", **options)  # fmt: skip
    assert {e.group for e in one} == {e.group for e in two}


# settings


@pytest.mark.parametrize(
    ("task", "kwargs", "message"),
    [
        (make_task(), {"reader": "xml"}, "no reader 'xml'; one of " + ", ".join(sorted(READERS))),
        (make_task(), {"gold": "answer", "shrae": 0.1}, r"options\.shrae \(records\)"),
        (make_task(), {"gold": "answer", "share": 1.5}, r"options\.share"),
        (make_task(), {}, r"options\.gold"),
        (make_task(), {"gold": "a", "language": "fr"}, "language 'fr' is none of"),
        (make_task(), {"gold": "a", "language": None}, "language: the task has several"),
        (make_task(), {"gold": "a", "fields": {}}, "nothing fills text of the template"),
        (make_task("ner"), {"gold": "a", "span": {"label": "x"}}, "it names no text"),
        (make_task(), {"gold": "a", "extract": {"text": "("}}, "is no regular expression"),
        (make_task(), {"gold": "a", "gold_pattern": "x"}, "has no group in parentheses"),
        (make_task(), {"gold": "a", "combine": {"z": "{text"}}, "braces"),
        (make_task(), {"gold": "a", "properties": {"text": {"between": "*"}}}, "or a pattern"),
        (make_task("multiple_choice"), {"gold": "a"}, "options.choices: a multiple_choice needs"),
        (make_task("classification"), {"gold": "a", "labels": {"1": "x"}}, "has no label x"),
        (make_task(), {"reader": "published"}, "a published prompt is shown as it is"),
        (make_task(), {"reader": "published", "fields": {}, "question": "q"}, "the template shows"),
    ],
)
def test_settings_that_do_not_fit_are_refused(write, read, task, kwargs, message):
    write(ROWS)
    with pytest.raises(ValueError, match=rf"task a_task, rows\.json: .*{message}"):
        read(task, **kwargs)
