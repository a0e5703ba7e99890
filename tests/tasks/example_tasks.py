"""A small task of every type, and examples of them."""

from shoplm.tasks.task import Example, Task

_METRICS = {
    "multiple_choice": "accuracy",
    "classification": "accuracy",
    "retrieval": "hit_rate@3",
    "ranking": "ndcg@5",
    "ner": "micro_f1",
    "extraction": "micro_f1",
    "generation": "rouge_l",
}


def make_task(type_="generation", **changes):
    """A valid task in English and Chinese."""
    fields = {
        "name": "a_task",
        "title": "A task",
        "capability": "concepts",
        "type": type_,
        "languages": ["en", "zh"],
        "instructions": {
            "en": ["Read the text.", "Look at this.", "Here is a text."],
            "zh": ["请阅读。", "请看。"],
        },
        "template": "{instruction}\n{text}\n",
        "metric": _METRICS[type_],
    }
    if type_ in ("multiple_choice", "retrieval", "ranking"):
        fields["template"] += "{choices}\n"
    if type_ == "classification":
        fields["template"] += "{labels}\n"
        fields["labels"] = {
            "fits": {"en": "yes", "zh": "是"},
            "differs": {"en": "no", "zh": "不是"},
            "unclear": {"en": "not sure", "zh": "不确定"},
        }
    return Task.model_validate(fields | changes)


def make_example(gold, **changes):
    """An example of `make_task`, with the text that its template shows."""
    values = {
        "example_id": "example-1",
        "task": "a_task",
        "language": "en",
        "gold": gold,
        "fields": {"text": "A red shirt"},
    }
    return Example(**values | changes)


def choices(n):
    """What is chosen from."""
    return tuple(f"choice {place}" for place in range(n))
