"""What trains a model: plain PyTorch or DeepSpeed, behind the same few verbs."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from shoplm.lm.blocks import MicroBatch
from shoplm.lm.checkpoints import write_durably
from shoplm.lm.deepspeed_config import DEEPSPEED_FILE, deepspeed_config, has_fp32_masters
from shoplm.lm.lock import compiling
from shoplm.lm.models import own_tensors
from shoplm.lm.packed import PackedCausalLM, check_no_leak
from shoplm.lm.processes import Processes
from shoplm.lm.run import TrainingSettings


class Engine(Protocol):
    """Holds a model and its optimizer; every process calls every method.

    Once the model is where it trains, it is refused if documents leak (`check_no_leak`).
    """

    packed: PackedCausalLM

    def backward(self, micro_batches: Sequence[MicroBatch], n_targets: int) -> torch.Tensor:
        """Gradients of the mean over the `n_targets` targets of all processes' micro-batches.

        A micro-batch may have none; of no target at all the gradients are 0.

        Returns:
            Scalar: the sum of this process's target losses, in nats.
        """

    def step(self, rate: float) -> float:
        """Clip and step, if the gradient is finite; its global norm before clipping."""

    def losses(self, micro_batch: MicroBatch) -> torch.Tensor:
        """(B, L) fp32: the loss of each target, 0 elsewhere; without gradients or dropout."""

    def weights(self, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """The model's tensors by name, on the host; empty in all but the first process.

        Of a model with adapters only those that are trained.
        """

    def save(self, directory: Path) -> None:
        """Write this process's part of the state to a folder."""

    def load(self, directory: Path) -> None:
        """Take up the state in a folder."""

    def close(self) -> None:
        """Free the memory."""


class PlainEngine:
    """fp32 weights and moments, bf16 by autocast, one copy of the model in each process."""

    def __init__(
        self, packed: PackedCausalLM, training: TrainingSettings, processes: Processes
    ) -> None:
        """Move the model to the device of this process.

        Raises:
            ValueError: the model cannot train on packed documents.
        """
        self.packed = packed.to(processes.device)
        self.processes = processes
        self.clipping = training.optimizer.gradient_clipping
        self.autocast = training.precision == "bf16"
        adamw = training.optimizer
        self.optimizer = torch.optim.AdamW(
            parameter_groups(packed, adamw.weight_decay),
            lr=adamw.learning_rate,
            betas=adamw.betas,
            eps=adamw.epsilon,
            fused=True,
        )
        self.trained = packed
        if processes.world_size > 1:
            self.trained = torch.nn.parallel.DistributedDataParallel(
                packed, broadcast_buffers=False, gradient_as_bucket_view=True
            )
        check_no_leak(packed, self._evaluate)

    def backward(self, micro_batches: Sequence[MicroBatch], n_targets: int) -> torch.Tensor:
        """See `Engine`."""
        self.packed.train()
        # DistributedDataParallel divides what it sums by the number of processes
        scale = self.processes.world_size / max(n_targets, 1)
        total = torch.zeros((), device=self.processes.device)
        for number, micro_batch in enumerate(micro_batches, start=1):
            with self._last(number == len(micro_batches)):
                with self._precision():
                    loss = self.trained(*map(self._moved, micro_batch))
                (loss * scale).backward()
            total += loss.detach()
        return total

    def step(self, rate: float) -> float:
        """See `Engine`."""
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, self.clipping))
        if math.isfinite(norm):
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            self.optimizer.step()
        self.optimizer.zero_grad()
        return norm

    def losses(self, micro_batch: MicroBatch) -> torch.Tensor:
        """See `Engine`."""
        return self._evaluate(*micro_batch, reduction="none").float()

    def weights(self, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """See `Engine`."""
        if not self.processes.is_first:
            return {}
        return {name: _on_host(t, dtype) for name, t in _results(self.packed)}

    def save(self, directory: Path) -> None:
        """See `Engine`; every process has the same, so the first writes it."""
        self.processes.first(lambda: self._save(directory / "state.pt"))

    def load(self, directory: Path) -> None:
        """See `Engine`."""
        state = torch.load(directory / "state.pt", map_location="cpu", weights_only=True)
        with torch.no_grad():
            for name, tensor in _changing(self.packed.model):
                tensor.copy_(state["model"][name])
        self.optimizer.load_state_dict(state["optimizer"])

    def close(self) -> None:
        """See `Engine`."""
        del self.packed, self.trained, self.optimizer
        _collect(self.processes)

    def _save(self, file: Path) -> None:
        tensors = {name: tensor.detach() for name, tensor in _changing(self.packed.model)}
        torch.save({"model": tensors, "optimizer": self.optimizer.state_dict()}, file)

    @torch.no_grad()
    def _evaluate(
        self,
        tokens: torch.Tensor,
        segments: torch.Tensor | None,
        supervised: torch.Tensor | None = None,
        *,
        reduction: str,
    ) -> torch.Tensor:
        self.packed.eval()
        inputs = map(self._moved, (tokens, segments, supervised))
        with self._precision():
            return self.packed(*inputs, reduction=reduction)

    def _moved(self, tensor: torch.Tensor | None) -> torch.Tensor | None:
        return _on_device(tensor, self.processes.device)

    def _precision(self) -> contextlib.AbstractContextManager:
        return torch.autocast(
            self.processes.device.type, dtype=torch.bfloat16, enabled=self.autocast
        )

    def _last(self, is_last: bool) -> contextlib.AbstractContextManager:
        """Gradients travel with the last micro-batch alone."""
        if is_last or self.trained is self.packed:
            return contextlib.nullcontext()
        return self.trained.no_sync()


class DeepSpeedEngine:
    """ZeRO over the processes; with bf16 the model's weights are bf16 and the masters fp32.

    The masters start as the weights that the model came with, not as those rounded to bf16.
    """

    def __init__(
        self,
        packed: PackedCausalLM,
        training: TrainingSettings,
        processes: Processes,
        sequence_length: int,
        directory: Path,
    ) -> None:
        """Hand the model to DeepSpeed; what it is told is written to `directory`.

        Raises:
            ValueError: the model cannot train on packed documents.
        """
        import deepspeed

        config = deepspeed_config(training, processes.world_size, sequence_length)
        if processes.is_first:
            write_durably(directory / DEEPSPEED_FILE, json.dumps(config, indent=1))
        processes.form_group()
        self.packed = packed
        self.processes = processes
        # held through the cast: in bf16 BLOOM's fp16 weights would lose three of eleven bits
        masters = has_fp32_masters(training)
        given = {p: p.data for p in packed.parameters() if p.requires_grad} if masters else {}
        with compiling(_extensions()):
            if not deepspeed.comm.is_initialized():
                deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False)
            self.engine, self.optimizer, *_ = deepspeed.initialize(
                model=packed,
                model_parameters=parameter_groups(packed, training.optimizer.weight_decay),
                config=config,
            )
        for parameter, weights in given.items():
            self._set_master(parameter, weights)
        del given
        check_no_leak(packed, self._evaluate)  # by the engine, which gathers ZeRO-3's parameters

    def backward(self, micro_batches: Sequence[MicroBatch], n_targets: int) -> torch.Tensor:
        """See `Engine`."""
        self.engine.train()
        # DeepSpeed averages over the processes, and over the micro-batches unless it is told
        scale = self.processes.world_size / max(n_targets, 1)
        total = torch.zeros((), device=self.processes.device)
        for number, micro_batch in enumerate(micro_batches, start=1):
            loss = self.engine(*map(self._moved, micro_batch))
            self.engine.backward(loss * scale, scale_wrt_gas=False)
            if number < len(micro_batches):
                self.engine.step()  # counts; the last one steps
            total += loss.detach()
        return total

    def step(self, rate: float) -> float:
        """See `Engine`; in fp32 DeepSpeed has stepped all the same, so the model is of no use."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # without ZeRO and in fp32 DeepSpeed tells no norm
        gradients = [p.grad for p in self.packed.parameters() if p.grad is not None]
        own = torch.nn.utils.get_total_norm(gradients) if gradients else None
        self.engine.step()
        norm = self.engine.get_global_grad_norm()
        return float(own if norm is None else norm)

    def losses(self, micro_batch: MicroBatch) -> torch.Tensor:
        """See `Engine`."""
        return self._evaluate(*micro_batch, reduction="none").float()

    def weights(self, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """See `Engine`; from the fp32 masters, gathered one at a time."""
        from deepspeed.runtime.zero import GatheredParameters
        from deepspeed.utils import safe_get_full_fp32_param

        gathered = {}
        for name, tensor in _results(self.packed):
            # frozen ones have no master
            master = safe_get_full_fp32_param(tensor) if tensor.requires_grad else None
            with GatheredParameters([tensor], enabled=master is None and hasattr(tensor, "ds_id")):
                if self.processes.is_first:
                    gathered[name] = _on_host(tensor if master is None else master, dtype)
        return gathered

    def save(self, directory: Path) -> None:
        """See `Engine`."""
        self.engine.save_checkpoint(
            directory, tag="deepspeed", save_latest=False, exclude_frozen_parameters=True
        )

    def load(self, directory: Path) -> None:
        """See `Engine`."""
        path, _ = self.engine.load_checkpoint(
            directory, tag="deepspeed", load_module_strict=not self.packed.is_adapted
        )
        if path is None:
            raise ValueError(f"{directory}: DeepSpeed found no state in this checkpoint")

    def close(self) -> None:
        """See `Engine`."""
        self.engine.destroy()
        del self.packed, self.engine, self.optimizer
        _collect(self.processes)

    def _set_master(self, parameter: torch.nn.Parameter, weights: torch.Tensor) -> None:
        """Give this process's part of a master the digits that a cast to bf16 has cost."""
        from deepspeed.utils import safe_set_full_fp32_param

        if weights.dtype == torch.bfloat16:
            return
        # ZeRO-3 pads what its processes cannot share evenly, and takes no such value
        if hasattr(parameter, "ds_id") and weights.numel() % self.processes.world_size:
            return
        safe_set_full_fp32_param(parameter, weights)

    @torch.no_grad()
    def _evaluate(
        self,
        tokens: torch.Tensor,
        segments: torch.Tensor | None,
        supervised: torch.Tensor | None = None,
        *,
        reduction: str,
    ) -> torch.Tensor:
        self.engine.eval()
        inputs = map(self._moved, (tokens, segments, supervised))
        return self.engine(*inputs, reduction=reduction)

    def _moved(self, tensor: torch.Tensor | None) -> torch.Tensor | None:
        return _on_device(tensor, self.processes.device)


def parameter_groups(module: torch.nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Trained parameters, matrices with weight decay, biases and norms without."""
    trained = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _changing(model: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """What training changes; the frozen rest lies in the base model."""
    for name, tensor in own_tensors(model):
        if tensor.requires_grad or not isinstance(tensor, torch.nn.Parameter):
            yield name, tensor


def _results(packed: PackedCausalLM) -> Iterator[tuple[str, torch.Tensor]]:
    """What is written in the end."""
    return (_changing if packed.is_adapted else own_tensors)(packed.model)


def _on_device(tensor: torch.Tensor | None, device: torch.device) -> torch.Tensor | None:
    """A copy that the GPU makes while this process goes on; that takes pinned memory."""
    if tensor is None or device.type == "cpu":
        return tensor
    if device.type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def _on_host(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    tensor = tensor.detach()
    return tensor.to("cpu", dtype if tensor.is_floating_point() else tensor.dtype, copy=True)


def _extensions() -> Path:
    """Where PyTorch compiles extensions."""
    from torch.utils.cpp_extension import get_default_build_root

    return Path(os.environ.get("TORCH_EXTENSIONS_DIR") or get_default_build_root())


def _collect(processes: Processes) -> None:
    gc.collect()
    if processes.device.type == "cuda":
        torch.cuda.empty_cache()
