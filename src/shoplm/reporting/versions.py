"""What software results were made with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = [
    "shoplm", "torch", "transformers", "tokenizers", "peft", "deepspeed", "kedro", "pandas",
    "numpy", "rouge-score", "sacrebleu",
]  # fmt: skip


def list_versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
