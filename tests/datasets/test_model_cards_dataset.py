import os

import pytest
from kedro.io import DatasetError

from shoplm.datasets import ModelCardsDataset
from shoplm.lm.models import copy_beside
from shoplm.variants import fingerprint


@pytest.fixture
def models(tmp_path):
    for name in ("pretrained_models/mixed/seed-0", "sft_models/ladder_1/seed-0", "runs/x"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(name)
    (tmp_path / "runs/x/README.md").write_text("of another")
    return tmp_path


@pytest.fixture
def dataset(models):
    return ModelCardsDataset(path=str(models), folders=["pretrained_models", "sft_models"])


def test_cards_lie_beside_their_models_and_come_back(dataset, models):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="no model has a card"):
        dataset.load()
    cards = {"pretrained_models/mixed/seed-0": "# 混合\n", "sft_models/ladder_1/seed-0": "# l\n"}
    dataset.save(cards)
    assert dataset.load() == cards and dataset.exists()
    assert (models / "pretrained_models/mixed/seed-0/README.md").read_text("utf-8") == "# 混合\n"
    one = {"sft_models/ladder_1/seed-0": "# again\n"}
    dataset.save(one)  # a model that gets none has none
    assert dataset.load() == one
    assert sorted(p.name for p in (models / "pretrained_models/mixed/seed-0").iterdir()) == [
        "config.json"
    ]
    assert (models / "runs/x/README.md").read_text() == "of another"


def test_a_card_changes_no_fingerprint(dataset, models):
    model = models / "pretrained_models/mixed/seed-0"
    before = fingerprint(model)
    dataset.save({"pretrained_models/mixed/seed-0": "# mixed"})
    assert fingerprint(model) == before
    (model / "config.json").write_text("other")
    assert fingerprint(model) != before


def test_a_file_that_a_run_shares_is_not_written_to(dataset, models):
    shared = models / "runs/x/README.md"
    os.link(shared, models / "sft_models/ladder_1/seed-0/README.md")
    dataset.save({"sft_models/ladder_1/seed-0": "# new"})
    assert shared.read_text() == "of another"


def test_a_readme_elsewhere_is_no_card_and_stays(dataset, models):
    inside = models / "sft_models/ladder_1/seed-0/adapter/README.md"
    inside.parent.mkdir()
    others = [inside, models / "sft_models/README.md", models / "sft_models/ladder_1/README.md"]
    for file in others:
        file.write_text("kept")
    assert not dataset.exists()
    cards = {"pretrained_models/mixed/seed-0": "# mixed\n"}
    dataset.save(cards)
    assert dataset.load() == cards
    assert [file.read_text() for file in others] == ["kept"] * 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sft_models/ladder_9/seed-0", "there is no model"),
        ("runs/x", "in none of the folders"),
        ("sft_models/../runs/x", "in none of the folders"),
        ("sft_models/ladder_1", "expected sft_models/<variant>/seed-<n>"),
    ],
)
def test_a_card_of_no_model_is_refused_and_nothing_is_written(dataset, name, message):
    dataset.save({"sft_models/ladder_1/seed-0": "# old"})
    with pytest.raises(DatasetError, match=message):
        dataset.save({"sft_models/ladder_1/seed-0": "# new", name: "# card"})
    assert dataset.load() == {"sft_models/ladder_1/seed-0": "# old"}


def test_a_base_models_card_is_not_carried_on(tmp_path):
    base, tuned = tmp_path / "base", tmp_path / "tuned"
    base.mkdir(), tuned.mkdir()
    for name in ("README.md", "NOTICE.md", "tokenizer.json", "LICENSE"):
        (base / name).write_text("of the base")
    copy_beside(base, tuned)
    assert sorted(file.name for file in tuned.iterdir()) == ["LICENSE", "NOTICE.md",
                                                            "tokenizer.json"]  # fmt: skip
