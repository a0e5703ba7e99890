"""Kedro settings: configuration environments and hooks."""

import os

os.environ.setdefault("DO_NOT_TRACK", "true")  # kedro and mlflow both obey exactly this word

from shoplm.hooks import RunLog, Tracking

HOOKS = (RunLog(), Tracking())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro-viz")  # the latter warns on partial runs
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # the default is destructive: a one-line overlay of a block would drop its other keys
    "merge_strategy": {"parameters": "soft"},
}
