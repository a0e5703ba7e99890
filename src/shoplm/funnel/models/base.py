"""What every model of the comparison can do: forward, loss, predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.settings import NeuralSettings


class FunnelModel(nn.Module):
    """k binary tasks for each row; made by `Model(settings, description)`.

    A model gives logits in `forward`. If it is a product, logit z_t is of p(task t | task t-1) and
    p_t = p_{t-1} * sigma(z_t), so that no p_t exceeds p_{t-1}; otherwise p_t = sigma(z_t).
    Probabilities and losses are computed in fp32 whatever the weights are.
    """

    is_trained: ClassVar[bool] = True
    """Whether it learns by gradients of `loss`, and not in a `fit` of its own."""
    is_product: bool = False
    """Whether the logits are conditional on the task before."""
    order_weight: float = 0.0
    """Of the hinge on probabilities that rise along the tasks, in the loss."""

    task_weights: Tensor

    def __init__(self, settings: NeuralSettings, description: Description) -> None:
        super().__init__()
        k = len(description.tasks)
        weights = settings.task_weights or (1.0,) * k
        if len(weights) != k:
            raise ValueError(
                f"model {settings.model}: task_weights has {len(weights)} values for "
                f"{k} tasks ({', '.join(description.tasks)})"
            )
        self.n_tasks = k
        self.register_buffer("task_weights", torch.tensor(weights), persistent=False)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> Tensor:
        """Scalar fp32: mean over rows of the weighted sum over tasks of the cross-entropy, and the
        hinge on rising probabilities if the model has one."""
        logits = self(batch).float()
        if self.is_product:
            log_p, log_not_p = log_products(logits)
        else:
            log_p, log_not_p = F.logsigmoid(logits), F.logsigmoid(-logits)
        labels = batch.labels.float()
        entropy = -(labels * log_p + (1 - labels) * log_not_p)
        loss = entropy.mean(0) @ self.task_weights.float()
        if self.order_weight:
            loss = loss + self.order_weight * rising(self._probabilities(logits))
        return loss

    @torch.no_grad()
    def predict(self, batch: Batch) -> Tensor:
        """(B, k) fp32 probabilities; a product never rises along the tasks, not even by rounding.

        The mode is left as it is: call `eval()` before.
        """
        return self._probabilities(self(batch).float())

    def _probabilities(self, logits: Tensor) -> Tensor:
        p = logits.sigmoid()
        return p.cumprod(1) if self.is_product else p

    @torch.no_grad()
    def adopt(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take the weights of the same model of fewer tasks, the first ones of these.

        A weight of the same shape is copied. One that is longer here holds what tasks have of their
        own side by side, those that come first first: that part is copied. A weight of the same
        name that would not fit into the one here is left.

        So the first tasks are scored as that model scores them, but where they read what a new task
        brings: the experts of other tasks in AdaTT, and in PLE from its second level on.

        Returns: by name, what was taken, as views of this model's weights.
        """
        taken = {}
        for name, own in self.state_dict().items():
            other = state.get(name)
            if other is None or other.dim() != own.dim():
                continue
            if all(a <= b for a, b in zip(other.shape, own.shape, strict=True)):
                taken[name] = own[tuple(map(slice, other.shape))]
                taken[name].copy_(other)
        return taken


def log_products(logits: Tensor) -> tuple[Tensor, Tensor]:
    """log p_t and log(1 - p_t) of p_t = sigma(z_1) ... sigma(z_t), both (B, k), for any logit.

    log p_t is a sum of log-sigmoids. 1 - p_t = (1 - p_{t-1}) + p_{t-1} * sigma(-z_t) adds what is
    not negative, so nothing cancels where p_t is near 1:
    log(1 - p_t) = logaddexp(log(1 - p_{t-1}), log p_{t-1} + logsigmoid(-z_t)).
    """
    log_p = F.logsigmoid(logits).cumsum(1)
    log_fail = F.logsigmoid(-logits)
    log_not_p = [log_fail[:, 0]]
    for t in range(1, logits.shape[1]):
        log_not_p.append(torch.logaddexp(log_not_p[-1], log_p[:, t - 1] + log_fail[:, t]))
    return log_p, torch.stack(log_not_p, 1)


def rising(p: Tensor) -> Tensor:
    """Scalar: mean over rows of sum_t max(p_t - p_{t-1}, 0), for p (B, k)."""
    return (p[:, 1:] - p[:, :-1]).relu().sum(1).mean()
