"""Model cards beside the models that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from shoplm.datasets.atomic import replacing
from shoplm.variants import CARD


class ModelCardsDataset(AbstractDataset["Mapping[str, str]", "dict[str, str]"]):
    """The README of each model directory below `path`, by the directory's relative name.

    A model lies at `<folder>/<variant>/seed-<n>`; other files of that name are none of its cards.
    Saving writes each card whole beside its model, and removes those of models below `folders` that
    get none. The weights are not touched, nor are files that a model shares with the run that made
    it; a card does not count in the fingerprint of a model.
    """

    def __init__(
        self, *, path: str, folders: list[str], metadata: dict[str, Any] | None = None
    ) -> None:
        """Args:
        path: the folder of all models.
        folders: the folders in it whose models have cards.
        metadata: for other tools.
        """
        self._path = Path(path)
        self._folders = folders
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The cards that are there, by name of the model (`pretrained_models/mixed/seed-0`).

        Raises:
            DatasetError: there are none.
        """
        cards = {
            file.parent.relative_to(self._path).as_posix(): file.read_text("utf-8")
            for file in self._files()
        }
        if not cards:
            raise DatasetError(
                f"{self._path}: no model has a card; run the node that writes them first"
            )
        return cards

    def save(self, data: Mapping[str, str]) -> None:
        """Put every card in its place.

        Raises:
            DatasetError: a model is not there, or lies elsewhere; nothing is written.
        """
        for name in data:
            folder, *place = name.split("/")
            if folder not in self._folders or ".." in place:
                raise DatasetError(f"{name!r} lies in none of the folders {self._folders}")
            if len(place) != 2 or not place[1].startswith("seed-"):
                raise DatasetError(f"{name!r} is no model; expected {folder}/<variant>/seed-<n>")
            if not (self._path / name).is_dir():
                raise DatasetError(f"{self._path / name}: there is no model to put a card beside")
        for file in self._files():
            if file.parent.relative_to(self._path).as_posix() not in data:
                file.unlink()
        for name, card in data.items():
            with replacing(self._path / name / CARD) as written:
                written.write_text(card, "utf-8")

    def _files(self) -> list[Path]:
        return sorted(
            file
            for folder in self._folders
            for file in (self._path / folder).glob(f"*/seed-*/{CARD}")
        )

    def _exists(self) -> bool:
        return bool(self._files())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "folders": self._folders}
