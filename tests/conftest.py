"""Settings of the whole suite."""

import os

import pytest
from hypothesis import settings

os.environ["DO_NOT_TRACK"] = "true"
settings.register_profile("suite", deadline=None)  # a shared machine pauses where it likes
settings.load_profile("suite")


@pytest.fixture(scope="session")
def tokenizer_directory(tmp_path_factory):
    """A byte-level BPE tokenizer as an ordinary Hugging Face directory."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    texts = ["the quick brown fox sells red cotton shirts, sizes 38 to 44", "红色 棉质 衬衫"]
    trained.train_from_iterator(texts, vocab_size=400, special_tokens=["<pad>", "</s>"])
    directory = tmp_path_factory.mktemp("tokenizer")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, eos_token="</s>", pad_token="<pad>"
    )
    fast.save_pretrained(directory)
    return directory
