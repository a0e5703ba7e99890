"""Logistic regression, one a task."""

from __future__ import annotations

from torch import Tensor, nn

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.settings import LogisticSettings


class Logistic(FunnelModel):
    """z = W x + b, trained as the networks are.

    An embedding under a linear layer is one weight a category and task as long as it is at least as
    wide as there are tasks, so without MD this is the regression on the one-hot categories.
    """

    def __init__(self, settings: LogisticSettings, description: Description) -> None:
        super().__init__(settings, description)
        if settings.inputs.embedding < self.n_tasks:
            raise ValueError(
                f"model logistic: inputs.embedding is {settings.inputs.embedding}, but "
                f"{self.n_tasks} tasks need as much for one weight a category and task"
            )
        self.inputs = FeatureInput(settings, description)
        self.linear = nn.Linear(self.inputs.width, self.n_tasks)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        return self.linear(self.inputs(batch))
