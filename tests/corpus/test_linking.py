import logging
import unicodedata

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shoplm.corpus.linking import NameIndex, link_mentions, normalise_name
from shoplm.corpus.sources import LinkingSettings

ANY = LinkingSettings(min_name_length=1, max_products_per_name=99)


def is_han(character):
    return "\u4e00" <= character <= "\u9fff"


def slow_normal(text):
    """Character by character: letters and digits, one space for the rest, none beside Han."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    out = ""
    for word in words:
        glued = not out or is_han(out[-1]) or is_han(word[0])
        out += word if glued else " " + word
    return out


def slow_find(names, text):
    """All places of all names, longest first, from the left; taken ones block what overlaps."""
    text = slow_normal(text)
    owners = {}
    for key, name in names:
        owners.setdefault(slow_normal(name), set()).add(key)
    places = []
    for name in filter(None, owners):
        for start in range(len(text) - len(name) + 1):
            if text[start : start + len(name)] == name:
                places.append((start, start + len(name)))

    def edge(at):
        if at in (0, len(text)):
            return True
        return any(c == " " or is_han(c) for c in text[at - 1 : at + 1])

    found, free = set(), [True] * len(text)
    for start, end in sorted(places, key=lambda place: (place[0] - place[1], place)):
        if edge(start) and edge(end) and all(free[start:end]):
            free[start:end] = [False] * (end - start)
            found |= owners[text[start:end]]
    return sorted(found)


words = st.text(alphabet="aAb1 -_,。红茶Ａ", max_size=4)


@given(st.lists(st.tuples(st.sampled_from("klmn"), words), max_size=8), st.text("aAb1 -,。红茶Ａ"))
@example([("k", "a b"), ("l", "b a b")], "a b a b")
@example([("k", "ab"), ("l", "b1")], "ab1 b1")
def test_finds_what_a_slow_search_finds(names, text):
    assert NameIndex(names, ANY).find(text) == slow_find(names, text)


@given(st.text(st.characters(exclude_categories=("Cs",))))
@example("ﬁne & Ⅷ x_y")
@example("AT&amp;T &lt;b&gt;")
def test_normal_names_stay_as_they_are(text):
    normal = normalise_name(text)
    assert normalise_name(normal) == normal
    assert normal == normal.strip()
    assert "  " not in normal


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Acme Mug, 12-oz", "I like the ACME mug 12 oz. very much"),
        ("Acme Mug", "Ａｃｍｅ　Ｍｕｇ"),
        ("红茶 壶 X1", "我买了红茶壶x1，很好"),
        ("红茶壶", "这款“红茶壶”真好"),
        ("iPhone 手机壳", "新iPhone手机壳到了"),
        ('18" Chain', "an 18&quot; chain"),
        ("Straße 5", "STRASSE 5"),
    ],
)
def test_spelling_that_does_not_matter(name, text):
    assert NameIndex([("k", name)], ANY).find(text) == ["k"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("Red Tea", "a red teapot"), ("Tea 1", "Tea 12"), ("Acme Mug", "Acme mugs"), ("mug", "smug")],
)
def test_words_are_matched_whole(name, text):
    assert NameIndex([("k", name)], ANY).find(text) == []


def test_the_longest_match_wins_and_the_shorter_is_found_elsewhere():
    names = NameIndex([("old", "Acme Mug"), ("new", "Acme Mug Pro")], ANY)
    assert names.find("The Acme Mug Pro is out") == ["new"]
    assert names.find("The Acme Mug Pro follows the Acme Mug") == ["new", "old"]


def test_short_and_shared_names_are_ignored_and_counted():
    names = [
        ("1", "Mug"),
        ("2", "茶壶"),
        ("3", "红茶壶大"),
        *((f"s{n}", "Shared Name") for n in range(4)),
    ]
    names += [("4", "Fine Name"), ("5", "fine  name")]
    index = NameIndex(names, LinkingSettings(min_name_length=8, max_products_per_name=3))
    assert (index.total, index.too_short, index.shared) == (5, 2, 1)
    assert index.find("Mug 茶壶 红茶壶大 shared name fine name") == ["3", "4", "5"]


def test_no_names_find_nothing():
    assert NameIndex([], ANY).find("text") == []
    assert NameIndex([("k", "--")], ANY).find("text") == []


def tables(records, names):
    connection = ibis.duckdb.connect()
    columns = ("record_id", "source", "language", "kind", "keys", "text", "row")
    rows = [dict(zip(columns, record, strict=True)) for record in records]
    schema = pa.schema(
        [(c, pa.list_(pa.string()) if c == "keys" else pa.string()) for c in columns[:-1]]
        + [("row", pa.int64())]
    )
    return (
        connection.create_table("records", pa.Table.from_pylist(rows, schema)),
        connection.create_table(
            "names", pa.table({"key": [n[0] for n in names], "name": [n[1] for n in names]})
        ),
    )


RECORDS = [
    ("a-1", "articles", "en", "shop", [], "About the Acme Mug and the Blue Jar.", 1),
    ("a-2", "articles", "en", "shop", ["z", "jar"], "Only the blue jar.", 2),
    ("a-3", "articles", "en", "shop", ["z"], "Nothing.", 3),
    ("r-1", "reviews", "en", "shop", ["mug"], "Better than the Blue Jar.", 1),
]
NAMES = [("mug", "Acme Mug"), ("jar", "Blue Jar")]


def linked(sources, names=NAMES):
    records = link_mentions(*tables(RECORDS, names), sources, LinkingSettings())
    return records, records.order_by("record_id").execute()


def test_keys_are_added_to_the_records_of_the_named_sources(caplog):
    with caplog.at_level(logging.INFO):
        records, found = linked(["articles"])
    assert list(records.columns) == [
        "record_id",
        "source",
        "language",
        "kind",
        "keys",
        "text",
        "row",
    ]
    assert [list(keys) for keys in found["keys"]] == [["jar", "mug"], ["jar", "z"], ["z"], ["mug"]]
    assert found.record_id.tolist() == [record[0] for record in RECORDS]
    assert found.text.tolist() == [record[5] for record in RECORDS]
    assert "2 of 3 records mention a product by name" in caplog.text


@pytest.mark.parametrize(("sources", "names"), [([], NAMES), (["none"], NAMES), (["articles"], [])])
def test_without_sources_or_names_records_come_back(sources, names):
    _, found = linked(sources, names or [("k", "")])
    assert [list(keys) for keys in found["keys"]] == [record[4] for record in RECORDS]


def test_finds_the_products_that_the_simulated_shop_put_into_its_articles():
    """Names that start another's, respelt mentions, two languages."""
    from shoplm.simulation.articles import write_articles
    from shoplm.simulation.catalogue import simulate_catalogue
    from shoplm.simulation.settings import CatalogueSize

    products = simulate_catalogue(CatalogueSize(products=150), 3)
    articles, links = write_articles(products, 80, 0.2, 3)
    index = NameIndex([(product.product_id, product.name) for product in products])
    found = {
        (article, key)
        for article, text in zip(articles.article_id, articles.text, strict=True)
        for key in index.find(text)
    }
    true = {(article, key) for article, keys in links.items() for key in keys}
    assert len(found & true) >= 0.98 * len(true)
    assert len(found & true) >= 0.98 * len(found)
