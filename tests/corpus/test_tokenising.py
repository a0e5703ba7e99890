import json
import shutil

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from shoplm.corpus import tokenising
from shoplm.corpus.tokenising import Vocabulary, tokenise_records


@pytest.fixture(scope="module")
def vocabulary(tokenizer_directory):
    return Vocabulary.open(tokenizer_directory)


def test_ids_are_those_of_the_tokenizer_and_columns_stay(vocabulary, tokenizer_directory):
    texts = ["red cotton", "红色 shirt\n38", "🙂 \x00", "fox" * 3000] * 5000  # several batches
    records = pd.DataFrame({"record_id": [f"r{i}" for i in range(len(texts))], "text": texts})
    table = tokenise_records(ibis.memtable(records), vocabulary).read_all().to_pandas()
    assert table["text"].tolist() == texts and table["record_id"].tolist() == list(
        records.record_id
    )
    reference = AutoTokenizer.from_pretrained(tokenizer_directory)
    for text, tokens, n in zip(texts[:4], table["tokens"], table["n_tokens"], strict=False):
        assert tokens.tolist() == reference(text, add_special_tokens=False)["input_ids"]
        assert len(tokens) == n
    assert table["tokens"][0].dtype == np.uint16


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_byte_level_tokens_decode_to_the_text(vocabulary, texts):
    table = ibis.memtable(pd.DataFrame({"text": texts}, dtype=object), schema={"text": "string"})
    for text, row in zip(
        texts, tokenise_records(table, vocabulary).read_all().to_pylist(), strict=True
    ):
        assert vocabulary.tokenizer.decode(row["tokens"], skip_special_tokens=False) == text


def test_no_records_stream_an_empty_table_of_the_same_shape(vocabulary):
    empty = ibis.memtable(
        pd.DataFrame(
            {"text": pd.Series([], dtype=object)},
        ),
        schema={"text": "string"},
    )
    table = tokenise_records(empty, vocabulary).read_all()
    assert table.num_rows == 0 and table.column_names == ["text", "n_tokens", "tokens"]


def test_a_tokenizer_without_eos_is_refused(tokenizer_directory, tmp_path):
    shutil.copytree(tokenizer_directory, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "tokenizer_config.json"
    values = json.loads(config.read_text())
    values.pop("eos_token")
    config.write_text(json.dumps(values))
    (tmp_path / "special_tokens_map.json").unlink(missing_ok=True)
    with pytest.raises(ValueError, match=r"tokenizer_config.json: field 'eos_token' is missing"):
        Vocabulary.open(tmp_path)


def test_a_directory_without_a_tokenizer_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        Vocabulary.open(tmp_path)


def test_the_fingerprint_follows_the_definition(tokenizer_directory, tmp_path):
    shutil.copytree(tokenizer_directory, tmp_path, dirs_exist_ok=True)
    same = Vocabulary.open(tmp_path).fingerprint
    assert same == Vocabulary.open(tokenizer_directory).fingerprint
    definition = tmp_path / "tokenizer.json"
    values = json.loads(definition.read_text())
    values["model"]["merges"].pop()
    definition.write_text(json.dumps(values))
    assert Vocabulary.open(tmp_path).fingerprint != same


def test_special_tokens_in_a_text_are_text(vocabulary):
    table = ibis.memtable(pd.DataFrame({"text": ["red </s> <pad> fox"]}))
    (row,) = tokenise_records(table, vocabulary).read_all().to_pylist()
    assert not {0, 1} & set(row["tokens"])
    assert vocabulary.tokenizer.decode(row["tokens"]) == "red </s> <pad> fox"


def test_long_texts_are_encoded_in_portions(vocabulary, monkeypatch):
    texts = ["fox" * n for n in (1, 50, 2, 3, 60, 1)]
    table = ibis.memtable(pd.DataFrame({"text": texts}))
    whole = tokenise_records(table, vocabulary).read_all()
    monkeypatch.setattr(tokenising, "PORTION", 100)
    assert tokenise_records(table, vocabulary).read_all().equals(whole)
