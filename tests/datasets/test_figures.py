import plotly.graph_objects as go
from kedro.io import DataCatalog


def test_figures_that_were_never_saved_load_as_none_of_them(tmp_path):
    entry = {
        "type": "shoplm.datasets.FiguresDataset", "path": str(tmp_path / "figures"),
        "dataset": "plotly.JSONDataset", "filename_suffix": ".json", "overwrite": True,
    }  # fmt: skip
    catalog = DataCatalog.from_config({"figures": entry})
    assert catalog.load("figures") == {}
    catalog.save("figures", {"scores": go.Figure(go.Scatter(y=[1, 2]))})
    found = catalog.load("figures")
    assert list(found) == ["scores"] and list(found["scores"]().data[0].y) == [1, 2]
    catalog.save("figures", {})
    assert catalog.load("figures") == {}
