"""What became of instructions at each gate, in numbers."""

from __future__ import annotations

import pandas as pd

from shoplm.tasks.gates import GATES

KEYS = ["capability", "task", "difficulty", "source", "language"]
COLUMNS = [*KEYS, "gate", "n_in", "n_out"]
ALL_GATES = "all"


def describe_instructions(fates: pd.DataFrame) -> pd.DataFrame:
    """How many instructions went into each gate and came out.

    Args:
        fates: `capability, task, difficulty, source, language, gate`, one row for everything that
            was made or refused; gate is null for what was kept.

    Returns:
        One row for each combination of the first five that occurs and each gate, in the order of
        the gates: `n_in` went in and `n_out` came out, where what goes into a gate is what came out
        of the one before. Gate `all` goes from the first to the last: its `n_out` is the number of
        instructions kept. Sums over any of the columns are right too.

    Raises:
        ValueError: a gate that there is none of.
    """
    if unknown := set(fates["gate"].dropna()) - set(GATES):
        raise ValueError(f"gate {min(unknown)!r} is none of {', '.join(GATES)}")
    named = fates[KEYS].fillna("").astype(str)
    total = named.groupby(KEYS).size()
    left = total
    rows = []
    for gate in GATES:
        failed = named[fates["gate"].eq(gate)].groupby(KEYS).size()
        out = left.sub(failed, fill_value=0).astype("int64")
        rows.append(pd.DataFrame({"gate": gate, "n_in": left, "n_out": out}))
        left = out
    rows.append(pd.DataFrame({"gate": ALL_GATES, "n_in": total, "n_out": left}))
    table = pd.concat(rows).reset_index()
    place = {gate: n for n, gate in enumerate((*GATES, ALL_GATES))}
    table = table.sort_values(
        [*KEYS, "gate"], key=lambda c: c.map(place) if c.name == "gate" else c
    )
    return table[COLUMNS].astype({"n_in": "int64", "n_out": "int64"}).reset_index(drop=True)
