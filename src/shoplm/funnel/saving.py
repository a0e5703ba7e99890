"""A trained model as a folder: its weights, the run that made it and what it was told of the data.

Trees have no tensors: they are kept as Python keeps objects (pickle), so only load folders that
come from a run of your own.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from shoplm.funnel.models import build
from shoplm.funnel.models.description import Description
from shoplm.funnel.run import FunnelRun
from shoplm.launch.checkpoints import appearing

if TYPE_CHECKING:
    from shoplm.funnel.log.folder import FunnelLog
    from shoplm.funnel.models.base import FunnelModel
    from shoplm.funnel.models.gbm import GradientBoosting

WEIGHTS = "model.safetensors"
TREES = "model.pickle"
SETTINGS = "settings.json"


def save(
    directory: Path,
    run: FunnelRun,
    model: FunnelModel | GradientBoosting,
    description: Description,
    fingerprint: str,
) -> None:
    """Write a model, whole, in place of what is there.

    Args:
        directory: of the model.
        run: that trained it.
        model: trained.
        description: that it was built with.
        fingerprint: of the data folder.
    """
    with appearing(directory) as aside:
        if model.is_trained:
            state = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
            save_file(state, aside / WEIGHTS)
        else:
            (aside / TREES).write_bytes(pickle.dumps(model))
        settings = {
            "run": run.model_dump(mode="json"),
            "description": asdict(description),
            "data": fingerprint,
        }
        (aside / SETTINGS).write_text(json.dumps(settings, indent=1), "utf-8")


def load(
    directory: Path, device: torch.device | str = "cpu"
) -> tuple[FunnelModel | GradientBoosting, Description]:
    """A model that `save` wrote, in evaluation mode, and what it was told of its data.

    Raises:
        FileNotFoundError: there is none.
    """
    run, description = read_settings(directory)
    directory = Path(directory)
    if (directory / TREES).is_file():
        return pickle.loads((directory / TREES).read_bytes()), description
    model = build(run.model, description)
    model.load_state_dict(load_file(directory / WEIGHTS))
    return model.to(device).eval(), description


def read_settings(directory: Path) -> tuple[FunnelRun, Description]:
    """The run that made a model, and what the model was told of its data.

    Raises:
        FileNotFoundError: there is none.
    """
    settings = _settings(directory)
    told = {n: tuple(v) if isinstance(v, list) else v for n, v in settings["description"].items()}
    return FunnelRun.model_validate(settings["run"]), Description(**told)


def check_log(directory: Path, log: FunnelLog) -> None:
    """Refuse a log other than the one that a model was trained on: its ids mean other things.

    Raises:
        FileNotFoundError: there is no model.
        ValueError: it was trained on another log.
    """
    if (trained_on := _settings(directory)["data"]) != log.fingerprint:
        raise ValueError(
            f"{directory}: was trained on another log (fingerprint {trained_on}) than that in "
            f"{log.folder} (fingerprint {log.fingerprint})"
        )


def _settings(directory: Path) -> dict[str, Any]:
    file = Path(directory) / SETTINGS
    if not file.is_file():
        raise FileNotFoundError(f"{directory}: no funnel model here, it has no {SETTINGS}")
    return json.loads(file.read_text("utf-8"))
