"""Sums over the amounts that a listing states: prices, weights, sizes of packs."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping

from pydantic import Field, field_validator

from shoplm.tasks.recipes.listings import Listing, read_listings
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import chance, example_id, shuffled
from shoplm.tasks.task import Example, Task
from shoplm.variants import Settings

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([^\d\W]+|℃)")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Amount(float):
    """A number written with two decimals at most, and no zeros behind them, where no other format
    is asked for: 14814.72, 6, 0.5."""

    def __str__(self) -> str:
        return f"{float(self):.2f}".rstrip("0").rstrip(".")

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(self)


class Question(Settings):
    """One kind of sum."""

    ask: dict[str, str]
    """The question by language, with the names of numbers, and {unit}."""
    right: str
    """The formula: names of numbers, + - * / and floor(…)."""
    slips: list[str] = Field(min_length=3)
    """Formulas of mistakes that are easily made: the wrong choices."""
    answer: dict[str, str]
    """How an amount is written, by language: `${value:.2f}`, or `{value} {unit}` with as
    many decimals as there are, two at most."""

    @field_validator("right", "slips")
    @classmethod
    def _is_formula(cls, value: str | list[str]) -> str | list[str]:
        for formula in [value] if isinstance(value, str) else value:
            _parse(formula)
        return value


class ArithmeticOptions(RecipeOptions):
    """Options of the recipe `arithmetic`, which reads products."""

    numbers: dict[str, list[float]] = {}
    """Numbers that a question may take, one of which is picked: {count}."""
    amounts: dict[str, list[str]] = {}
    """Names of properties that hold an amount with a unit (`230 g`), by language; the number is
    {amount}, the unit {unit}. The price is {price}, in the currency of the listing."""
    questions: list[Question] = Field(min_length=1)
    """A product gets one of those that its numbers allow."""
    choices: int = Field(4, ge=2)
    """Amounts to choose from."""


def make(task: Task, tables: Tables, options: ArithmeticOptions, seed: int) -> Iterator:
    """One example a product; a wrong choice is never the same amount as the right one."""
    listings, _ = read_listings(task, tables)
    for product_id in shuffled(listings, seed, task.name):
        listing = listings[product_id]
        if listing.language not in task.languages:
            continue
        numbers, unit = _numbers(listing, options, seed)
        questions = [one for one in options.questions if _allowed(one, numbers, unit)]
        made = next(
            (
                (question, choices)
                for question in shuffled(questions, seed, f"question:{product_id}")
                if (choices := _choices(question, numbers, unit, listing, options, seed))
            ),
            None,
        )
        if made is None:
            yield Rejection(product_id, "products", "no_amount", listing.title)
            continue
        question, choices = made
        order = shuffled(choices, seed, f"choices:{product_id}")
        yield Example(
            example_id=example_id(task.name, product_id),
            task=task.name,
            language=listing.language,
            gold=order.index(choices[0]),
            fields={
                "product": listing.title,
                "question": question.ask[listing.language].format(
                    **{name: _plain(name, value) for name, value in numbers.items()}, unit=unit
                ),
            },
            choices=tuple(order),
            group=product_id,
            origin=f"products:{product_id}",
        )


def evaluate(formula: str, numbers: Mapping[str, float]) -> float:
    """The value of a formula of named numbers, + - * / and floor.

    Raises:
        ValueError: it holds anything else.
        KeyError: a number that is not there.
    """
    return _value(_parse(formula), numbers)


def _parse(formula: str) -> ast.expr:
    try:
        tree = ast.parse(formula, mode="eval").body
    except SyntaxError:
        raise ValueError(f"formula {formula!r} cannot be read") from None
    for node in ast.walk(tree):
        simple = (ast.BinOp, ast.Name, ast.Constant, ast.Load, *_OPERATORS)
        called = isinstance(node, ast.Call) and ast.unparse(node.func) == "floor"
        if not (isinstance(node, simple) or (called and len(node.args) == 1)):
            raise ValueError(f"formula {formula!r}: expected names, numbers, + - * / and floor()")
    return tree


def _value(node: ast.expr, numbers: Mapping[str, float]) -> float:
    match node:
        case ast.BinOp(left, op, right):
            return _OPERATORS[type(op)](_value(left, numbers), _value(right, numbers))
        case ast.Call(args=[inner]):
            return math.floor(_value(inner, numbers) + 1e-9)
        case ast.Name(name):
            return numbers[name]
        case ast.Constant(value):
            return float(value)
    raise ValueError(f"{ast.unparse(node)!r} in a formula")


def _numbers(
    listing: Listing, options: ArithmeticOptions, seed: int
) -> tuple[dict[str, float], str]:
    """Named numbers of a product, and the unit of its amount."""
    numbers = {
        name: values[int(chance(seed, name, listing.product_id) * len(values))]
        for name, values in options.numbers.items()
    }
    if listing.price is not None:
        numbers["price"] = listing.price
    for name in shuffled(options.amounts.get(listing.language, []), seed, listing.product_id):
        for value in listing.properties.get(name, []):
            if match := _AMOUNT.fullmatch(value):
                return numbers | {"amount": float(match[1])}, match[2]
    return numbers, ""


def _allowed(question: Question, numbers: Mapping[str, float], unit: str) -> bool:
    try:
        return evaluate(question.right, numbers) > 0
    except (KeyError, ZeroDivisionError):
        return False


def _choices(
    question: Question,
    numbers: Mapping[str, float],
    unit: str,
    listing: Listing,
    options: ArithmeticOptions,
    seed: int,
) -> list[str]:
    """The right amount first; nothing where fewer different ones are left than wanted."""
    write = question.answer[listing.language]
    right = write.format(value=Amount(evaluate(question.right, numbers)), unit=unit)
    slips = [evaluate(formula, numbers) for formula in question.slips]
    wrong = dict.fromkeys(
        write.format(value=Amount(value), unit=unit) for value in slips if value > 0
    )
    wrong.pop(right, None)
    wrong = shuffled(wrong, seed, f"slips:{listing.product_id}")[: options.choices - 1]
    return [right, *wrong] if len(wrong) == options.choices - 1 else []


def _plain(name: str, value: float) -> str:
    return f"{value:.2f}" if name == "price" and value % 1 else str(Amount(value))


ARITHMETIC = Recipe(ArithmeticOptions, lambda options: frozenset({"products"}), make)
