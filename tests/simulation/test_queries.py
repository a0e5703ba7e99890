"""Queries and their grades."""

import pytest

from shoplm.simulation.lexicon import KINDS


@pytest.fixture(scope="module")
def judged(simulated):
    products = {p.product_id: p for p in simulated.shop.products}
    table = simulated.tables["queries"]
    return [(row, products[row.product_id]) for row in table.itertuples()]


def test_every_query_has_an_exact_match_and_all_grades_occur(simulated):
    table = simulated.tables["queries"]
    assert table["query_id"].nunique() == simulated.settings.catalogue.queries
    assert set(table["relevance"]) == {"E", "S", "C", "I"}
    by_query = table.groupby("query_id")
    assert by_query["relevance"].agg(lambda grades: "E" in set(grades)).all()
    assert by_query.size().between(4, simulated.settings.catalogue.judgements).all()
    assert not table.duplicated(["query_id", "product_id"]).any()
    assert (by_query["query"].nunique() == 1).all()


def test_queries_and_products_speak_one_language(judged):
    assert all(row.language == product.language for row, product in judged)


def test_grades_follow_from_kinds(judged):
    kind = {row.query_id: product.kind for row, product in judged if row.relevance == "E"}
    for row, product in judged:
        asked = kind[row.query_id]
        if row.relevance in ("E", "S"):
            assert product.kind is asked
        elif row.relevance == "C":
            assert product.kind.key in asked.goes_with
        else:
            assert product.kind.key not in {asked.key, *asked.goes_with}


def test_exact_products_have_what_the_query_names(judged):
    materials = {kind.key: kind.materials for kind in KINDS.values()}
    assert materials  # the facets below are those of the catalogue
    for row, product in judged:
        named = {
            facet
            for facet in (product.material, product.style)
            if facet.name[row.language].lower() in row.query
        }
        if row.relevance == "S" and {product.material, product.style} <= named:
            pytest.fail(f"{row.query!r} names all that {product.name} is, yet it is a substitute")


def test_positions_give_nothing_away(simulated):
    first = simulated.tables["queries"].groupby("query_id").head(1)
    assert (first["relevance"] == "E").mean() < 0.5
