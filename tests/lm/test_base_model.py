import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from transformers import AutoModelForCausalLM, AutoTokenizer

from shoplm.lm.bloom import write_bloom
from shoplm.lm.settings import BloomSettings, TokenizerSettings
from shoplm.lm.tokenizer import train_tokenizer

SMALL = TokenizerSettings(vocabulary_size=320)
TEXTS = pd.DataFrame(
    {
        "text": [f"the river number {i} runs past mill {i * 7}" for i in range(60)]
        + [f"第{i}条河流流过第{i * 7}座磨坊" for i in range(40)],
        "language": ["en"] * 60 + ["zh"] * 40,
    }
)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, SMALL)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_byte_for_byte(tokenizer, text):
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_row_order_does_not_matter(tokenizer):
    shuffled = train_tokenizer(TEXTS.sample(frac=1, random_state=1), SMALL)
    assert shuffled.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()
    assert len(tokenizer) == 320


def test_a_large_language_does_not_crowd_out_a_small_one():
    english = pd.DataFrame(
        {"text": [f"{chr(97 + i % 26) * 3} word{i} and word{i * i}" for i in range(9_000)]}
    ).assign(language="en")
    both = pd.concat([TEXTS[TEXTS["language"] == "zh"], english])
    sizes = {
        balance: len(
            train_tokenizer(
                both, TokenizerSettings(vocabulary_size=350, balance_languages=balance)
            )("第3条河流流过第21座磨坊")["input_ids"]
        )
        for balance in (True, False)
    }
    assert sizes[True] < sizes[False]


def test_a_language_of_one_short_text_leaves_some_of_the_others():
    short = pd.DataFrame({"text": ["ok", None], "language": ["xx", "en"]})
    trained = train_tokenizer(pd.concat([TEXTS, short]), SMALL)
    assert len(trained) > 260


def test_lone_surrogates_do_no_harm():
    broken = pd.DataFrame({"text": ["river \ud83d mill"], "language": ["en"]}, dtype=object)
    assert len(train_tokenizer(pd.concat([TEXTS, broken]), SMALL)) == 320


@pytest.mark.parametrize(
    ("texts", "settings", "words"),
    [
        (TEXTS[:0], SMALL, "no text to train"),
        (TEXTS[:1].assign(text=" \n"), SMALL, "no text to train"),
        (TEXTS[:1].assign(text=None), SMALL, "no text to train"),
        (pd.DataFrame(), SMALL, "expected the columns text and language"),
        (TEXTS, TokenizerSettings(vocabulary_size=259), "259 is below 260"),
    ],
)
def test_what_cannot_be_trained_is_refused(texts, settings, words):
    with pytest.raises(ValueError, match=words):
        train_tokenizer(texts, settings)


def test_the_model_is_an_ordinary_directory_and_follows_its_seed(tokenizer, tmp_path):
    settings = BloomSettings(hidden_size=32, layers=2, heads=2)
    models = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_bloom(tmp_path / name, tokenizer, settings, seed)
        models.append(AutoModelForCausalLM.from_pretrained(tmp_path / name))
    one, same, other = (model.state_dict()["transformer.h.0.mlp.dense_h_to_4h.weight"]
                        for model in models)  # fmt: skip
    assert torch.equal(one, same) and not torch.equal(one, other)
    loaded = AutoTokenizer.from_pretrained(tmp_path / "a")
    ids = loaded("the river", return_tensors="pt").input_ids
    assert models[0](ids).logits.shape == (1, ids.shape[1], 320)
    config = models[0].config
    assert (config.bos_token_id, config.eos_token_id, config.pad_token_id) == (1, 2, 3)
    assert loaded.convert_ids_to_tokens([0, 1, 2, 3]) == ["<unk>", "<s>", "</s>", "<pad>"]


def test_the_default_model_has_the_stated_size(tokenizer, tmp_path):
    write_bloom(tmp_path, tokenizer, BloomSettings(), 0)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    body = model.num_parameters() - 320 * 128
    assert body + 8_000 * 128 == pytest.approx(1.8e6, rel=0.02)


def test_heads_must_divide_the_width():
    with pytest.raises(ValidationError, match="multiple of heads"):
        BloomSettings(hidden_size=30, heads=4)
