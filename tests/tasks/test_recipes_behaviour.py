"""Recipes over small tables made by hand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes import make_examples
from shoplm.tasks.recipes.arithmetic import evaluate
from shoplm.tasks.recipes.purchases import Purchase, count_buyers, count_sequels, read_histories
from shoplm.tasks.recipes.translation import sentences
from shoplm.tasks.task import Task


def task_of(kind, options, **more):
    base = {
        "name": "made",
        "title": "Made",
        "capability": "behaviour",
        "type": "multiple_choice",
        "languages": ["en"],
        "instructions": {"en": ["Answer.", "Reply."]},
        "template": "{instruction}",
        "metric": "accuracy",
        "recipe": {"kind": kind, "options": options},
    }
    return Task(**base | more)


def products(rows):
    columns = ["product_id", "title", "category", "price", "properties", "description"]
    frame = pd.DataFrame(rows, columns=columns[: len(rows[0])])
    return frame.assign(language="en", name="", department="all")


def judged(rows):
    columns = ["query_id", "query", "product_id", "relevance"]
    return pd.DataFrame(rows, columns=columns).assign(language="en")


TITLES = ["Red oak chair", "Oak chair", "Pine chair", "Desk lamp", "Garden hose", "Blue chair"]
SHOP = products([(f"P{i}", title, "Home > chair") for i, title in enumerate(TITLES)])
GRADES = judged([("Q1", "red oak chair", f"P{i}", g) for i, g in enumerate("ESSCIE")])
RANKING = {"type": "ranking", "metric": "ndcg@5"}


def test_a_ranking_holds_the_gain_of_each_candidate():
    task = task_of("ranking", {"candidates": 6}, **RANKING)
    (example,), rejected = make_examples(task, {"queries": GRADES, "products": SHOP}, 10, 1)
    gains = dict(zip(example.choices, example.gold, strict=True))
    assert gains == dict(zip(TITLES, [1, 0.1, 0.1, 0.01, 0, 1], strict=True))
    assert rejected == []
    assert example.fields == {"query": "red oak chair"} and example.group == "P0\nP5\nQ1"


def test_a_choice_has_one_right_product_and_a_retrieval_all_of_them():
    tables = {"queries": GRADES, "products": SHOP}
    options = {"candidates": 4, "evident": True}
    (choice,), _ = make_examples(task_of("ranking", options), tables, 10, 1)
    assert choice.choices[choice.gold] == "Red oak chair"
    assert "Blue chair" not in choice.choices  # it is exact too
    retrieval = task_of("ranking", {"candidates": 5}, type="retrieval", metric="hit_rate@3")
    (found,), _ = make_examples(retrieval, tables, 10, 1)
    assert {found.choices[place] for place in found.gold} == {"Red oak chair", "Blue chair"}


def test_too_few_candidates_are_said_to_be_so():
    tables = {"queries": GRADES.iloc[:3], "products": SHOP}
    examples, (row,) = make_examples(task_of("ranking", {"candidates": 5}, **RANKING), tables, 9, 1)
    assert examples == []
    assert (row["id"], row["reason"]) == ("Q1", "too_few_candidates")


def test_values_become_labels_and_other_values_are_rejected():
    reviews = pd.DataFrame(
        {
            "review_id": ["R1", "R2", "R3", "R4", "R5", "R6"],
            "language": ["en", "en", "en", "en", "en", "de"],
            "rating": [5, 1.0, "3", 5.0, 1, 5],
            "text": ["Lovely lamp", "It broke", "So so", "<b>Great</b> &amp; quiet", None, "Gut"],
        }
    )
    task = task_of(
        "value_label",
        {
            "table": "reviews",
            "id": ["review_id"],
            "value": "rating",
            "fields": {"review": "text"},
            "labels": {"good": [4, 5], "bad": [1]},
        },
        type="classification",
        labels={"good": {"en": "good"}, "bad": {"en": "bad"}},
        template="{instruction} {review} {labels}",
    )
    examples, rejected = make_examples(task, {"reviews": reviews}, 10, 1)
    assert {(example.fields["review"], example.gold) for example in examples} == {
        ("Lovely lamp", "good"), ("It broke", "bad"), ("Great & quiet", "good"),
    }  # fmt: skip
    assert {(row["id"], row["reason"]) for row in rejected} == {
        ("R3", "label_outside_set"), ("R5", "unreadable"), ("R6", "language"),
    }  # fmt: skip
    unknown = task.recipe.model_copy(
        update={"options": task.recipe.options | {"labels": {"good": [5], "odd": [1]}}}
    )
    with pytest.raises(ValueError, match="labels: 'odd' is no label of the task"):
        make_examples(task.model_copy(update={"recipe": unknown}), {"reviews": reviews}, 10, 1)


def test_a_table_without_a_column_is_named():
    tables = {"queries": GRADES.drop(columns="relevance"), "products": SHOP}
    examples, (row,) = make_examples(task_of("ranking", {}, **RANKING), tables, 5, 1)
    assert examples == []
    assert row["reason"] == "column_missing"
    assert "table queries has no column 'relevance'" in row["detail"]


def events(rows):
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "domain"])
    return frame.assign(pos=frame.groupby(["user_id", "domain"]).cumcount(), rating=5.0)


def test_histories_cross_domains_only_where_time_orders_them():
    timed = [("u", "b", 20, "one"), ("u", "a", 10, "two")]
    untimed = [("v", "c", None, "one"), ("v", "d", None, "one"), ("v", "e", None, "two")]
    task = task_of("ranking", {})
    found = read_histories(task, {"interactions": events(timed + untimed)})
    assert {name: [one.item_id for one in history] for name, history in found.items()} == {
        "u": ["a", "b"], "v@one": ["c", "d"], "v@two": ["e"],
    }  # fmt: skip


def test_sequels_are_counted_by_hand():
    histories = [[Purchase(at, item) for at, item in enumerate(text)] for text in ("pqp", "pqr")]
    sequels = count_sequels(histories, {"p": "pan", "q": "lid", "r": "pan"})
    assert dict(sequels.pairs) == {("pan", "lid"): 2, ("lid", "pan"): 2}
    assert sequels.lift("pan", "lid") == pytest.approx(2 * 4 / (2 * 2))
    assert sequels.follows("pan", "lid", 2, 2.0) and not sequels.follows("pan", "lid", 3, 2.0)
    assert sequels.unrelated("pan", "pan", 0.5)  # it could have followed itself once, and did not
    assert not sequels.unrelated("pan", "lid", 0.5)
    assert count_buyers(histories) == {("p", "q"): 2, ("p", "r"): 1, ("q", "r"): 1}


SEQUENCE = {
    "history": 2, "candidates": 4, "right": 2, "purchase_line": {"en": "- {title}"},
}  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 12)), max_size=40))
def test_what_is_right_comes_strictly_later(rows):
    """Ties in time included: nothing bought at the moment of the last purchase shown is right."""
    bought = events([(f"u{u}", f"i{i}", t, "d") for u, i, t in rows])
    items = pd.DataFrame(
        {"item_id": [f"i{i}" for i in range(10)], "title": [f"Title {i}" for i in range(10)]}
    ).assign(category="c", domain="d")
    task = task_of("sequence", SEQUENCE, type="retrieval", metric="hit_rate@3")
    examples, _ = make_examples(task, {"interactions": bought, "items": items}, 99, 1)
    for example in examples:
        times = {}
        for user, item, at in rows:
            if f"u{user}" == example.origin.split(":")[1].split("@")[0]:
                times.setdefault(f"Title {item}", []).append(at)
        shown = [line.removeprefix("- ") for line in example.fields["history"].splitlines()]
        last = int(example.origin.rsplit(":", 1)[1])
        assert last in times[shown[-1]]
        assert all(min(times[title]) <= last for title in shown)
        for place, choice in enumerate(example.choices):
            assert (choice in times) == (place in example.gold)
            if place in example.gold:
                assert max(times[choice]) > last and choice not in shown
        about = [*shown, *(example.choices[place] for place in example.gold)]
        user = example.origin.split(":")[1].split("@")[0]
        assert example.group == join_keys([user, *(t.replace("Title ", "i") for t in about)])


def test_relations_of_queries_follow_from_their_judgements():
    rows = [
        ("A", "oak chair", "P1", "E"), ("A", "oak chair", "P2", "S"), ("A", "oak chair", "P3", "C"),
        ("B", "pine chair", "P2", "E"), ("B", "pine chair", "P1", "S"),
        ("C", "reading light", "P3", "E"), ("C", "reading light", "P1", "C"),
        ("D", "garden hose", "P4", "E"), ("D", "garden hose", "P1", "I"),
    ]  # fmt: skip
    names = ("irrelevant", "substitute", "complement", "narrowing")
    options = {"relations": {name: {"en": name} for name in names}}
    tables = {"queries": judged(rows), "products": SHOP}
    examples, _ = make_examples(task_of("query_pairs", options), tables, 99, 1)
    found = {
        (e.fields["query_1"], e.fields["query_2"]): e.choices[e.gold] for e in examples
    }  # fmt: skip
    assert found == {
        ("oak chair", "pine chair"): "substitute", ("pine chair", "oak chair"): "substitute",
        ("oak chair", "reading light"): "complement", ("reading light", "oak chair"): "complement",
        ("oak chair", "garden hose"): "irrelevant",
        ("chair", "oak chair"): "narrowing", ("chair", "pine chair"): "narrowing",
    }  # fmt: skip


QUESTION = {
    "ask": {"en": "What do {count} cost at {price}?"},
    "right": "price * count",
    "slips": ["price + count", "price * (count + 1)", "price * (count - 1)", "count * price"],
    "answer": {"en": "{value:.2f}"},
}


def test_a_sum_is_right_and_its_slips_are_wrong():
    shop = products([("P1", "Oak chair", "chair", 12.5), ("P2", "Lamp", "lamp", None)])
    task = task_of("arithmetic", {"numbers": {"count": [4]}, "questions": [QUESTION]})
    (example,), (row,) = make_examples(task, {"products": shop}, 10, 1)
    assert example.fields["question"] == "What do 4 cost at 12.50?"
    assert example.choices[example.gold] == "50.00"
    assert set(example.choices) == {"50.00", "16.50", "62.50", "37.50"}  # not itself written twice
    assert (row["id"], row["reason"]) == ("P2", "no_amount")


def test_amounts_are_read_from_properties_with_their_unit():
    shop = products([("P1", "Oak chair", "chair", None, {"Weight": ["1.5 kg"]})])
    question = QUESTION | {
        "ask": {"en": "{amount} {unit} times {count}?"},
        "right": "amount * count",
        "slips": ["amount + count", "amount", "amount * count * 10"],
        "answer": {"en": "{value:g} {unit}"},
    }
    options = {"numbers": {"count": [4]}, "amounts": {"en": ["Weight"]}, "questions": [question]}
    (example,), _ = make_examples(task_of("arithmetic", options), {"products": shop}, 10, 1)
    assert example.fields["question"] == "1.5 kg times 4?"
    assert example.choices[example.gold] == "6 kg"


def test_large_amounts_keep_their_cents():
    shop = products([("P1", "Oak chair", "chair", 1234.56), ("P2", "Lamp", "lamp", 1000000)])
    question = QUESTION | {"answer": {"en": "{value}"}}
    task = task_of("arithmetic", {"numbers": {"count": [12]}, "questions": [question]})
    examples, _ = make_examples(task, {"products": shop}, 10, 1)
    right = {example.group: example.choices[example.gold] for example in examples}
    assert right == {"P1": "14814.72", "P2": "12000000"}
    asked = {example.group: example.fields["question"] for example in examples}
    assert asked["P2"] == "What do 12 cost at 1000000?"


def test_formulas_hold_arithmetic_and_nothing_else():
    assert evaluate("floor(budget / price) + 1", {"budget": 100, "price": 30}) == 4
    assert evaluate("price * (100 - percent) / 100", {"price": 50, "percent": 20}) == 40
    for formula in ("__import__('os')", "price ** 2", "price.real", "[price]", "price +"):
        question = QUESTION | {"right": formula}
        task = task_of("arithmetic", {"questions": [question]})
        with pytest.raises(ValueError, match=r"recipe.options.questions.0.right.*formula"):
            make_examples(task, {"products": SHOP}, 1, 1)


def test_text_is_cut_into_sentences_in_both_scripts():
    assert sentences("A lamp. Is it 1.5 kg? Yes!") == ["A lamp.", "Is it 1.5 kg?", "Yes!"]
    assert sentences("一盏灯。亮吗？很亮！") == ["一盏灯。", "亮吗？", "很亮！"]


def test_the_name_gives_a_matching_description_away_and_is_left_out():
    shop = products(
        [
            (f"P{i}", f"Title {i}", f"kind {i}", 1.0, {}, f"Meet Haldrin {i}. Made of {m}. Nice.")
            for i, m in enumerate(["oak", "wool", "clay", "silk"])
        ]
    ).assign(name=[f"Haldrin {i}" for i in range(4)])
    other = pd.DataFrame(
        {
            "product_id": [f"P{i}" for i in range(4)],
            "language": "zh",
            "title": "标题",
            "description": [f"Haldrin {i}很好。采用{m}。不错。" for i, m in enumerate("橡毛陶丝")],
        }
    )
    options = {"text": "description", "to": "translated", "without_name": True, "sentences": 2}
    tables = {"products": shop, "translations": other}
    examples, _ = make_examples(task_of("translation", options), tables, 10, 1)
    assert len(examples) == 4
    for example in examples:
        place = int(example.group[1:])
        assert example.fields["text"].startswith("Made of ") and "Haldrin" not in str(example)
        assert example.choices[example.gold] == f"采用{'橡毛陶丝'[place]}。不错。"
        assert len(example.choices) == 4


def test_no_sentence_with_a_name_in_the_other_script_is_shown_for_matching():
    texts = {
        "P0": ("Sent from Oxenford. Made of oak. Nice.", "产自Oxenford。采用橡木，USB供电。不错。"),
        "P1": ("Sent from Dunmere. Made of wool. Nice.", "产自Dunmere。采用羊毛。不错。"),
    }
    shop = products([(key, f"Title {key}", key, 1.0, {}, en) for key, (en, _) in texts.items()])
    other = pd.DataFrame(
        [(key, "zh", "标题", zh) for key, (_, zh) in texts.items()],
        columns=["product_id", "language", "title", "description"],
    )
    options = {"text": "description", "to": "translated", "without_name": True, "choices": 2}
    tables = {"products": shop, "translations": other}
    examples, _ = make_examples(task_of("translation", options), tables, 10, 1)
    right = {example.group: example.choices[example.gold] for example in examples}
    assert right == {"P0": "采用橡木，USB供电。不错。", "P1": "采用羊毛。不错。"}


def test_a_translation_that_holds_a_refused_word_is_rejected():
    shop = products([("P0", "Oak chair Plus", "chair"), ("P1", "Oak lamp", "lamp")])
    other = pd.DataFrame(
        {"product_id": ["P0", "P1"], "language": "zh", "title": ["橡木椅Plus", "橡木灯"]}
    )
    options = {"text": "title", "to": "translated", "refuse": {"zh": ["Plus"]}}
    task = task_of(
        "translation", options, type="generation", metric="bleu", languages=["zh"],
        instructions={"zh": ["请翻译。", "翻译一下。"]}, template="{instruction} {text}",
    )  # fmt: skip
    examples, rejected = make_examples(task, {"products": shop, "translations": other}, 9, 1)
    assert [example.gold for example in examples] == ["橡木灯"]
    assert [(row["id"], row["reason"]) for row in rejected] == [("P0", "language")]


def test_negatives_of_the_same_department_come_first():
    shop = SHOP.assign(department=["home", "home", "home", "light", "garden", "home"])
    task = task_of(
        "value_label",
        {
            "table": "queries", "id": ["query_id", "product_id"], "value": "relevance",
            "fields": {"query": "query"}, "labels": {"yes": ["E"], "no": ["C", "I"]},
            "product": "own", "near_first": True,
        },
        type="classification",
        labels={"yes": {"en": "yes"}, "no": {"en": "no"}},
        template="{instruction} {query} {product} {labels}",
    )  # fmt: skip
    grades = judged([("Q1", "red chair", f"P{i}", g) for i, g in enumerate("ECICI")])
    for seed in range(5):
        examples, _ = make_examples(task, {"queries": grades, "products": shop}, 99, seed)
        wrong = [example.fields["product"] for example in examples if example.gold == "no"]
        assert set(wrong[:2]) == {"Oak chair", "Pine chair"}
        assert set(wrong[2:]) == {"Desk lamp", "Garden hose"}
