"""The file that tells a program what to do: written whole, read with one clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ValidationError

from shoplm.variants import Settings, first_problem

RUN_FILE = "run.json"


def write_run(run: BaseModel, directory: Path) -> Path:
    """Write `run` into `directory`, unless it stands there already; the path of its file."""
    file = Path(directory) / RUN_FILE
    text = json.dumps(run.model_dump(mode="json"), indent=1)
    if not file.exists() or file.read_text() != text:
        partial = file.with_suffix(".part")
        partial.write_text(text)
        partial.replace(file)
    return file


class RunSettings(Settings):
    """The content of a run file."""

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a run file.

        Raises:
            FileNotFoundError: it is not there.
            ValueError: it is not JSON, or a field is wrong; the message names it.
        """
        file = Path(file)
        if not file.is_file():
            raise FileNotFoundError(f"{file}: no such run file")
        try:
            return cls.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise ValueError(f"{file}: {first_problem(error)}") from None


class VariantRun(RunSettings):
    """The run file of a variant with a seed; a subclass has the fields `variant` and `seed`."""

    PATHS: ClassVar[tuple[str, ...]] = ()
    """Fields that name what is read; some may be null."""

    @property
    def name(self) -> str:
        """Variant and seed: `mixed/seed-0`."""
        return f"{self.variant}/seed-{self.seed}"

    def paths(self) -> dict[str, Path | None]:
        """What is read, by field."""
        return {name: getattr(self, name) for name in self.PATHS}

    def write(self, directory: Path) -> Path:
        """Write the run file into `directory` and return its path; paths become absolute."""
        absolute = {name: path and path.resolve() for name, path in self.paths().items()}
        return write_run(self.model_copy(update=absolute), directory)
