import pytest
from kedro.io import DataCatalog, DatasetError

from shoplm.datasets import TaskLibraryDataset

TASK = """
name: {name}
title: {title}
capability: concepts
type: generation
languages: [en]
instructions: {{en: [Read., Look.]}}
template: "{{instruction}} {{text}}"
metric: rouge_l
"""


@pytest.fixture
def write(tmp_path):
    def write_(folder, name, title="A task"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / f"{name}.yml").write_text(TASK.format(name=name, title=title))

    return write_


def make(tmp_path):
    return TaskLibraryDataset(path=str(tmp_path), folders=["base/tasks", "local/tasks"])


def test_tasks_of_one_folder(tmp_path, write):
    write("base/tasks", "b")
    write("base/tasks", "a")
    assert list(make(tmp_path).load()) == ["a", "b"]


def test_a_later_folder_replaces_tasks(tmp_path, write):
    write("base/tasks", "a", title="ours")
    write("local/tasks", "a", title="theirs")
    assert make(tmp_path).load()["a"].title == "theirs"


def test_through_a_catalog(tmp_path, write):
    write("base/tasks", "a")
    entry = {"type": "shoplm.datasets.TaskLibraryDataset", "path": str(tmp_path / "base/tasks")}
    catalog = DataCatalog.from_config({"task_library": entry})
    assert catalog.exists("task_library")
    assert list(catalog.load("task_library")) == ["a"]


def test_the_first_folder_must_be_there(tmp_path, write):
    write("local/tasks", "a")
    dataset = make(tmp_path)
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="no such folder"):
        dataset.load()


def test_a_wrong_task_names_its_file(tmp_path, write):
    write("base/tasks", "a")
    (tmp_path / "base/tasks/b.yml").write_text("name: b")
    with pytest.raises(DatasetError, match=r"b\.yml: field 'title': Field required"):
        make(tmp_path).load()


def test_it_is_only_read(tmp_path):
    with pytest.raises(DatasetError, match="can only be read"):
        make(tmp_path).save({})


@pytest.mark.parametrize("folders", [[], "base/tasks"])
def test_folders_are_a_list(tmp_path, folders):
    with pytest.raises(DatasetError, match="folders: expected a list"):
        TaskLibraryDataset(path=str(tmp_path), folders=folders)
