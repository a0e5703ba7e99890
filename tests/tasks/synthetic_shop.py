"""Two tasks with synthetic blocks, a few products, and stub recipes that know both tasks."""

import hashlib

import pandas as pd

from shoplm.tasks.synthesis.endpoint import Endpoint
from shoplm.tasks.synthesis.settings import SynthesisSettings
from shoplm.tasks.task import Example, Task

DIFFICULTIES = ["Very Easy", "Easy", "Medium", "Hard"]

QUESTION = Task.model_validate(
    {
        "name": "product_question",
        "title": "Product question",
        "capability": "concepts",
        "type": "multiple_choice",
        "languages": ["en", "zh"],
        "instructions": {
            "en": ["Pick the answer.", "Which one is right?"],
            "zh": ["请选择答案。", "哪一个正确？"],
        },
        "template": "{instruction}\n{question}\n{choices}\n",
        "metric": "accuracy",
        "synthetic": {
            "request": {
                "en": "Make quiz questions that this product brings to mind.",
                "zh": "请根据这个商品出一些选择题。",
            },
            "fields": [
                {
                    "name": "difficulty",
                    "label": {"en": "Question Difficulty", "zh": "问题难度"},
                    "values": DIFFICULTIES,
                },
                {"name": "question", "label": {"en": "Question", "zh": "问题"}},
                {"name": "choices", "label": {"en": "Choices", "zh": "选项"}, "many": True},
                {
                    "name": "answer",
                    "label": {"en": "Answer (one of the choices)", "zh": "答案（选项之一）"},
                },
            ],
            "grounding": ["title", "properties"],
            "samples_per_request": 2,
        },
    }
)

SENTIMENT = Task.model_validate(
    {
        "name": "review_sentiment",
        "title": "Review sentiment",
        "capability": "behaviour",
        "type": "classification",
        "languages": ["en"],
        "instructions": {"en": ["How does it sound?", "Judge the review."]},
        "template": "{instruction}\n{title}\n{review}\n{labels}\n",
        "labels": {"pos": {"en": "positive"}, "neg": {"en": "negative"}},
        "metric": "accuracy",
        "synthetic": {
            "request": {"en": "Make reviews of this product."},
            "fields": [
                {"name": "review", "label": {"en": "Review"}},
                {"name": "tone", "label": {"en": "Tone"}, "values": ["calm", "angry"]},
                {"name": "answer", "label": {"en": "Sentiment"}},
            ],
            "grounding": ["title"],
            "samples_per_request": 2,
        },
    }
)

TASKS = {task.name: task for task in (QUESTION, SENTIMENT)}

PRODUCTS = pd.DataFrame(
    [
        {
            "product_id": f"{language}{n}",
            "language": language,
            "title": f"{title} {n}",
            "properties": {"colour": ["red", "blue"], "size": [str(n)]},
        }
        for language, title in (("en", "Mug"), ("zh", "杯子"))
        for n in range(6)
    ]
)
TABLES = {"products": PRODUCTS}


def settings(**values) -> SynthesisSettings:
    """Small, and impatient with an endpoint."""
    given = {
        "samples_per_task": 16,
        "deadline_seconds": 5,
        "retries": {"attempts": 3, "first_wait": 0.01, "longest_wait": 0.02, "patience": 2},
    }
    return SynthesisSettings.model_validate(given | values)


def endpoint(url: str, **values) -> Endpoint:
    """An endpoint of a test."""
    given = {"model": "test-model", "base_url": url, "api_key": "sk-very-secret"}
    return Endpoint(**(given | values))


def stub_examples(task, tables, n, seed):
    """As `recipes.make_examples`: honest examples of both tasks, one product after another."""
    made = []
    for k, row in enumerate(tables["products"].to_dict("records") * 12):
        if row["language"] not in task.languages or len(made) >= n:
            continue
        name = hashlib.md5(f"{task.name}{k}".encode()).hexdigest()[:16]
        size = row["title"].split()[-1]
        if task.name == "product_question":
            choices = (size, f"{size}7", f"8{size}")
            gold, fields = 0, {"question": f"{k}: the size of {row['title']}?"}
        else:
            choices, gold = (), ("pos", "neg")[k // 12 % 2]
            said = {"pos": "I like it", "neg": "It broke"}[gold]
            fields = {"title": row["title"], "review": f"{k}: {said}."}
        made.append(
            Example(
                name, task.name, row["language"], gold, fields, choices, group=row["product_id"]
            )
        )
    return made, []
