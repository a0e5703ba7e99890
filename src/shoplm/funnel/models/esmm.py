"""ESMM: each task over the entire space, as a product (Ma et al., SIGIR 2018)."""

from __future__ import annotations

from torch import Tensor

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import Towers
from shoplm.funnel.models.settings import ESMMSettings


class ESMM(FunnelModel):
    """Entire-space multi-task model, for a funnel of any length.

    Towers over shared embeddings give the conditional probabilities, and each task is learned over
    all rows as their product: pCTCVR = pCTR * pCVR (equation 1), the loss is the cross-entropy
    of pCTR and of pCTCVR (equation 3). A longer funnel goes on the same way, p_t = p_{t-1} *
    sigma(z_t), as ESM2 does (SIGIR 2020).
    """

    is_product = True

    def __init__(self, settings: ESMMSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        width = self.inputs.width
        self.towers = Towers(self.n_tasks, width, settings.tower, settings.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits, conditional on the task before."""
        return self.towers(self.inputs(batch).T)
