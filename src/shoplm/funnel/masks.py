"""What MD multiplies each region's features with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from shoplm.funnel.models.md import MD
from shoplm.funnel.saving import check_log, load

if TYPE_CHECKING:
    from pandas import DataFrame

    from shoplm.funnel.log.folder import FunnelLog

MASKS = ["region", "feature", "mask"]


def region_masks(model: Path, log: FunnelLog) -> DataFrame:
    """The mask of every region of a log and every feature that depends on the region.

    A mask is a factor of the scaled feature. Where each task has an MD of its own, it is their
    mean. A model without MD, or whose MD is off, has no rows.

    Args:
        model: folder of a trained model.
        log: that it was trained on.

    Returns:
        `MASKS`: a row a region and feature, in the log's order.

    Raises:
        FileNotFoundError: there is no model.
        ValueError: it was trained on another log.
    """
    import pandas as pd

    check_log(model, log)
    trained, description = load(model)
    modules = [m for m in trained.modules() if isinstance(m, MD)] if trained.is_trained else []
    if not modules:
        return pd.DataFrame(columns=MASKS)
    described = torch.from_numpy(log.region_numeric)
    with torch.no_grad():
        masks = torch.stack([module.masks(described) for module in modules]).mean(0)
    names = [description.numeric[place] for place in modules[0].dependent.tolist()]
    table = pd.DataFrame(masks.numpy(), index=log.regions, columns=names)
    found = table.stack().rename_axis(["region", "feature"]).rename("mask")
    return found.reset_index()[MASKS]
