"""Settings of an adapter (LoRA, arXiv 2106.09685), without torch or peft."""

from __future__ import annotations

from typing import Any, Literal, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from shoplm.variants import Settings

_HAVE_FIELDS = {
    "r": "rank", "lora_alpha": "alpha", "lora_dropout": "dropout",
    "target_modules": "target_modules",
}  # fmt: skip
_SET_HERE = frozenset(
    {"task_type", "peft_type", "auto_mapping", "peft_version", "inference_mode", "revision"}
    | {"base_model_name_or_path"}
)
_NOT_SUPPORTED = frozenset(
    {"loftq_config", "eva_config", "corda_config", "lora_ga_config", "kasa_config"}
    | {"velora_config", "monteclora_config", "arrow_config", "runtime_config", "megatron_config"}
    | {"megatron_core", "layer_replication", "alora_invocation_tokens", "use_qalora"}
    | {"qalora_group_size", "use_bdlora"}
)
"""They change the base model, or need data or hardware that a training run does not give them."""
_INITIAL = (True, False, "gaussian", "orthogonal")
"""Initial weights that leave the base model as it is."""


class LoraSettings(Settings):
    """An adapter: to the frozen weight W of a linear layer is added alpha / rank * B A."""

    rank: int = 16
    """Rows of A and columns of B."""
    alpha: int = Field(32, ge=1)
    """The update is scaled by alpha / rank."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Of the input of A in training."""
    target_modules: Literal["all-linear"] | list[str] = "all-linear"
    """Ends of the names of the layers that get one; by default every linear layer but the head."""
    extra: dict[str, Any] = {}
    """Other fields of peft's LoraConfig, such as `use_rslora`, `bias` or `rank_pattern`."""

    @field_validator("rank")
    @classmethod
    def _has_rank(cls, rank: int) -> int:
        if rank < 1:
            raise ValueError(
                "an adapter has rank 1 or more; leave `adapter` empty to train the whole model"
            )
        return rank

    @field_validator("target_modules")
    @classmethod
    def _names(cls, targets: str | list[str]) -> str | list[str]:
        if not targets:
            raise ValueError("name one layer or more, or 'all-linear'")
        return targets

    @field_validator("extra")
    @classmethod
    def _of_lora_config(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if not extra:
            return extra
        from peft import LoraConfig  # seconds, for those who ask for it

        types = get_type_hints(LoraConfig)
        for name, value in extra.items():
            if name in _HAVE_FIELDS:
                raise ValueError(f"{name!r} is the setting {_HAVE_FIELDS[name]!r} here")
            if name in _SET_HERE or name in _NOT_SUPPORTED:
                raise ValueError(f"{name!r} cannot be set for a training run")
            if name not in types:
                raise ValueError(f"{name!r} is no field of peft's LoraConfig")
            if name == "init_lora_weights" and value not in _INITIAL:
                raise ValueError(f"{name!r} is {value!r}, expected one of {_INITIAL}")
            try:
                TypeAdapter(types[name]).validate_python(value, strict=True)
            except ValidationError as error:
                message = error.errors()[0]["msg"]
                raise ValueError(f"{name!r} is {value!r}: {message}") from None
        return extra
