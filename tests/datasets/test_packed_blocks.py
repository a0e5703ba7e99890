from dataclasses import replace

import numpy as np
import pytest
from kedro.io import DatasetError

from shoplm.corpus.packing import BlocksMeta, PackedBlocks
from shoplm.datasets import PackedBlocksDataset


def make_blocks(seed, n_blocks=5, width=8):
    tokens = np.random.default_rng(seed).integers(2, 99, (n_blocks, width)).astype(np.uint16)
    meta = BlocksMeta(
        sequence_length=width,
        n_blocks=n_blocks,
        n_tokens=tokens.size,
        n_documents=n_blocks,
        n_cut=0,
        fill=1.0,
        eos_id=2,
        vocabulary_size=99,
        tokenizer="0" * 16,
        seed=seed,
    )
    return PackedBlocks(
        tokens=tokens,
        lengths=np.full(n_blocks, width, np.int32),
        offsets=np.arange(n_blocks + 1),
        documents=np.arange(n_blocks),
        meta=meta,
    )


@pytest.fixture
def dataset(tmp_path):
    return PackedBlocksDataset(path=str(tmp_path / "packed_blocks"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "packed_blocks"


def test_round_trip_memory_mapped(dataset):
    blocks = make_blocks(0)
    dataset.save({"mixed": blocks, "separate": lambda: make_blocks(1)})
    loaded = dataset.load()
    assert list(loaded) == ["mixed", "separate"]
    assert isinstance(loaded["mixed"].tokens, np.memmap)
    np.testing.assert_array_equal(loaded["mixed"].tokens, blocks.tokens)
    np.testing.assert_array_equal(loaded["separate"].tokens, make_blocks(1).tokens)
    assert loaded["mixed"].meta == blocks.meta


def test_names_that_are_not_saved_again_vanish(dataset, folder):
    dataset.save({"mixed": make_blocks(0), "old": make_blocks(1)})
    open_before = dataset.load()["mixed"]
    dataset.save({"mixed": make_blocks(2)})
    assert list(dataset.load()) == ["mixed"]
    np.testing.assert_array_equal(dataset.load()["mixed"].tokens, make_blocks(2).tokens)
    np.testing.assert_array_equal(open_before.tokens, make_blocks(0).tokens)  # still readable
    assert [path.name for path in folder.parent.iterdir()] == ["packed_blocks"]


def test_failed_save_keeps_the_old_mixtures(dataset, folder):
    def fail():
        raise ValueError("an impossible ratio")

    dataset.save({"mixed": make_blocks(0)})
    with pytest.raises(DatasetError, match="an impossible ratio"):
        dataset.save({"mixed": make_blocks(1), "other": fail})
    np.testing.assert_array_equal(dataset.load()["mixed"].tokens, make_blocks(0).tokens)
    assert [path.name for path in folder.parent.iterdir()] == ["packed_blocks"]


def test_killed_between_the_renames_of_a_swap(dataset, folder):
    dataset.save({"mixed": make_blocks(0)})
    folder.rename(folder.parent / ".packed_blocks.previous")
    assert dataset.exists()
    assert list(dataset.load()) == ["mixed"]


@pytest.mark.parametrize("name", ["tokens.npy", "lengths.npy", "meta.json"])
def test_missing_file_is_named(dataset, folder, name):
    dataset.save({"mixed": make_blocks(0)})
    (folder / "mixed" / name).unlink()
    with pytest.raises(DatasetError, match=rf"mixed/{name}: .*incomplete"):
        dataset.load()


@pytest.mark.parametrize("name", ["tokens.npy", "offsets.npy", "meta.json"])
def test_truncated_file_is_refused(dataset, folder, name):
    dataset.save({"mixed": make_blocks(0)})
    path = folder / "mixed" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DatasetError, match=r"packed_blocks/mixed.*damaged"):
        dataset.load()


def test_files_that_do_not_belong_together_are_refused(dataset):
    blocks = make_blocks(0)
    dataset.save({"mixed": replace(blocks, meta=replace(blocks.meta, n_blocks=6))})
    with pytest.raises(DatasetError, match=r"packed_blocks/mixed: arrays do not fit"):
        dataset.load()


def test_nothing_there(dataset):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="packed_blocks: not there"):
        dataset.load()


@pytest.mark.parametrize("name", ["../escape", "..", "a/b", "", ".hidden"])
def test_names_are_folder_names(dataset, name):
    with pytest.raises(DatasetError, match="cannot name a mixture"):
        dataset.save({name: make_blocks(0)})
