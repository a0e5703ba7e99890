"""Refuse a synthetic block from which no example could ever be made."""

from __future__ import annotations

from shoplm.tasks.synthesis.form import label_of, values_of
from shoplm.tasks.synthesis.quota import languages
from shoplm.tasks.task import Task


def check_synthetic(task: Task) -> None:
    """Check that a task's synthetic block can fill its template.

    Raises:
        ValueError: it lacks a field, a label or a language; the message names file and field.
    """
    where = f"{task.name}.yml: synthetic"
    block = task.synthetic
    names = [field.name for field in block.fields]
    if len(set(names)) < len(names):
        raise ValueError(f"{where}.fields: a name is given twice in {names}")
    if "answer" not in names:
        raise ValueError(f"{where}.fields: no field `answer`")
    if task.type in ("multiple_choice", "retrieval", "ranking") and "choices" not in names:
        raise ValueError(f"{where}.fields: no field `choices`, which {task.type} needs")
    unfilled = task.fields() - set(names) - set(block.grounding)
    if unfilled:
        raise ValueError(
            f"{where}.fields: nothing fills {{{min(unfilled)}}} of the template: it is neither a "
            "field nor a column of `grounding`"
        )
    if not languages(task):
        raise ValueError(f"{where}.request: it has none of the languages {task.languages}")
    for field in block.fields:
        _check_field(task, field.name, where)


def _check_field(task: Task, name: str, where: str) -> None:
    field = next(field for field in task.synthetic.fields if field.name == name)
    if name == "choices" and not field.many:
        raise ValueError(f"{where}.fields.choices: it needs `many: true`")
    if task.type == "ranking" and name == "answer" and not field.many:
        raise ValueError(f"{where}.fields.answer: a ranking needs `many: true`")
    if field.many and name in task.fields():
        raise ValueError(f"{where}.fields.{name}: a placeholder of the template is one text")
    for language in languages(task):
        label = label_of(field, language)
        if not label or "|" in field.label[language]:
            raise ValueError(f"{where}.fields.{name}.label: {field.label[language]!r} is no label")
        same = [f.name for f in task.synthetic.fields if label_of(f, language) == label]
        if len(same) > 1:
            raise ValueError(f"{where}.fields: {same} have the same label in {language!r}")
    if task.labels and name == "answer" and (odd := set(values_of(task, field)) - set(task.labels)):
        raise ValueError(f"{where}.fields.answer.values: {sorted(odd)} are no labels of the task")
