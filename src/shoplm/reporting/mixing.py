"""The page of data_mixing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from shoplm.reporting.page import Section, render_page


def render_mixing_page(
    statistics: pd.DataFrame,
    report: Mapping[str, Any],
    samples: pd.DataFrame,
    figures: Mapping[str, go.Figure],
) -> str:
    """The HTML page of one run.

    Args:
        statistics: `corpus_statistics`.
        report: `mixing_report`.
        samples: `document_samples`.
        figures: `corpus`, `clusters` and `mixtures` (see `figures`).
    """
    clusters, mixtures = report["clusters"], report["mixtures"]
    held_out = report["held_out"]
    totals = statistics[["records", "kept", "tokens"]].sum()
    facts = {
        "records read": f"{totals['records']:,}",
        "records kept": f"{totals['kept']:,}",
        "tokens kept": f"{totals['tokens']:,}",
        "clusters of shop records": f"{clusters['clusters']:,}",
        "clusters of several sources": (
            f"{clusters['multi_source_share']:.0%}" if clusters["clusters"] else "none"
        ),
        "tokens held out": f"{held_out['tokens']:,}",
        "least fill of a mixture": f"{min(m['fill'] for m in mixtures.values()):.2%}",
    }
    sides = pd.DataFrame(
        [{"mixture": name, **side} for name, m in mixtures.items() for side in m["sides"]]
    )
    blocks = pd.DataFrame(
        [
            {"mixture": name, **{k: v for k, v in mixture.items() if k != "sides"}}
            for name, mixture in mixtures.items()
        ]
    )
    return render_page(
        "What data mixing made of the corpus",
        facts,
        [
            Section(
                "Corpus",
                "Every record that was read is kept or refused once; token counts are of kept "
                "records (EcomGPT-CT, Table 1, for this corpus).",
                statistics,
                figures["corpus"],
            ),
            Section(
                "Why records were refused",
                "The first rule that a record failed, or the record that stands for it.",
                pd.DataFrame(report["reasons"]),
            ),
            Section(
                "Clusters",
                f"{clusters['components']:,} components of linked records gave "
                f"{clusters['clusters']:,} clusters. Below the smallest size are "
                f"{clusters['small_components']:,} components that have no more records, and "
                f"{clusters['left_over']:,} clusters that were left over of larger ones.",
                figure=figures["clusters"],
            ),
            Section(
                "Held out",
                f"{held_out['records']:,} of the records kept are in no mixture, and "
                f"{held_out['trainable_records']:,} may be: general texts by their content, shop "
                "records by whole components, so that no product of theirs is trained on. Losses "
                "are measured on some of each split; clusters join records of the shop splits. A "
                "split without measured documents is left out: it has too little text.",
                pd.DataFrame(held_out["splits"]),
            ),
            Section(
                "Mixtures",
                "Token shares asked and achieved on one budget.",
                sides,
                figures["mixtures"],
            ),
            Section(
                "Blocks",
                "Documents packed into blocks; a document is cut only when it exceeds a block.",
                blocks,
            ),
            Section(
                "Samples",
                "Documents drawn at random from each mixture, as a model reads them.",
                samples=[
                    {
                        "title": f"{mixture}: {document}",
                        "parts": list(
                            zip(rows["source"] + ", " + rows["language"], rows["text"], strict=True)
                        ),
                    }
                    for (mixture, document), rows in samples.groupby(
                        ["mixture", "document_id"], sort=False
                    )
                ],
            ),
        ],
    )
