import random

import pandas as pd
import pytest

from shoplm.simulation.settings import CatalogueSize, ShopSettings
from shoplm.simulation.shop import open_shop
from shoplm.simulation.translations import translate_title, write_translations

CJK = r"[\u4e00-\u9fff]"


@pytest.fixture(scope="module")
def shop():
    return open_shop(ShopSettings(catalogue=CatalogueSize(products=300)))


@pytest.fixture(scope="module")
def translations(shop):
    return write_translations(shop.products, shop.listings, 0.5, seed=7)


def test_a_translation_is_in_the_other_language(shop, translations):
    own = shop.listings.set_index("product_id")["language"].loc[translations["product_id"]]
    assert set(zip(own, translations["language"], strict=True)) == {("en", "zh"), ("zh", "en")}
    assert 100 < len(translations) < 200
    assert translations["product_id"].is_unique
    is_zh = translations["language"] == "zh"
    assert translations.loc[is_zh, "description"].str.contains(CJK).all()


def test_it_states_the_properties_that_the_listing_states(shop, translations):
    listings = shop.listings.set_index("product_id")
    products = {product.product_id: product for product in shop.products}
    n_stated = 0
    for row in translations.itertuples():
        product, listing = products[row.product_id], listings.loc[row.product_id]
        for column in ("title", "description"):
            original, translated = listing[column].lower(), getattr(row, column).lower()
            assert product.name.lower() in translated
            terms = [product.material.name, product.colour]
            terms += [feature.name for feature in product.features]
            for term in terms:
                stated = term[product.language].lower() in original
                assert (term[row.language].lower() in translated) >= stated, (row.product_id, term)
                n_stated += stated
    assert n_stated > 500


def test_a_title_has_no_property_that_the_original_lacks(shop):
    english = next(product for product in shop.products if product.language == "en")
    bare = translate_title(english, english.name, "zh", random.Random(1))
    assert bare == f"{english.name}{english.kind.chinese[0]}"


def test_a_product_is_translated_alike_whoever_else_is_sold(shop, translations):
    half = write_translations(shop.products[:150], shop.listings.iloc[:150], 0.5, seed=7)
    pd.testing.assert_frame_equal(half, translations.iloc[: len(half)])
    assert len(write_translations(shop.products, shop.listings, 0.0, seed=7)) == 0


def test_nothing_else_of_the_shop_depends_on_it(build_shop, small_settings):
    def tables(share):
        catalogue = small_settings.catalogue.model_copy(update={"translated_share": share})
        made = build_shop(small_settings.model_copy(update={"catalogue": catalogue}))
        before = made.shop.listings.copy()
        write_translations(made.shop.products, made.shop.listings, share, small_settings.seed)
        pd.testing.assert_frame_equal(made.shop.listings, before)
        return made.tables, made.truth

    (few, few_truth), (many, many_truth) = tables(0.0), tables(1.0)
    assert few_truth == many_truth
    assert few.keys() == many.keys()
    for name in few:
        pd.testing.assert_frame_equal(few[name], many[name])
