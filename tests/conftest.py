"""Settings of the whole suite."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings

os.environ["DO_NOT_TRACK"] = "true"
settings.register_profile("suite", deadline=None)  # a shared machine pauses where it likes
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _same_environment():
    """What a training program sets for its process ends with the test that runs it in this one."""
    with mock.patch.dict(os.environ):
        yield


@pytest.fixture(scope="session")
def tokenizer_directory(tmp_path_factory):
    """A byte-level BPE tokenizer as an ordinary Hugging Face directory."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    texts = ["the quick brown fox sells red cotton shirts, sizes 38 to 44", "红色 棉质 衬衫"]
    trained.train_from_iterator(texts, vocab_size=400, special_tokens=["<pad>", "</s>"])
    directory = tmp_path_factory.mktemp("tokenizer")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, eos_token="</s>", pad_token="<pad>"
    )
    fast.save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def new_project(tmp_path_factory):
    """Make a copy of the project, without data, in which a test may run what it likes."""
    root = Path(__file__).parents[1]

    def make() -> Path:
        project = tmp_path_factory.mktemp("project")
        for name in ("conf", "notebooks"):
            ignored = shutil.ignore_patterns("local", ".ipynb_checkpoints")
            shutil.copytree(root / name, project / name, ignore=ignored)
        (project / "conf" / "local").mkdir()
        shutil.copy(root / "pyproject.toml", project)
        shutil.copytree(root / "src" / "shoplm", project / "src" / "shoplm")
        return project

    return make


@pytest.fixture(scope="session")
def kedro():
    """Run a kedro command in a project; its output, or an assertion error with it."""

    def run(project: Path, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "kedro", *arguments],
            cwd=project,
            env=os.environ | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, output
        return output

    return run


@pytest.fixture(scope="session")
def demo_project(new_project, kedro):
    """A project in which the small demo has run from end to end, and what it printed."""
    project = new_project()
    (project / "printed.txt").write_text(kedro(project, "run", "--env=test", "--pipelines=demo"))
    return project


@pytest.fixture(scope="session")
def demo_catalog(demo_project):
    """The catalog of the small demo."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(demo_project)
    with KedroSession.create(demo_project, env="test") as session:
        yield session.load_context().catalog
