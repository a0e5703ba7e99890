import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.literals import read_literal
from shoplm.corpus.properties import parse_properties, render_properties


def words(forbidden=""):
    """Text that white-space folding and key tidying leave as it is."""
    characters = st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"))
    characters = characters.filter(lambda c: c not in forbidden and not c.isspace())
    text = st.text(characters, min_size=1, max_size=12)
    return st.lists(text, min_size=1, max_size=3).map(" ".join)


def values(forbidden=""):
    """As `words`, without what is respelt: `lithium_ion` and the number `3.`."""
    return words(forbidden + "_").filter(lambda value: not value.endswith("."))


def keys(forbidden=""):
    return words(forbidden + ":：_")


def pairs(key, value):
    return st.lists(st.tuples(key, value), min_size=1, max_size=6)


def ruby(text):
    return json.dumps(text, ensure_ascii=False).replace("#", "\\#")


@given(pairs(keys("#;"), words().filter(lambda v: "#" not in v)))
def test_hash_semicolon_round_trip(given_pairs):
    text = "#;#".join(f"{key}#:#{value}" for key, value in given_pairs)
    assert parse_properties(text) == given_pairs
    assert parse_properties(text, "hash_semicolon") == given_pairs


@given(pairs(keys("#*"), words("#").filter(lambda v: v.strip("*") == v)))
def test_hash_star_round_trip_with_stars_inside_values(given_pairs):
    text = "*".join(f"{key}#{value}" for key, value in given_pairs)
    assert parse_properties(text, "hash_star") == given_pairs


@given(pairs(keys(), values()))
def test_ruby_round_trip_with_any_value(given_pairs):
    entries = ", ".join(
        f'{{"key"=>{ruby(key)}, "value"=>{ruby(value)}}}' for key, value in given_pairs
    )
    text = f'{{"product_specification"=>[{entries}]}}'
    assert parse_properties(text) == given_pairs


@given(pairs(keys(), values()))
def test_json_object_round_trip_with_any_value(given_pairs):
    merged = {}
    for key, value in given_pairs:
        merged.setdefault(key, []).append(value)
    text = json.dumps(merged)
    wanted = [(key, value) for key, values in merged.items() for value in values]
    assert parse_properties(text, "literal") == wanted


@given(pairs(keys(), values()), st.sampled_from([("key", "value"), ("name", "values"), ("k", "v")]))
def test_entries_round_trip_under_any_name(given_pairs, names):
    entries = [dict(zip(names, pair, strict=True)) for pair in given_pairs]
    assert parse_properties(entries) == given_pairs
    assert parse_properties(json.dumps(entries, ensure_ascii=False)) == given_pairs
    assert parse_properties(repr(entries)) == given_pairs


@given(pairs(keys(), values()))
def test_python_mapping_round_trip(given_pairs):
    merged = dict(given_pairs)
    assert parse_properties(repr(merged), "literal") == list(merged.items())


@given(pairs(keys("{},;|；，"), words(":：,;|；，")), st.sampled_from(["\n", "; ", " | ", ", "]))
def test_lines_round_trip(given_pairs, separator):
    text = separator.join(f"{key}: {value}" for key, value in given_pairs)
    assert parse_properties(text, "lines") == given_pairs


def nest(leaves):
    texts = st.text(st.characters(exclude_categories=("Cs",)))
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=12,
    )


nested = nest(st.none() | st.booleans() | st.integers() | st.floats() | st.text())


def as_ruby(value):
    """The value as Ruby's `inspect` writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_ruby(k)}=>{as_ruby(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_ruby, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    return json.dumps(value, ensure_ascii=False).replace("#", "\\#")


@given(nest(st.none() | st.booleans() | st.text(st.characters(exclude_categories=("Cs",)))))
def test_nested_data_is_read_back_from_python_json_and_ruby(value):
    for text in (repr([value]), json.dumps([value]), as_ruby([value])):
        assert read_literal(text) == [value]


@given(st.text() | nested | st.text(alphabet="{}[]()\"'=>:,;#*\\ ab\n"))
def test_rendering_never_raises(value):
    assert isinstance(render_properties(value), str)
    for shape in ("hash_semicolon", "hash_star", "literal", "lines"):
        assert isinstance(render_properties(value, shape), str)


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_text_without_any_structure_keeps_its_words(text):
    plain = "".join(c for c in text if c.isalnum() or c == " ")
    assert render_properties(plain) == " ".join(plain.split())


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "(" * 5000 + ")" * 5000])
def test_deep_nesting_is_only_text(text):
    assert render_properties(text) == text


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        ("品牌#:#甲#;#风格#:#简约#;#风格#:#复古", "品牌: 甲\n风格: 简约, 复古"),
        ("类型#裙*材质#棉*风格#简约*风格#复古", "类型: 裙\n材质: 棉\n风格: 简约, 复古"),
        (
            '{"product_specification"=>[{"key"=>"Type", "value"=>"Mug"}, {"value"=>"1 Mug"}]}',
            "Type: Mug\n1 Mug",
        ),
        ('{"product_specification"=>{"key"=>"Type", "value"=>"Mug"}}', "Type: Mug"),
        ('{"product_specification"=>nil}', ""),
        ('{:size=>"M", "sizes" => ["S", "M"], :none=>nil}', "Size: M\nSizes: S, M"),
        ('{"Color": "Red", "Sizes": ["S", "M"]}', "Color: Red\nSizes: S, M"),
        ('[{"name": "Color", "value": "Red"}]', "Color: Red"),
        ('[["Color", "Red"], ["Size", "M"]]', "Color: Red\nSize: M"),
        ('[{"Color": "Red"}, {"Size": "M"}]', "Color: Red\nSize: M"),
        ("['Color: Red', 'Size: M', 'washable']", "Color: Red\nSize: M\nwashable"),
        ("{'Color': \"Rock 'n' red\", 'Size': None}", "Color: Rock 'n' red"),
        ("Color: Red; Size: M", "Color: Red\nSize: M"),
        ("Color: Red\nSize: M", "Color: Red\nSize: M"),
        ("Color: Red, Size: M", "Color: Red\nSize: M"),
        ("A plain sentence; another one.", "A plain sentence; another one."),
        ("See http://example.org/a; it helps", "See http://example.org/a; it helps"),
        ({"\n    Item Weight: \n    ": "1 pounds"}, "Item Weight: 1 pounds"),
        ({"Best Sellers Rank": {"Toys": 5, "Games": 12}}, "Best Sellers Rank: Toys 5, Games 12"),
        (["item_weight:  { unit:grams, normalized_value:{ unit:pounds, value:2 }, value:907. }"],
         "Item weight: 907 grams"),
        (["item_size:  { width:{ unit:inches, value:3. }, length:{ unit:inches, value:12.5 } }"],
         "Item size: width 3 inches, length 12.5 inches"),
        (["language:  { type:published, value:english }; { type:unknown, value:french }"],
         "Language: english (published), french"),
        (["num_batteries:  { quantity:6, type:lithium_ion }"], "Num batteries: 6 lithium ion"),
        (["back:  { material:[ { value:\"oak\" } ] }"], "Back: material oak"),
        (['size:  { value:"44|" x 30|"" }'], 'Size: 44" x 30"'),
        (["list_price:  { currency:usd, value:22.99 }"], "List price: 22.99 usd"),
        ({"a": float("nan"), "b": 2.0, "c": True}, "B: 2\nC: true"),
        (None, ""),
        ("", ""),
        ("  \n ", ""),
        ([], ""),
    ],
)  # fmt: skip
def test_shapes_found_in_the_wild(value, rendered):
    assert render_properties(value) == rendered


def test_a_stated_shape_that_does_not_fit_falls_back_to_the_text():
    assert render_properties("just  words", "hash_star") == "just words"
    with pytest.raises(ValueError, match="expected key#value"):
        parse_properties("just words", "hash_star")


def test_every_shape_of_the_simulated_shop_gives_its_true_properties():
    from shoplm.simulation.catalogue import simulate_catalogue
    from shoplm.simulation.listings import write_listings
    from shoplm.simulation.settings import CatalogueSize

    table, truth = write_listings(simulate_catalogue(CatalogueSize(products=60), 3), 3)
    for product_id, text in zip(table.product_id, table.properties, strict=True):
        # where a key comes twice, its values stand together in some shapes
        assert sorted(parse_properties(text)) == sorted(map(tuple, truth[product_id]))
