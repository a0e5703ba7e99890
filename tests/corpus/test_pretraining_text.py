import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.held_out import are_held_out
from shoplm.corpus.pretraining_text import pack_general_text, share_tokens
from shoplm.corpus.quality_settings import CleaningSettings, DeduplicationSettings
from shoplm.corpus.settings import HeldOutSettings, PackingSettings
from shoplm.corpus.tokenising import Vocabulary

THIRD = HeldOutSettings(share=0.3, max_tokens=2_000)
WORDS = (
    "river",
    "mill",
    "road",
    "bridge",
    "harbour",
    "field",
    "stone",
    "winter",
    "garden",
    "tower",
)
SIGNS = "河磨路桥港田石冬园信塔市山水木火土金风雨雪云日月星辰春夏秋"


def sentences(language, number, seed=0):
    """Texts that no two of are alike."""
    rng = random.Random(f"{language}{seed}")
    if language == "zh":
        return ["".join(rng.choices(SIGNS, k=60)) for _ in range(number)]
    return [
        " ".join(f"the {rng.choice(WORDS)} {rng.randint(0, 999)}" for _ in range(20))
        for _ in range(number)
    ]


def frame(**numbers):
    rows = [(text, name) for name, count in numbers.items() for text in sentences(name, count)]
    return pd.DataFrame(rows, columns=["text", "language"])


@pytest.fixture(scope="module")
def pack(tokenizer_directory):
    vocabulary = Vocabulary.open(tokenizer_directory)

    def pack(texts, held_out=THIRD, max_tokens=None, seed=0):
        return pack_general_text(
            texts,
            vocabulary,
            CleaningSettings(),
            DeduplicationSettings(),
            held_out,
            PackingSettings(sequence_length=512),
            max_tokens,
            seed,
        )

    pack.vocabulary = vocabulary
    return pack


@pytest.fixture(scope="module")
def documents(pack):
    """The texts of the documents in some blocks."""

    def documents(blocks):
        pieces = {}
        for block in range(blocks.meta.n_blocks):
            names = blocks.documents[blocks.offsets[block] : blocks.offsets[block + 1]]
            for name, piece in zip(names.tolist(), blocks.segments(block), strict=True):
                pieces.setdefault(name, []).append(piece)
        assert all(len(parts) == 1 for parts in pieces.values())
        return {pack.vocabulary.tokenizer.decode(parts[0][:-1]) for parts in pieces.values()}

    return documents


def test_every_text_is_trained_on_or_held_out_by_its_content(pack, documents):
    texts = frame(en=60, zh=60)
    blocks = pack(texts)
    assert set(blocks) == {"general", "general_en", "general_zh"}
    held = are_held_out(texts["text"], THIRD)
    assert documents(blocks["general"]) == set(texts.loc[~held, "text"])
    measured = documents(blocks["general_en"]) | documents(blocks["general_zh"])
    assert measured and measured <= set(texts.loc[held, "text"])
    assert all(blocks[name].meta.n_tokens <= THIRD.max_tokens for name in blocks if "_" in name)


def test_near_duplicates_of_what_is_held_out_are_not_trained_on(pack, documents):
    texts = frame(en=80)
    held = are_held_out(texts["text"], THIRD)
    near = texts.assign(text=texts["text"] + " and so on")
    moved = are_held_out(near["text"], THIRD) != held
    assert moved.any()  # their keys differ, so the hash alone would not do
    trained = documents(pack(pd.concat([texts, near]))["general"])
    allowed = ~held & ~are_held_out(near["text"], THIRD)
    stems = {text.removesuffix(" and so on") for text in trained}
    assert stems == set(texts.loc[allowed, "text"]) and len(stems) == len(trained)


def test_a_title_before_the_text_changes_nothing_of_what_is_held_out(pack, documents):
    texts = frame(en=60)
    titled = texts.assign(text="On a place\n" + texts["text"])
    plain, other = (documents(pack(t)["general"]) for t in (texts, titled))
    assert {text.removeprefix("On a place\n") for text in other} == plain


def test_languages_get_equal_shares(pack, documents):
    blocks = pack(frame(en=120, zh=40), HeldOutSettings(share=0), max_tokens=8_000)
    assert set(blocks) == {"general"} and 7_500 < blocks["general"].meta.n_tokens <= 8_000
    tokens = {"en": 0, "zh": 0}
    for text in documents(blocks["general"]):
        tokens["en" if text.isascii() else "zh"] += len(pack.vocabulary.encode(text)) + 1
    assert tokens["en"] == pytest.approx(4_000, rel=0.05) == tokens["zh"]


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 50), min_size=1), st.integers(0, 99)
)
def test_shares_are_as_equal_as_what_is_there_allows(available, total):
    shares = share_tokens(available, total)
    assert all(0 <= shares[name] <= there for name, there in available.items())
    most = max(shares.values())
    for name, there in available.items():
        assert shares[name] == there or shares[name] >= most - 1
    assert sum(shares.values()) == min(total, sum(available.values()))
    assert share_tokens(available, None) == available


def test_row_order_does_not_matter_and_seeds_do(pack):
    texts = pd.concat([frame(en=30, zh=30), frame(en=3)])
    blocks = pack(texts, max_tokens=3_000)
    again = pack(texts.sample(frac=1, random_state=5), max_tokens=3_000)
    assert blocks.keys() == again.keys()
    assert all((again[name].tokens == b.tokens).all() for name, b in blocks.items())
    other = pack(texts, max_tokens=3_000, seed=1)["general"].tokens
    assert (
        other.shape != blocks["general"].tokens.shape or (other != blocks["general"].tokens).any()
    )


def test_texts_that_cannot_be_used_are_passed_over(pack, documents):
    good = frame(en=12)
    bad = pd.DataFrame(
        {"text": [None, " ", "short", "half \ud83d a pair"], "language": "en"}, dtype=object
    )
    blocks = pack(pd.concat([good, bad, good]), HeldOutSettings(share=0))
    assert documents(blocks["general"]) == {*good["text"], "half ? a pair"}


def test_nothing_left_is_an_error(pack):
    with pytest.raises(ValueError, match="no text is left to pre-train on, all are held out"):
        pack(frame(en=4), HeldOutSettings(share=0.9999))
    with pytest.raises(ValueError, match="none of 1 records is left: too_short removed 1"):
        pack(pd.DataFrame({"text": ["tiny"], "language": ["en"]}))
    with pytest.raises(ValueError, match="none of 0 records is left"):
        pack(pd.DataFrame({"text": [], "language": []}))
