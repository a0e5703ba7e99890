"""Previews of frames."""

import json

import pandas as pd

from shoplm.datasets import FrameDataset


def test_a_preview_shows_lists_and_gaps(tmp_path):
    frame = pd.DataFrame({"choices": [["red", "blue"], None], "answer": ["0", "a long text"]})
    dataset = FrameDataset(filepath=str(tmp_path / "frame.parquet"))
    dataset.save(frame)
    shown = json.loads(json.dumps(dict(dataset.preview())))
    assert shown["columns"] == ["choices", "answer"]
    assert shown["data"] == [['["red", "blue"]', "0"], [None, "a long text"]]
    assert dataset.load()["choices"][0].tolist() == ["red", "blue"]
