"""How good an answer is, as ShopBench measures it (KDD Cup 2024)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import fmean
from typing import NamedTuple

from shoplm.metrics import text as text_metrics
from shoplm.metrics.extraction import Counts, count_matches, micro_f1
from shoplm.metrics.ranking import hit_rate_at_3, ndcg_at_5
from shoplm.tasks.answers import Parsed, is_one_text, parse_answer
from shoplm.tasks.rendering import check_gold, render_answer, render_gold
from shoplm.tasks.task import Example, Gold, Task


class Score(NamedTuple):
    """Of one answer."""

    value: float | None
    """From 0 to 1; None where a model must compute it (sentence similarity)."""
    parsed: bool
    """Whether the text could be read as an answer; if not, the value is 0."""
    counts: Counts | None = None
    """micro-F1: what is pooled over examples."""


def score(task: Task, example: Example, text: str) -> Score:
    """Score `text` as an answer to `example`.

    Raises:
        ValueError: the example's gold answer is not one that the task can have, or the metric
            cannot score it.
    """
    check_gold(task, example)
    parsed = parse_answer(task, text, example)
    if task.metric == "micro_f1":
        return _extraction_score(example, parsed)
    if parsed is None:
        return Score(0.0, False)
    return Score(_value(task, example, parsed), True)


def aggregate(task: Task, scores: Iterable[Score]) -> float | None:
    """A task's score: micro-F1 of the pooled counts, else the mean.

    None where a value is not there yet (sentence similarity).

    Raises:
        ValueError: no scores.
    """
    given = list(scores)
    if not given:
        raise ValueError(f"task {task.name!r}: no scores to aggregate")
    if task.metric == "micro_f1":
        return micro_f1(s.counts for s in given)
    if any(s.value is None for s in given):
        return None
    return fmean(s.value for s in given)


def metric_name(task: Task, language: str) -> str:
    """The metric as a table names it: ROUGE-L by character is called so."""
    if task.metric == "rouge_l" and language in text_metrics.WITHOUT_SPACES:
        return "rouge_l_char"
    return task.metric


def can_be_perfect(task: Task, example: Example) -> str | None:
    """Why the gold answer itself cannot score 1; None if it does."""
    try:
        answer = render_answer(task, example)
    except ValueError as error:
        return str(error)
    if task.type == "multiple_choice":
        last = task.answer.first_number + max(len(example.choices) - 1, example.gold)
        if last > 9:
            return f"choice {last} has more digits than the one that is read"
    if task.metric == "hit_rate@3" and len(set(example.gold)) > 3:
        return f"{len(set(example.gold))} relevant choices, and hit rate@3 looks at three answers"
    if task.metric == "ndcg@5" and not any(example.gold):
        return "no choice is relevant, so NDCG is not defined"
    if parse_answer(task, answer, example) is None:
        return f"the right answer {answer!r} cannot be read back"
    reached = score(task, example, answer).value
    if reached is not None and reached < 1 - 1e-9:
        return f"the right answer {answer!r} scores {reached:.3g} under {task.metric}"
    return None


def _value(task: Task, example: Example, parsed: Parsed) -> float | None:
    match task.metric:
        case "accuracy":
            return float(parsed == example.gold)
        case "hit_rate@3":
            return hit_rate_at_3(parsed, example.gold)
        case "ndcg@5":
            return ndcg_at_5(parsed, example.gold)
    if (
        task.metric == "exact_match"
        and task.type == "extraction"
        and not is_one_text(task, example)
    ):
        counts = count_matches(_items(parsed), _items(example.gold))
        return float(counts.true_positives == counts.predicted == counts.gold)
    golds = [g.strip() if isinstance(g, str) else g for g in (example.gold, *example.references)]
    values = [_text_value(task, parsed, gold, example.language) for gold in golds]
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) or 1.0 in known else None


def _text_value(task: Task, parsed: Parsed, gold: Gold, language: str) -> float | None:
    if not parsed or not gold:  # as SQuAD 2.0: what says nothing is right only where nothing is
        return float(not parsed and not gold)
    said, right = (render_gold(task, answer, language) for answer in (parsed, gold))
    return _TEXT_MEASURES[task.metric](said, right, language)


def _extraction_score(example: Example, parsed: list[tuple[str, str]] | None) -> Score:
    if parsed is None:  # saying nothing is not the same as saying that there is nothing
        return Score(0.0, False, Counts(0, 0 if example.gold else 1, len(example.gold)))
    counts = count_matches(_items(parsed), _items(example.gold))
    return Score(micro_f1([counts]), True, counts)


def _items(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Case and spacing do not matter."""
    return [tuple(" ".join(part.lower().split()) for part in pair) for pair in pairs]


def _rouge_l(said: str, right: str, language: str) -> float:
    by_character = language in text_metrics.WITHOUT_SPACES
    return (text_metrics.rouge_l_char if by_character else text_metrics.rouge_l)(said, right)


def _exact_match(said: str, right: str, language: str) -> float:
    if not text_metrics.normalise(right, language):
        return 0.0  # else any text that the metric empties would match it
    return text_metrics.exact_match(said, right, language)


def _squad_f1(said: str, right: str, language: str) -> float:
    if not text_metrics.normalise(right, language):
        return 0.0
    return text_metrics.squad_f1(said, right, language)


def _similarity(said: str, right: str, language: str) -> float | None:
    return 1.0 if said == right else None  # anything else needs a sentence encoder


_TEXT_MEASURES: dict[str, Callable[[str, str, str], float | None]] = {
    "rouge_l": _rouge_l,
    "exact_match": _exact_match,
    "squad_f1": _squad_f1,
    "bleu": text_metrics.bleu,
    "sentence_similarity": _similarity,
}
