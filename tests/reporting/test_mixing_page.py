from html.parser import HTMLParser

import ibis
import pandas as pd
import pytest

from shoplm.corpus.statistics import describe_clusters
from shoplm.reporting.figures import plot_clusters, plot_corpus, plot_mixtures
from shoplm.reporting.mixing import render_mixing_page

SIDE = {
    "kind": "general", "language": "zh", "asked_share": 1.0, "achieved_share": 1.0,
    "available": 9, "taken": 9, "passes": 1,
}  # fmt: skip
STATISTICS = pd.DataFrame(
    {
        "kind": ["general"], "source": ["web"], "language": ["zh"], "records": [1_234],
        "rejected": [2], "duplicates": [0], "contaminated": [0], "kept": [1_232],
        "tokens": [9_999], "mean_tokens": [8.1], "mean_characters": [12.3],
    }
)  # fmt: skip
SAMPLES = pd.DataFrame(
    [("m", "d1", 0, "web", "zh", "<script>alert(1)</script> 文字")],
    columns=["mixture", "document_id", "position", "source", "language", "text"],
)


@pytest.fixture(scope="module")
def page():
    """A run without any shop text."""
    clusters = ibis.memtable(
        pd.DataFrame({"cluster_id": ["c0"], "record_id": ["r0"], "component": [0]})
    )
    records = ibis.memtable(
        pd.DataFrame({"record_id": ["r0"], "kind": ["general"], "source": ["web"], "n_tokens": [9]})
    )
    report = {
        "reasons": [{"source": "web", "reason": "too_short", "records": 2}],
        "clusters": describe_clusters(clusters, records, 2),
        "held_out": {
            "records": 34, "tokens": 5_678, "trainable_records": 1_198, "trainable_tokens": 4_321,
            "splits": [
                {"split": "general_zh", "records": 34, "tokens": 5_678, "measured_documents": 3,
                 "measured_tokens": 412},
            ],
        },
        "mixtures": {
            "m": {"tokens": 9, "sides": [SIDE], "documents": 1, "cut_documents": 0, "blocks": 1,
                  "sequence_length": 16, "fill": 0.5},
        },
    }  # fmt: skip
    figures = {
        "corpus": plot_corpus(STATISTICS),
        "clusters": plot_clusters(report["clusters"]),
        "mixtures": plot_mixtures(report["mixtures"]),
    }
    return render_mixing_page(STATISTICS, report, SAMPLES, figures)


def test_the_page_stands_without_shop_text_and_shows_its_figures(page):
    assert "<b>1,234</b><span>records read</span>" in page
    assert "<b>none</b><span>clusters of several sources</span>" in page
    assert "34 of the records kept are in no mixture" in page and "general_zh" in page
    assert "too_short" in page and "50.00%" in page
    assert page.count('class="plotly-graph-div"') == 3


def test_texts_are_escaped_and_nothing_is_fetched(page):
    class Links(HTMLParser):
        found = []

        def handle_starttag(self, tag, attributes):
            self.found += [v for k, v in attributes if k in ("src", "href")]

    parser = Links()
    parser.feed(page)
    assert [link for link in parser.found if not link.startswith("data:")] == []
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
