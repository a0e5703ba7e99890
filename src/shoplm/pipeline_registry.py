"""The pipelines that `kedro run --pipelines=NAME` knows."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DESIGN_CARD = ["data_mixing"]
"""What `kedro run` alone runs, in order."""


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline alone, `demo` (a simulated shop, then all of them) and `__default__`."""
    alone = find_pipelines(raise_errors=True)
    alone.pop("__default__", None)
    default = sum((alone[name] for name in DESIGN_CARD if name in alone), Pipeline([]))
    return alone | {"__default__": default, "demo": sum(alone.values(), Pipeline([]))}
