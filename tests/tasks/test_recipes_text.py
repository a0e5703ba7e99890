"""Recipes that read texts, properties and columns: hand-made tables, answers worked out by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.tasks.recipes import make_examples
from shoplm.tasks.recipes.attributes import attribute_name, attribute_of
from shoplm.tasks.recipes.choices import Pool, arrange, pick_wrong
from shoplm.tasks.recipes.text import is_written_in, levels, property_lines, readable
from shoplm.tasks.recipes.vocabulary import Vocabulary, contains
from shoplm.tasks.task import Task

_METRICS = {
    "multiple_choice": "accuracy",
    "classification": "accuracy",
    "retrieval": "hit_rate@3",
    "ner": "micro_f1",
    "extraction": "micro_f1",
    "generation": "rouge_l",
}


def make_task(kind, options, type_="generation", **changes):
    fields = {
        "name": "a_task",
        "title": "A task",
        "capability": "concepts",
        "type": type_,
        "languages": ["en", "zh"],
        "instructions": {"en": ["Do it.", "Please do it."], "zh": ["请做。", "做吧。"]},
        "template": "{instruction}",
        "metric": _METRICS[type_],
        "recipe": {"kind": kind, "options": options},
    }
    return Task(**fields | changes)


def product(number, title, category="Kitchen > frying pan", language="en", **properties):
    return {
        "product_id": f"P{number}",
        "language": language,
        "department": "kitchen",
        "category": category,
        "name": f"Name {number}",
        "title": title,
        "properties": {key.replace("_", " "): values for key, values in properties.items()},
        "description": f"Text about {title}",
        "price": 9.5,
    }


PRODUCTS = pd.DataFrame(
    [
        product(1, "Oak Acme Frying Pan, Navy", Brand=["Acme"], Color=["navy"], Material=["oak"]),
        product(2, "Bolt Frying Pan in Red", Brand=["Bolt"], Colour=["red"], Material=["steel"]),
        product(3, "Acme Stockpot, Steel", "Kitchen > stockpot", Brand=["Acme"], Colour=["navy"],
                Made_of=["steel"], Lid=["glass lid"]),
        product(4, "Corvo Stockpot", "Kitchen > stockpot", Brand=["Corvo"], Lid=["flat lid"]),
        product(5, "Corvo Rug, Red, Wool", "Home > rug", Brand=["Corvo"], Color=["red"],
                Material=["wool"], Pile=["9 mm"]),
        product(6, "蓝山红色羊毛地毯", "家纺 > 地毯", "zh",
                品牌=["蓝山"], 主色=["红色"], 材质=["羊毛"]),
        product(7, "云顶棉麻地毯", "家纺 > 地毯", "zh",
                品牌=["云顶"], 颜色=["米色"], 材料=["棉麻"]),
        product(8, "云顶窗帘", "家纺 > 窗帘", "zh", 品牌=["云顶"], 面料=["纯棉"]),
    ]
)  # fmt: skip


def by_origin(examples):
    return {example.origin.split(":")[1]: example for example in examples}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("plain  words ", "plain words"),
        ("<p>Red &amp; <b>blue</b></p>", "Red & blue"),
        ("Purr\u00adine 1.7\u202e L\u200b", "Purrine 1.7 L"),
        ("caf\u00c3\u00a9 cup", "café cup"),
        ("好看的水壶".encode().decode("latin-1"), "好看的水壶"),
        ("one<b\u200br /> two &amp;lt; three", "one two < three"),
        ("好用，很好！（推荐）", "好用，很好！（推荐）"),
        ("one \n\n two", "one\ntwo"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_a_cell_as_readable_text(cell, text):
    assert readable(cell) == text


@given(st.text(st.sampled_from("ab <>/&;lt\u200b\n  é我，")))
def test_what_is_readable_stays_as_it_is(text):
    assert readable(readable(text)) == readable(text)


@pytest.mark.parametrize(
    ("text", "language", "fits"),
    [
        ("红色 ABS 水壶", "zh", True),
        ("a red kettle", "zh", False),
        ("a red kettle", "en", True),
        ("红色水壶", "en", False),
        ("bÃ©Ã¨Ã§Ã ", "en", False),
        ("12 / 7", "en", False),
        ("eine Kanne", "de", True),
    ],
)
def test_a_language_by_its_script(text, language, fits):
    assert is_written_in(text, language) is fits


def test_levels_of_a_category_keep_their_slashes():
    assert levels("Home > Blinds/Shades >> rug ") == ["Home", "Blinds/Shades", "rug"]


def test_properties_on_a_line():
    found = {"Brand": ["Acme"], "Feature": ["a", "b"]}
    assert property_lines(found, "en") == "Brand: Acme; Feature: a, b"
    assert (
        property_lines({"品牌": ["蓝山"], "特点": ["甲", "乙"]}, "zh") == "品牌：蓝山；特点：甲、乙"
    )


def test_sellers_keys_stand_for_attributes():
    assert attribute_of("Main Colour", "en") == attribute_of("主色", "zh") == "colour"
    assert attribute_of("Page count", "en") == "Page count"
    assert attribute_name("colour", "zh") == "颜色"


def test_a_vocabulary_finds_the_longest_values_that_stand_alone():
    vocabulary = Vocabulary([{"colour": ["brown", "walnut brown"], "material": ["walnut", "oak"]}])
    found = vocabulary.mentions("Soaked Walnut Brown shelf, oak; oaken, brown-ish")
    assert [(m.text, sorted(m.attributes)) for m in found] == [
        ("Walnut Brown", ["colour"]),
        ("oak", ["material"]),
        ("brown", ["colour"]),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Linen Shirt, L, Navy", ["L"]),
        ("亚麻衬衫L码", ["L"]),
        ("Acme's Kettle 1.7 L", []),
        ("a T-shirt in M", ["M"]),
        ("Men's shirt, S&M, size l", []),
        ("Model XL", []),
        ("M", ["M"]),
    ],
)
def test_a_size_is_a_capital_that_stands_alone(text, found):
    vocabulary = Vocabulary([{"size": ["S", "M", "L", "T", "x"]}])
    assert [mention.text for mention in vocabulary.mentions(text)] == found


def test_only_words_with_one_meaning_are_certain():
    own = {"colour": ["navy"], "warranty": ["2 years"], "lifetime": ["2 years"]}
    vocabulary = Vocabulary([own, {"material": ["oak"]}])
    named = vocabulary.named("Navy oak, 2 years", own)
    assert set(named.own) == {"colour", "warranty", "lifetime"}
    assert set(named.certain()) == {"colour"}


def test_what_a_text_names_of_a_product_and_what_of_others():
    vocabulary = Vocabulary([{"colour": ["navy", "red"]}, {"material": ["oak"]}])
    named = vocabulary.named("A navy oak pan with a Navy lid", {"colour": ["navy"]})
    assert [m.text for m in named.own["colour"]] == ["navy"]
    assert named.foreign == {"material"}


def test_a_value_is_contained_as_a_word():
    assert contains("Red kettle", "red")
    assert not contains("Hundred kettles", "red")
    assert contains("大红色水壶", "红色")


@given(st.sets(st.text("abcdef", min_size=1), min_size=1), st.text(), st.integers(0, 5))
def test_a_pool_gives_each_member_once_the_near_ones_first(values, start, seed):
    near, far = sorted(values)[::2], sorted(values)[1::2]
    members = [(v, ["near"]) for v in near] + [(v, ["far"]) for v in far]
    drawn = list(Pool(members, seed).draw(["near"], start))
    assert set(drawn[: len(near)]) == set(near)
    assert sorted(drawn) == sorted(values)
    assert drawn == list(Pool(members[::-1], seed).draw(["near"], start))


def test_wrong_answers_are_different_and_not_refused():
    pool = Pool([(v, []) for v in ("Red", "red", "blue", "green")], 0)
    wrong = pick_wrong(pool, [], 4, "x", lambda value: value == "green")
    assert sorted(v.lower() for v in wrong) == ["blue", "red"]


@given(st.sets(st.text(min_size=1), min_size=2, max_size=8), st.text())
def test_right_answers_are_found_at_their_places(values, key):
    right, wrong = sorted(values)[:2], sorted(values)[2:]
    choices, places = arrange(right, wrong, 3, key)
    assert sorted(choices) == sorted(values)
    assert {choices[place] for place in places} == set(right)


def test_columns_show_some_and_ask_for_another():
    task = make_task(
        "columns", {"fields": {"properties": "properties"}, "answer": "title", "hide": ["colour"]}
    )
    example = by_origin(make_examples(task, {"products": PRODUCTS}, 99, 1)[0])["P1"]
    assert example.fields == {"properties": "Brand: Acme; Material: oak"}
    assert example.gold == "Oak Acme Frying Pan, Navy"
    assert (example.language, example.group) == ("en", "P1")


def test_columns_answer_in_a_pattern_of_the_language():
    options = {
        "fields": {"title": "title"},
        "answer": {"en": "{name} {leaf}", "zh": "{name}的{leaf}"},
    }
    found = by_origin(
        make_examples(make_task("columns", options), {"products": PRODUCTS}, 99, 1)[0]
    )
    assert found["P1"].gold == "Name 1 frying pan"
    assert found["P6"].gold == "Name 6的地毯"


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"title": None}, {}, "empty_cell"),
        ({"description": "<p></p>"}, {}, "empty_answer"),
        ({"description": "pan"}, {"answer_characters": [4, 9]}, "too_short"),
        ({"description": "a long description"}, {"answer_characters": [4, 9]}, "too_long"),
        ({}, {"shown_characters": 5}, "too_long"),
        ({}, {"least_shown_characters": 50}, "too_short"),
        ({"description": "acme pan"}, {}, "answer_is_shown"),
        ({"description": []}, {}, "empty_answer"),
        ({"name": "Steel Frying Pan"}, {"answer": {"en": "{name} {leaf}"}}, "empty_answer"),
        ({"title": "一口锅"}, {}, "language"),
        ({"description": "Buy blue socks today"}, {"grounded": 0.5}, "not_grounded"),
    ],
)
def test_columns_say_why_a_row_makes_no_example(change, options, reason):
    table = pd.DataFrame([product(1, "Acme Pan") | change])
    task = make_task("columns", {"fields": {"title": "title"}, "answer": "description"} | options)
    examples, rejected = make_examples(task, {"products": table}, 9, 1)
    assert examples == []
    assert [(row["id"], row["source"], row["reason"]) for row in rejected] == [
        ("P1", "products", reason)
    ]


def test_an_answer_names_no_value_that_is_not_shown():
    rows = [
        product(1, "Acme Pan in Red") | {"description": "A red pan by Acme."},
        product(2, "Acme Pan in Red") | {"description": "A pan by Acme for all days."},
        product(3, "Bolt Pan", Brand=["Bolt", "Acme"], Colour=["red"]),
    ]
    options = {"fields": {"text": "description"}, "answer": "title", "known_values": True}
    examples, rejected = make_examples(
        make_task("columns", options), {"products": pd.DataFrame(rows)}, 9, 1
    )
    assert set(by_origin(examples)) == {"P1", "P3"}
    assert [(row["id"], row["reason"], row["detail"]) for row in rejected] == [
        ("P2", "not_grounded", "Red is not shown")
    ]
    with pytest.raises(ValueError, match="known_values and facts need the table products"):
        task = make_task("columns", options | {"table": "translations", "answer": "title"})
        make_examples(task, {"translations": pd.DataFrame(rows)}, 9, 1)


def test_a_summary_holds_the_facts_that_the_text_states():
    rows = [
        product(1, "Title", Colour=["navy"], Material=["oak"], Use=["toast"])
        | {"description": "Name 1 is a frying pan of navy oak."},
        product(2, "Title", Colour=["red"], Material=["steel"])
        | {"description": "Name 2 is a frying pan in red."},
    ]
    options = {
        "fields": {"text": "description"},
        "answer": {"en": "{name}, {leaf}: {facts}"},
        "facts": ["colour", "material", "Use"],
    }
    task = make_task("columns", options)
    examples, rejected = make_examples(task, {"products": pd.DataFrame(rows)}, 9, 1)
    assert [example.gold for example in examples] == ["Name 1, frying pan: navy, oak"]
    assert [(row["id"], row["reason"]) for row in rejected] == [("P2", "empty_answer")]


QUESTIONS = {
    "feature": {"ask": {"en": ["What is special?"]}, "answer": {"en": "Features: {value}."}},
    "warranty": {"ask": {"en": ["How long?"]}, "answer": {"en": "For {value}."}},
}


def test_a_property_is_asked_about_where_the_listing_tells_all_of_it():
    rows = [
        product(1, "Pan with Glass Lid", Feature=["glass lid", "long handle"])
        | {"description": "It has a long handle."},
        product(2, "Pan with Glass Lid and Steep Rim", Feature=["glass lid"]),
        product(3, "Pan", Feature=["steep rim"]),
        product(4, "Pan for 2 years", Warranty=["2 years"], Lifetime=["2 years"]),
        product(5, "Pan, 2 years", Warranty=["2 years"]),
    ]
    task = make_task("property_answers", {"questions": QUESTIONS}, languages=["en"])
    examples, rejected = make_examples(task, {"products": pd.DataFrame(rows)}, 9, 1)
    assert {key: e.gold for key, e in by_origin(examples).items()} == {
        "P1": "Features: glass lid and long handle.", "P5": "For 2 years.",
    }  # fmt: skip
    assert {row["id"]: row["reason"] for row in rejected} == dict.fromkeys(
        ["P2", "P3", "P4"], "no_answer"
    )


def test_choice_puts_the_right_category_among_near_ones():
    task = make_task(
        "choice", {"fields": {"title": "title"}, "choice": "category", "choices": 2},
        "multiple_choice", template="{instruction}{choices}",
    )  # fmt: skip
    examples, _ = make_examples(task, {"products": PRODUCTS}, 99, 1)
    found = by_origin(examples)
    right = found["P1"].choices[found["P1"].gold]
    assert right == "Kitchen > frying pan"
    assert set(found["P1"].choices) == {right, "Kitchen > stockpot"}  # the same parent category
    assert set(found["P8"].choices) == {"家纺 > 地毯", "家纺 > 窗帘"}


def test_choice_of_several_offers_no_right_one_as_wrong():
    task = make_task(
        "choice", {"fields": {"category": "leaf"}, "choice": "title", "choices": 3},
        "retrieval", template="{instruction}{choices}", languages=["en"],
    )  # fmt: skip
    examples, _ = make_examples(task, {"products": PRODUCTS}, 99, 1)
    titles = PRODUCTS.assign(leaf=PRODUCTS["category"].str.split(" > ").str[1])
    right = titles.groupby("leaf")["title"].agg(set)
    assert {example.fields["category"] for example in examples} == {"frying pan", "stockpot", "rug"}
    for example in examples:
        picked = {example.choices[place] for place in example.gold}
        others = set(example.choices) - picked
        assert picked <= right[example.fields["category"]]
        assert not others & right[example.fields["category"]]


def test_choice_without_enough_wrong_answers_says_so():
    task = make_task(
        "choice", {"fields": {"title": "title"}, "choice": "category", "choices": 4},
        "multiple_choice", languages=["zh"],
    )  # fmt: skip
    examples, rejected = make_examples(task, {"products": PRODUCTS}, 9, 1)
    assert examples == []
    assert {row["reason"] for row in rejected} == {"too_few_choices"}


def spans_task(type_="extraction", languages=("en",), **options):
    options = {"labels": {"brand": [], "material": [], "colour": []}, **options}
    labels = {"labels": {"brand": {"en": "b"}, "colour": {"en": "c"}, "material": {"en": "m"}}}
    return make_task(
        "spans", options, type_, languages=list(languages),
        **(labels if type_ == "classification" else {}),
    )  # fmt: skip


def test_spans_give_the_values_that_a_title_states():
    task = spans_task(ask="pairs", absent=["material"], languages=("en", "zh"))
    found = by_origin(make_examples(task, {"products": PRODUCTS}, 99, 1)[0])
    assert found["P1"].gold == [("material", "Oak"), ("brand", "Acme"), ("colour", "Navy")]
    assert found["P2"].gold == [("brand", "Bolt"), ("colour", "Red")]
    # it has a material that the title does not state, so that is asked about too
    assert set(found["P2"].fields["attributes"].split(", ")) == {"brand", "material", "colour"}
    assert found["P6"].gold == [("品牌", "蓝山"), ("颜色", "红色"), ("材质", "羊毛")]
    assert set(found["P7"].fields["attributes"].split("、")) == {"品牌", "材质"}


def test_spans_leave_out_a_label_of_which_the_text_may_name_more():
    rows = [
        product(1, "Acme Pan in Red and Navy", Brand=["Acme"], Colour=["navy"]),
        product(2, "Bolt Pan", Brand=["Bolt"], Colour=["red"]),
    ]
    found = by_origin(
        make_examples(spans_task(ask="pairs"), {"products": pd.DataFrame(rows)}, 9, 1)[0]
    )
    assert found["P1"].gold == [("brand", "Acme")]
    assert found["P1"].fields["attributes"] == "brand"


def test_spans_leave_out_a_value_that_holds_the_separator():
    rows = [product(1, "Acme Pan, 5, navy", Brand=["Acme"], Colour=["5, navy"])]
    found = make_examples(spans_task(ask="pairs"), {"products": pd.DataFrame(rows)}, 9, 1)[0]
    assert found[0].gold == [("brand", "Acme")]


def test_all_entities_or_none():
    task = spans_task(
        "ner", ask="entities", labels={"product": ["type"], "brand": [], "measure": ["*"]},
        required=["product", "brand"], names={"measure": {"en": "size"}},
    )  # fmt: skip
    table = pd.concat(
        [PRODUCTS, pd.DataFrame([product(9, "Corvo Rug 9 mm", "Home > rug", Brand=["Corvo"])])]
    )
    examples, rejected = make_examples(task, {"products": table}, 99, 1)
    found = by_origin(examples)
    assert found["P1"].gold == [("brand", "Acme"), ("product", "Frying Pan")]
    # it may be a measure of product 9 too, whose properties do not tell
    assert "P9" not in found
    assert ("P9", "nothing_to_ask") in {(row["id"], row["reason"]) for row in rejected}
    bare = spans_task("ner", ask="entities", typed=False, labels={"brand": []})
    assert by_origin(make_examples(bare, {"products": PRODUCTS}, 99, 1)[0])["P4"].gold == [
        ("", "Corvo")
    ]


def test_a_text_that_names_a_refused_attribute_is_left_out():
    rows = [
        product(1, "Acme Case for Lumo 9", Brand=["Acme"], Fits=["Lumo 9"]),
        product(2, "Acme Case, Lumo 9", Brand=["Acme"]),
        product(3, "Acme Case", Brand=["Acme"], Fits=["Lumo 9"]),
    ]
    task = spans_task("ner", ask="entities", typed=False, labels={"brand": []}, refuse=["Fits"])
    examples, rejected = make_examples(task, {"products": pd.DataFrame(rows)}, 9, 1)
    assert set(by_origin(examples)) == {"P3"}
    assert {row["id"] for row in rejected} == {"P1", "P2"}


def test_one_attribute_or_one_entity():
    one = spans_task("ner", ask="one", labels={"colour": []})
    found = by_origin(make_examples(one, {"products": PRODUCTS}, 99, 1)[0])
    assert found["P2"].fields == {"text": "Bolt Frying Pan in Red", "attribute": "colour"}
    assert found["P2"].gold == [("", "Red")]
    assert "P3" not in found  # its colour is not in the title, and nothing stands for that
    typed = by_origin(
        make_examples(spans_task("classification", ask="type"), {"products": PRODUCTS}, 99, 1)[0]
    )
    assert (typed["P4"].fields["entity"], typed["P4"].gold) == ("Corvo", "brand")


def test_a_query_is_about_the_products_that_it_fits_exactly():
    queries = pd.DataFrame(
        [("Q1", "red pan", "P2", "E"), ("Q1", "red pan", "P5", "S"), ("Q2", "wool rug", "P9", "E")],
        columns=["query_id", "query", "product_id", "relevance"],
    ).assign(language="en")
    task = spans_task(
        "ner", ask="one", table="queries", text="query", field="query", where={"relevance": ["E"]}
    )
    examples, rejected = make_examples(task, {"products": PRODUCTS, "queries": queries}, 9, 1)
    assert [(e.fields, e.gold) for e in examples] == [
        ({"query": "red pan", "attribute": "colour"}, [("", "red")])
    ]
    assert [(row["id"], row["reason"]) for row in rejected] == [("Q2", "unknown_product")]


def test_pairs_that_do_not_match_contradict_the_title():
    labels = {"match": {"en": "yes", "zh": "是"}, "not_match": {"en": "no", "zh": "否"}}
    for seed in range(6):
        task = make_task("matching", {"least_properties": 2}, "classification", labels=labels)
        examples, _ = make_examples(task, {"products": PRODUCTS}, 99, seed)
        assert examples
        for example in examples:
            own = by_origin([example]).popitem()[0]
            row = PRODUCTS.set_index("product_id").loc[own]
            line = property_lines(row["properties"], row["language"])
            assert (example.fields["properties"] == line) is (example.gold == "match")
            if example.gold == "not_match":
                stated = {v for values in row["properties"].values() for v in values
                          if contains(row["title"], v)}  # fmt: skip
                assert any(value not in example.fields["properties"] for value in stated)


def test_both_kinds_of_pairs_are_made():
    labels = {"match": {"en": "yes", "zh": "是"}, "not_match": {"en": "no", "zh": "否"}}
    rows = [
        product(
            i, f"Brand{i % 7}x pan {i}", Brand=[f"Brand{i % 7}x"], Size=[f"{i} cm"], Lid=["no lid"]
        )
        for i in range(200)
    ]
    task = make_task("matching", {}, "classification", labels=labels)
    examples, _ = make_examples(task, {"products": pd.DataFrame(rows)}, 200, 1)
    share = sum(example.gold == "match" for example in examples) / len(examples)
    assert len(examples) == 200
    assert 0.35 < share < 0.65


def test_a_wrong_category_is_of_a_department_without_the_attribute():
    departments = ["kitchen"] * 4 + ["home", "linen", "linen", "linen"]
    table = PRODUCTS.assign(department=departments)
    options = {"choices": 2, "least_products": 1, "most_categories": 1.0}
    task = make_task("attribute_category", options, "multiple_choice")
    examples, _ = make_examples(task, {"products": table}, 99, 1)
    found = {
        (e.fields["attribute"], e.choices[e.gold]): set(e.choices) - {e.choices[e.gold]}
        for e in examples
    }
    assert found[("pile", "rug")] <= {"frying pan", "stockpot"}
    assert found[("lid", "stockpot")] == {"rug"}  # a frying pan may have a lid, listed or not
    assert not {"brand", "品牌"} & {attribute for attribute, _ in found}  # all departments have it
    task = make_task(
        "attribute_category", options | {"exclude": {"en": ["lid"]}}, "multiple_choice"
    )
    asked = {e.fields["attribute"] for e in make_examples(task, {"products": table}, 99, 1)[0]}
    assert "pile" in asked and "lid" not in asked


def test_questions_about_a_title_have_one_right_answer():
    options = {
        "questions": {"colour": {"en": "Which colour?"}, "material": {"en": "Of what?"}},
        "unknown": {"en": "not said"},
        "unstated": ["colour", "material"],
        "unknown_share": 0.5,
        "choices": 3,
        "near": ["leaf"],
    }
    extra = [product(n, f"Corvo Pan {n}", Brand=["Corvo"], Colour=[c], Material=[m])
             for n, c, m in ((11, "green", "iron"), (12, "grey", "tin"))]  # fmt: skip
    table = pd.concat([PRODUCTS, pd.DataFrame(extra)])
    told = {"P1": {"Which colour?": "navy", "Of what?": "oak"}, "P2": {"Which colour?": "red"}}
    seen = set()
    for seed in range(16):
        task = make_task("attribute_value", options, "multiple_choice", languages=["en"])
        for key, example in by_origin(
            make_examples(task, {"products": table}, 99, seed)[0]
        ).items():
            right = example.choices[example.gold]
            assert example.choices.count("not said") == 1
            assert len(set(example.choices)) == 3
            if key in told:
                assert right == told[key].get(example.fields["question"], "not said")
                seen.add(right)
    assert seen == {"navy", "oak", "red", "not said"}


REVIEWS = pd.DataFrame(
    [
        ("R1", "P1", 5, "The navy is lovely, and the oak looks good."),
        ("R2", "P3", 5, "Love the glass lid."),
        ("R3", "P3", 1, "The glass lid broke at once."),
        ("R4", "P4", 5, "A flat lid, very handy."),
        ("R5", "P5", 4, "Red as in the picture."),
        ("R6", "P2", 2, "Red, but the steel is thin."),
    ],
    columns=["review_id", "product_id", "rating", "text"],
).assign(language="en")


def test_aspects_of_a_review_are_what_it_names():
    rows = [
        product(9, "Ink", "Art > ink", Hue=["blue hue"], Weight=["5 g"], Drying=["1 h"]),
        product(10, "Acme Lamp", Brand=["Acme"], Warranty=["2 years"], Lifetime=["2 years"]),
    ]
    extra = pd.DataFrame(rows).assign(department=["art", "kitchen"])
    said = pd.DataFrame(
        {
            "review_id": ["R1", "R7"],
            "product_id": ["P1", "P10"],
            "rating": 5,
            "text": ["The navy is lovely, and the oak of this Acme is heavy.",
                     "The Acme lasted its 2 years to the day."],
            "language": "en",
        }
    )  # fmt: skip
    options = {"choices": 5, "generic": {"en": ["weight"]}}
    task = make_task("review_aspects", options, "retrieval", languages=["en"])
    tables = {"products": pd.concat([PRODUCTS, extra]), "reviews": said}
    examples, rejected = make_examples(task, tables, 99, 1)
    example = by_origin(examples)["R1"]
    assert {example.choices[place] for place in example.gold} == {"colour", "material"}
    assert example.fields["category"] == "frying pan"
    # neither what the department's products may have, nor what "heavy" tells of, nor a brand
    assert set(example.choices) - {"colour", "material"} == {"warranty", "hue", "drying"}
    # 2 years are its warranty and its lifetime, so nobody can tell which the review means
    assert ("R7", "nothing_to_ask") in {(row["id"], row["reason"]) for row in rejected}


def test_snippets_that_praise_an_aspect():
    options = {"aspects": ["Lid"], "choices": 3, "text_characters": {"en": [3, 60]}}
    task = make_task("review_snippets", options, "retrieval", languages=["en"])
    examples, _ = make_examples(task, {"products": PRODUCTS, "reviews": REVIEWS}, 99, 1)
    glass = next(e for e in examples if e.fields["aspect"] == "glass lid")
    assert [glass.choices[place] for place in glass.gold] == ["Love the glass lid."]
    assert "The glass lid broke at once." in glass.choices  # of the same kind, but no praise
    assert "A flat lid, very handy." not in glass.choices  # it may be praise of such a lid


def test_a_task_without_recipe_makes_nothing():
    task = make_task("columns", {}).model_copy(update={"recipe": None})
    assert make_examples(task, {"products": PRODUCTS}, 5, 1) == ([], [])


def test_an_absent_table_or_column_is_named():
    options = {"table": "articles", "fields": {"text": "text"}, "answer": "title"}
    task = make_task("columns", options)
    examples, rejected = make_examples(task, {"products": PRODUCTS}, 5, 1)
    assert (examples, [row["reason"] for row in rejected]) == ([], ["table_missing"])
    assert "articles" in rejected[0]["detail"]
    lacking = {"articles": pd.DataFrame({"article_id": ["A"], "language": ["en"], "text": ["x"]})}
    examples, rejected = make_examples(task, lacking, 5, 1)
    assert (examples, [row["reason"] for row in rejected]) == ([], ["column_missing"])
    assert "table articles has no column 'title'" in rejected[0]["detail"]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("column", {}, "task a_task: no recipe 'column'; one of .*columns"),
        ("columns", {"fields": {"a": "b"}}, r"task a_task: recipe.options.answer \(columns\)"),
        ("spans", {"ask": "all", "labels": {"a": []}}, r"recipe.options.ask \(spans\)"),
    ],
)
def test_wrong_options_are_named(kind, options, message):
    with pytest.raises(ValueError, match=message):
        make_examples(make_task(kind, options), {"products": PRODUCTS}, 5, 1)


def test_no_more_than_asked_for_and_no_question_twice():
    task = make_task("columns", {"fields": {"title": "title"}, "answer": "category"})
    assert len(make_examples(task, {"products": PRODUCTS}, 3, 1)[0]) == 3
    assert make_examples(task, {"products": PRODUCTS}, 0, 1) == ([], [])
    again = pd.concat([PRODUCTS, PRODUCTS.assign(product_id="Q" + PRODUCTS["product_id"])])
    examples, rejected = make_examples(task, {"products": again}, 99, 1)
    assert len(examples) == 8
    assert [row["reason"] for row in rejected] == ["same_question"] * 8


def test_the_same_question_with_another_answer_is_not_hidden():
    rows = [product(1, "Acme Pan"), product(2, "Acme Pan", "Kitchen > stockpot")]
    task = make_task("columns", {"fields": {"title": "title"}, "answer": "leaf"})
    examples, rejected = make_examples(task, {"products": pd.DataFrame(rows)}, 9, 1)
    assert {example.gold for example in examples} == {"frying pan", "stockpot"}
    assert rejected == []
