import pytest
import yaml
from example_tasks import make_task

from shoplm.tasks.library import load_library, load_task


@pytest.fixture
def write(tmp_path):
    """Write a task's fields, changed, to a file of the library."""

    def write_(name="a_task", folder="tasks", without=(), **changes):
        fields = make_task().model_dump(exclude_unset=True) | {"name": name} | changes
        kept = {field: value for field, value in fields.items() if field not in without}
        file = tmp_path / folder / f"{name}.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(kept, allow_unicode=True), encoding="utf-8")
        return file

    return write_


def test_tasks_are_in_the_order_of_their_names(write):
    for name in ("b", "c", "a"):
        folder = write(name).parent
    assert list(load_library([folder])) == ["a", "b", "c"]


def test_a_new_file_is_a_new_task(write):
    folder = write("one").parent
    assert set(load_library([folder])) == {"one"}
    write("two", title="The second")
    assert load_library([folder])["two"].title == "The second"


def test_a_file_holds_all_of_a_task(write):
    assert load_task(write()) == make_task()


def test_a_later_folder_replaces_a_task(write):
    ours, theirs = write("one", title="ours").parent, write("one", "local", title="theirs").parent
    write("two")
    library = load_library([ours, theirs])
    assert library["one"].title == "theirs"
    assert set(library) == {"one", "two"}


def test_files_of_another_kind_are_no_tasks(write):
    folder = write().parent
    (folder / "README.md").write_text("not a task")
    assert set(load_library([folder])) == {"a_task"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"without": ["metric"]}, "field 'metric': Field required"),
        ({"without": ["template", "title"]}, r"field 'title': Field required \(and 1 more\)"),
        ({"metric": "wit"}, "field 'metric': Input should be .*'rouge_l'.*, got 'wit'"),
        ({"metric": "accuracy"}, "metric: 'accuracy' cannot score generation"),
        ({"answer": {"first_number": 7}}, r"field 'answer.first_number': .* got 7"),
        ({"colour": "red"}, "field 'colour': Extra inputs are not permitted"),
        ({"template": "{instruction} {labels}"}, r"template: nothing fills \{labels\}"),
        ({"template": "{instruction} {"}, "template: braces in"),
        ({"recipe": {"options": {}}}, "field 'recipe.kind': Field required"),
        ({"training": [{"file": "a.json"}]}, "field 'training.0.reader': Field required"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(write, changes, problem):
    with pytest.raises(ValueError, match=rf"a_task\.yml: {problem}"):
        load_task(write(**changes))


def test_the_name_is_that_of_the_file(write):
    file = write()
    other = file.rename(file.with_stem("another"))
    with pytest.raises(ValueError, match=r"another\.yml: field 'name': 'a_task', expected .*anoth"):
        load_task(other)


def test_a_name_in_two_files(write):
    file = write()
    file.with_suffix(".yaml").write_text(file.read_text())
    with pytest.raises(ValueError, match=r"a_task\.yml: field 'name': 'a_task' is taken by .*yaml"):
        load_library([file.parent])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("name: [", "no YAML: .*line 1"),
        ("", "expected a mapping"),
        ("- a\n- b", "expected a mapping"),
        ("name: a\ntitle: b\nname: c", "no YAML: key 'name' is given twice .*line 1"),
        ("!!python/object/apply:os.getcwd []", "no YAML"),
    ],
)
def test_a_file_that_is_no_mapping(tmp_path, content, problem):
    file = tmp_path / "a_task.yml"
    file.write_text(content)
    with pytest.raises(ValueError, match=rf"a_task\.yml: {problem}"):
        load_task(file)


def test_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "a_task.yml"
    file.write_bytes(b"name: \xff\xfe")
    with pytest.raises(ValueError, match=r"a_task\.yml: no YAML"):
        load_task(file)


def test_yes_and_no_are_texts(tmp_path):
    file = tmp_path / "a_task.yml"
    file.write_text(
        """
        name: a_task
        title: A task
        capability: general
        type: classification
        languages: [no]
        instructions: {no: [Les., Se.]}
        template: "{instruction}"
        labels: {yes: {no: on}, no: {no: off}}
        metric: accuracy
        """
    )
    task = load_task(file)
    assert task.languages == ["no"]
    assert task.labels == {"yes": {"no": "on"}, "no": {"no": "off"}}


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: the task library has no such folder"):
        load_library([tmp_path / "nowhere"])


def test_a_folder_without_tasks(tmp_path):
    with pytest.raises(ValueError, match="no tasks"):
        load_library([tmp_path])
