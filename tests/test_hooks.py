"""Real runs of a small project that uses the hooks: what is printed and what MLflow holds."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from shoplm.tracking import CUT, figures, flatten

FILES = {
    "pyproject.toml": """
        [tool.kedro]
        package_name = "mini"
        project_name = "mini"
        kedro_init_version = "1.7.0"
        """,
    "conf/logging.yml": (Path(__file__).parents[1] / "conf/logging.yml").read_text(),
    "conf/local/.keep": "",
    "conf/base/parameters.yml": """
        tracking: {enabled: true, folder: data/tracking}
        mini: {rate: 0.5, inner: {names: [a, b], text: TEXT}, many: MANY}
        """.replace("TEXT", "x" * 7000).replace(
        "MANY", json.dumps({f"m{i}": i for i in range(150)})
    ),
    "conf/base/catalog.yml": """
        table:
          type: shoplm.datasets.TableDataset
          filepath: data/table.parquet
        pairs:
          type: shoplm.datasets.TableDataset
          filepath: data/pairs.parquet
        losses:
          type: pandas.CSVDataset
          filepath: data/losses.csv
          metadata: {tracking: metrics}
        report:
          type: json.JSONDataset
          filepath: data/08_reporting/report.json
          metadata: {tracking: artefact, kedro-viz: {layer: reporting}}
        answer:
          type: json.JSONDataset
          filepath: data/answer.json
        slept:
          type: json.JSONDataset
          filepath: data/slept.json
        """,
    "src/mini/__init__.py": "",
    "src/mini/settings.py": """
        from shoplm.hooks import RunLog, Tracking
        HOOKS = (RunLog(), Tracking())
        DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
        """,
    "src/mini/nodes.py": """
        import sys
        import time
        from pathlib import Path

        import pandas as pd
        from shoplm.variants import Settings


        class Inner(Settings):
            names: list[str]
            text: str


        class MiniParams(Settings):
            rate: float
            inner: Inner
            many: dict[str, int]


        def make_table(params: MiniParams):
            return pd.DataFrame({"a": range(12345)})


        def make_big_table(params: MiniParams):
            return pd.DataFrame({"a": range(3_000_000)})


        def make_losses(table):
            rows = [("tiny", 10, 1, "loss", 4.5), ("tiny", 20, 2, "loss", float("nan"))]
            rows.append(("tiny", 30, 3, "loss", 2.5))
            rows += [("long", step, step, "loss", 1.0) for step in range(2_500)]
            return pd.DataFrame(rows, columns=["variant", "tokens", "step", "metric", "value"])


        def make_report(losses):
            return {"mlflow": "mlflow" in sys.modules}


        def fail(params: MiniParams):
            raise ValueError("row 7 of prices.csv: price is -1, expected a positive number")


        def sleep(params: MiniParams):
            Path("data").mkdir(exist_ok=True)
            Path("data/sleeping").touch()
            time.sleep(60)


        def query(table):
            Path("data/sleeping").touch()
            a, b = table.view(), table.view()
            far = (a.a * b.a * 7919) % 1_000_003 == -1
            return a.join(b, far, lname="l", rname="r").select("l", "r")
        """,
    "src/mini/pipeline_registry.py": """
        from kedro.pipeline import Pipeline, node

        from mini import nodes


        def register_pipelines():
            good = Pipeline([
                node(nodes.make_table, "params:mini", "table", name="make_table"),
                node(nodes.make_losses, "table", "losses", name="make_losses"),
                node(nodes.make_report, "losses", "report", name="make_report"),
            ])
            bad = Pipeline([node(nodes.fail, "params:mini", "answer", name="fail")])
            slow = Pipeline([node(nodes.sleep, "params:mini", "slept", name="sleep")])
            query = Pipeline([
                node(nodes.make_big_table, "params:mini", "table", name="make_big_table"),
                node(nodes.query, "table", "pairs", name="query"),
            ])
            return {
                "__default__": good, "good": good, "bad": bad, "slow": slow, "query": query
            }
        """,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("mini")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.splitlines()
        indent = 8 if text.startswith("\n") else 0
        path.write_text("\n".join(line[indent:] for line in lines) + "\n")
    return root


def start(project, *arguments):
    command = [sys.executable, "-m", "kedro", "run", *arguments]
    return subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(project, *arguments):
    child = start(project, *arguments)
    out, err = child.communicate(timeout=120)
    return child.returncode, out, err


def last_run(project):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{project}/data/tracking/mlflow.db")
    experiment = client.get_experiment_by_name("shoplm")
    found = client.search_runs([experiment.experiment_id], order_by=["start_time DESC"])
    return client, found[0]


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_tracked_run(project, runner):
    code, out, err = run(project, "--pipelines=good", f"--runner={runner}")
    assert code == 0, out + err
    assert "mlflow.store" not in out and len(out.splitlines()) <= 9 and not err
    client, record = last_run(project)
    assert record.info.status == "FINISHED"
    assert record.data.tags["pipeline"] == "good" and record.data.tags["env"] == "base"
    assert record.data.params["mini.rate"] == "0.5"
    assert record.data.params["mini.inner.names"] == '["a", "b"]'
    assert record.data.params["mini.inner.text"].endswith(CUT)
    assert record.data.params["mini.many.m149"] == "149"
    steps = client.get_metric_history(record.info.run_id, "losses/tiny/loss")
    assert sorted((m.step, m.value) for m in steps) == [(1, 4.5), (3, 2.5)]
    assert len(client.get_metric_history(record.info.run_id, "losses/long/loss")) == 2_500
    stored = Path(record.info.artifact_uri.removeprefix("file://"))
    assert json.loads((stored / "parameters.json").read_text())["mini"]["inner"]["text"] == (
        "x" * 7000
    )
    assert (stored / "report.json").exists()


def test_run_prints_a_line_a_node(project):
    code, out, err = run(project, "--pipelines=good", "--params=tracking.enabled=false")
    assert code == 0
    lines = out.splitlines()
    assert [line.split(" s  ")[1] for line in lines if " -> " in line] == [
        "make_table -> table (12,345 rows)",
        "make_losses -> losses (2,503 rows)",
        "make_report -> report",
    ]
    assert any("report.json in data/08_reporting" in line for line in lines)
    assert len(lines) <= 7 and not err


def test_untracked_run_does_not_import_mlflow(project):
    run(project, "--pipelines=good", "--params=tracking.enabled=false")
    report = json.loads((project / "data/08_reporting/report.json").read_text())
    assert report == {"mlflow": False}


def test_failed_run(project):
    code, out, err = run(project, "--pipelines=bad")
    assert code == 1
    assert last_run(project)[1].info.status == "FAILED"
    message = "row 7 of prices.csv: price is -1, expected a positive number"
    assert message in out and message in err
    assert len(err.splitlines()) < 45


@pytest.mark.parametrize("pipeline", ["slow", "query"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_is_killed(project, pipeline, number):
    sleeping = project / "data/sleeping"
    sleeping.unlink(missing_ok=True)
    child = start(project, f"--pipelines={pipeline}")
    for _ in range(600):
        if sleeping.exists():
            break
        time.sleep(0.1)
    time.sleep(0.5)
    child.send_signal(number)
    child.communicate(timeout=30)
    assert child.returncode != 0
    assert last_run(project)[1].info.status == "KILLED"
    leftovers = [path.name for path in (project / "data").glob(".*")]
    assert leftovers == []


def test_unknown_tracking_setting_is_named(project):
    code, _, err = run(project, "--pipelines=good", "--params=tracking.enable=true")
    assert code == 1 and "enable" in err


def test_figures_of_a_mapping():
    data = {"fill": 0.5, "mixed": {"blocks": 3, "name": "x", "ok": True}, "bad": float("inf")}
    assert list(figures(data)) == [("fill", 0.5, 0), ("mixed/blocks", 3.0, 0)]


def test_figures_need_their_columns():
    with pytest.raises(ValueError, match="metric and value"):
        list(figures(pd.DataFrame({"a": [1]})))


def test_flatten_keeps_every_leaf():
    value = {"a": {"b": 1, "c": {}}, "d": [1, {"e": None}], "f": "text"}
    assert dict(flatten(value)) == {
        "a.b": "1",
        "a.c": "{}",
        "d": '[1, {"e": null}]',
        "f": "text",
    }
