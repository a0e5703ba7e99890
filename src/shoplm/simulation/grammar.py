"""A small generative grammar: choices, slots and bindings, fast enough for a million texts.

What a rule's text may hold beside plain words:

    {name}       what `name` stands for: a value of the context, else an expansion of the rule
    {name=rule}  expand `rule` and remember it: `{name}` further on says the same again
    (a|b|)       one of the alternatives, here also nothing; alternatives may nest
    \\(          a real parenthesis, brace or bar
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

Random = Callable[[], float]
Phrase = Callable[[dict, Random], str]
Rules = Mapping[str, Sequence[str]]

_META = frozenset("{(\\|")


class Deck:
    """Texts drawn without repetition until all of them were drawn; then it starts afresh."""

    __slots__ = ("_all", "_left")

    def __init__(self, texts: Iterable[str]) -> None:
        self._all = tuple(texts)
        if not self._all:
            raise ValueError("a deck needs at least one text")
        self._left: list[str] = []

    def draw(self, uniform: Random) -> str:
        """One of the texts not drawn yet."""
        if not self._left:
            self._left = list(self._all)
        return self._left.pop(int(uniform() * len(self._left)))


class Grammar:
    """Named rules, each a list of equally likely texts (see the module's notation)."""

    def __init__(self, *rules: Rules) -> None:
        self._rules: dict[str, list[Phrase]] = {}
        self._compiled: dict[str, Phrase] = {}
        for part in rules:
            for name, texts in part.items():
                if name in self._rules:
                    raise ValueError(f"rule {name!r} is defined twice")
                self._rules[name] = [self.compile(text) for text in texts]

    def write(self, text: str, context: Mapping[str, object], rng: random.Random) -> str:
        """Expand `text`. Context values are a text, a sequence of texts, or a `Deck`.

        Raises:
            KeyError: a slot that neither the context nor a rule knows.
        """
        return self.compile(text)(dict(context), rng.random)

    def compile(self, text: str) -> Phrase:
        """The function that expands `text`; the same one each time for the same text."""
        phrase = self._compiled.get(text)
        if phrase is None:
            phrase, _ = self._sequence(text, 0, nested=False)
            self._compiled[text] = phrase
        return phrase

    def _sequence(self, text: str, at: int, nested: bool) -> tuple[Phrase, int]:
        """Parse up to the end, or in an alternative up to its `|` or `)`."""
        parts: list[Phrase] = []
        literal: list[str] = []

        def flush() -> None:
            if literal:
                words = "".join(literal)
                parts.append(lambda ctx, uniform: words)
                literal.clear()

        while at < len(text):
            char = text[at]
            if char == "\\":
                literal.append(text[at + 1])
                at += 2
            elif char == "{":
                flush()
                end = text.index("}", at)
                parts.append(self._slot(text[at + 1 : end]))
                at = end + 1
            elif char == "(":
                flush()
                choice, at = self._choice(text, at)
                parts.append(choice)
            elif nested and char in "|)":
                break
            else:
                literal.append(char)
                at += 1
        flush()
        if len(parts) == 1:
            return parts[0], at
        return lambda ctx, uniform: "".join([part(ctx, uniform) for part in parts]), at

    def _choice(self, text: str, at: int) -> tuple[Phrase, int]:
        options: list[Phrase] = []
        start = at
        while True:
            option, at = self._sequence(text, at + 1, nested=True)
            options.append(option)
            if at >= len(text):
                raise ValueError(f"a parenthesis opened at {start} never closes in {text!r}")
            if text[at] == ")":
                return _one_of(options), at + 1

    def _slot(self, slot: str) -> Phrase:
        name, bound, rule = slot.partition("=")
        rules, compile_text = self._rules, self.compile

        def expand(ctx: dict, uniform: Random) -> str:
            value = ctx.get(source)
            if value is None:
                options = rules[source]
                return options[int(uniform() * len(options))](ctx, uniform)
            if value.__class__ is Deck:
                value = value.draw(uniform)
            elif value.__class__ is not str:
                value = value[int(uniform() * len(value))]
            return value if _META.isdisjoint(value) else compile_text(value)(ctx, uniform)

        def bind(ctx: dict, uniform: Random) -> str:
            ctx[name] = words = expand(ctx, uniform)
            return words

        source = rule if bound else name
        return bind if bound else expand


def _one_of(options: Sequence[Phrase]) -> Phrase:
    count = len(options)
    return lambda ctx, uniform: options[int(uniform() * count)](ctx, uniform)
