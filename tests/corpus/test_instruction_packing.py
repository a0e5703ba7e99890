"""Instructions in blocks: each whole and alone, the answer learned and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.instruction_packing import (
    block_length,
    count_long,
    pack_instructions,
    pack_selections,
    tokenise_instructions,
)
from shoplm.corpus.packing import PackedBlocks
from shoplm.corpus.prompt_settings import InstructionPackingSettings, PromptSettings
from shoplm.corpus.prompting import PromptTemplate

EOS, OPEN, CLOSE = 0, 1, 2


class Characters:
    """One token a character: its code, above those of the frame."""

    eos_id, size, fingerprint, dtype = EOS, 1000, "abc", np.uint16

    def encode(self, text):
        return [ord(character) for character in text]


TEMPLATE = PromptTemplate(Characters(), [OPEN], [CLOSE], [EOS], "")
LETTERS = st.text("abcdefgh", min_size=1, max_size=60)


def tokenise(rows, too_long="whole", width=32):
    table = pd.DataFrame(rows, columns=["instruction_id", "prompt", "answer"])
    table["source"], table["document_id"] = "open_data", [f"{n:03d}" for n in range(len(table))]
    return tokenise_instructions(
        table,
        TEMPLATE,
        PromptSettings(too_long=too_long),
        InstructionPackingSettings(sequence_length=width, length_multiple=8),
    )


def pack(tokenised, width=32, seed=0):
    width = block_length(
        tokenised, InstructionPackingSettings(sequence_length=width, length_multiple=8)
    )
    return pack_instructions(tokenised, Characters(), width, seed)


def read(blocks: PackedBlocks) -> dict[int, tuple[str, str]]:
    """The prompt (with its frame) and the learned part of each document."""
    found = {}
    for block in range(blocks.meta.n_blocks):
        places = range(*blocks.offsets[block : block + 2])
        for place, tokens in zip(places, blocks.segments(block), strict=True):
            number, split = int(blocks.documents[place]), int(blocks.prompts[place])
            assert number not in found
            found[number] = tokens[:split].tolist(), tokens[split:].tolist()
        used = sum(blocks.lengths[list(places)])
        assert used <= blocks.meta.sequence_length
        assert (blocks.tokens[block, used:] == EOS).all()
    return found


def framed(prompt, answer):
    return [OPEN, *map(ord, prompt), CLOSE], [*map(ord, answer), EOS]


@given(st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=20), st.integers(0, 3))
def test_every_supervised_token_appears_once_and_examples_are_whole(pairs, seed):
    tokenised, left = tokenise([(f"i{n}", *pair) for n, pair in enumerate(pairs)])
    blocks = pack(tokenised, seed=seed)
    assert left.empty
    assert read(blocks) == {n: framed(*pair) for n, pair in enumerate(pairs)}
    longest = max(len(p) + len(a) + 3 for p, a in pairs)
    length = blocks.meta.sequence_length
    assert length == (32 if longest <= 32 else -(-longest // 8) * 8)
    assert (blocks.meta.n_cut, blocks.meta.n_documents) == (0, len(pairs))
    targets = (blocks.lengths - np.maximum(blocks.prompts, 1)).sum()
    assert targets == sum(len(answer) + 1 for _, answer in pairs)
    assert blocks.meta.n_tokens == blocks.lengths.sum()


@given(st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=20))
def test_a_cut_prompt_loses_its_middle_and_its_answer_nothing(pairs):
    tokenised, left = tokenise([(f"i{n}", *pair) for n, pair in enumerate(pairs)], "cut")
    refused = {f"i{n}" for n, (_, answer) in enumerate(pairs) if len(answer) + 4 > 32}
    fits = [n for n, (_, a) in enumerate(pairs) if len(a) + 4 <= 32]
    kept = [(n, p) for n, p in enumerate(pairs) if f"i{n}" not in refused]
    long = {n for n, (p, a) in kept if len(p) + len(a) + 3 > 32}
    # an answer too long beside a whole short prompt is refused only if nothing of the prompt fits
    assert set(left["instruction_id"]) == refused and set(left["reason"]) <= {"answer_too_long"}
    assert len(tokenised) == len(fits)
    if not len(tokenised):
        return
    blocks = pack(tokenised)
    assert blocks.meta.sequence_length == 32 and blocks.meta.n_cut == len(long)
    found = [part for _, part in sorted(read(blocks).items())]
    for (n, (prompt, answer)), (shown, learned) in zip(kept, found, strict=True):
        assert learned == framed(prompt, answer)[1]
        inside = "".join(map(chr, shown[1:-1]))
        assert shown[0] == OPEN and shown[-1] == CLOSE
        if n in long:
            assert len(shown) + len(learned) == 32
            head = (len(inside) + 1) // 2
            assert prompt.startswith(inside[:head]) and prompt.endswith(inside[head:])
        else:
            assert inside == prompt


def test_what_is_too_long_can_be_refused():
    rows = [("short", "a" * 10, "b"), ("exact", "a" * 20, "b" * 9), ("long", "a" * 20, "b" * 10)]
    tokenised, left = tokenise(rows, "refuse")
    assert list(tokenised["instruction_id"]) == ["short", "exact"]
    assert left.to_dict("records") == [
        {"instruction_id": "long", "source": "open_data", "reason": "too_long",
         "detail": "33 tokens, a block has 32"}
    ]  # fmt: skip
    assert block_length(tokenised, InstructionPackingSettings(sequence_length=32)) == 32


def test_possible_answers_see_the_same_cut_prompt_or_none():
    rows = [("q", "abcdefghijklmnopqrstuvwxyz", answer) for answer in ("x", "yy" * 4)]
    tokenised, _ = tokenise(rows, "cut")
    first, second = tokenised["prompt_tokens"]
    assert first.tolist() == second.tolist() and len(first) == 32 - 9
    tokenised, left = tokenise(rows, "refuse")
    assert tokenised.empty and list(left["instruction_id"]) == ["q"]  # both, told once


def test_an_empty_answer_is_left_out():
    tokenised, left = tokenise([("a", "what?", " \n"), ("b", "what?", None), ("c", "what?", "x")])
    assert list(tokenised["instruction_id"]) == ["c"]
    reasons = left.set_index("instruction_id")["reason"]
    assert reasons.to_dict() == {"a": "empty_answer", "b": "empty_answer"}


def test_the_seed_arranges_and_row_order_does_not():
    rows = [(f"i{n}", "abc" * (n % 5 + 1), "x" * (n % 4 + 1)) for n in range(60)]
    tokenised, _ = tokenise(rows)
    one, again, other = (
        pack(tokenised), pack(tokenised.sample(frac=1, random_state=1)), pack(tokenised, seed=1)
    )  # fmt: skip
    assert (one.tokens == again.tokens).all() and (one.prompts == again.prompts).all()
    assert one.documents.tolist() != other.documents.tolist()
    assert read(one) == read(other)


def test_prompts_are_saved_with_the_blocks_and_checked(tmp_path):
    tokenised, _ = tokenise([(f"i{n}", "abcd", "xy") for n in range(9)])
    blocks = pack(tokenised)
    blocks.save(tmp_path)
    opened = PackedBlocks.open(tmp_path)
    assert opened.prompts.dtype == np.int32 and read(opened) == read(blocks)
    np.save(tmp_path / "prompts.npy", blocks.prompts[:-1])
    with pytest.raises(ValueError, match="do not fit"):
        PackedBlocks.open(tmp_path)
    (tmp_path / "prompts.npy").unlink()
    assert PackedBlocks.open(tmp_path).prompts is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.head(0), "no instruction to pack"),
        (lambda t: t.assign(document_id="a"), "two instructions are called 'a'"),
    ],
)
def test_what_cannot_be_packed_is_refused(change, words):
    tokenised, _ = tokenise([(f"i{n}", "abcd", "xy") for n in range(3)])
    with pytest.raises(ValueError, match=words):
        pack_instructions(change(tokenised), Characters(), 32, 0)
    with pytest.raises(ValueError, match="000: 9 tokens, but a block has 7"):
        pack_instructions(tokenised.head(1), Characters(), 7, 0)


def test_selections_and_what_is_measured_share_one_length():
    made = [("t0", "train", -1, 10), ("t1", "train", -1, 50), ("t2", "train", -1, 90),
            ("v0", "validation", -1, 5), ("v0", "validation", 0, 5), ("v0", "validation", 1, 7),
            ("h0", "held_out", -1, 40)]  # fmt: skip
    rows = pd.DataFrame(made, columns=["instruction_id", "split", "choice", "n"])
    rows = rows.assign(
        document_id=rows["instruction_id"] + rows["choice"].map(lambda c: "" if c < 0 else f".{c}"),
        task=rows["split"].map({"held_out": "other"}).fillna("mine"), capability="concepts",
        group="g", is_right=rows["choice"] != 1, is_common=False, n_characters=3, n_cut=0,
        prompt_tokens=rows["n"].map(lambda n: [5] * n), answer_tokens=[[6, EOS]] * len(rows),
    )  # fmt: skip
    selected = pd.DataFrame(
        [("few", 0, "t0"), ("more", 0, "t0"), ("more", 0, "t1"), ("few", 3, "t1")],
        columns=["selection", "seed", "instruction_id"],
    )
    packing = InstructionPackingSettings(sequence_length=32, length_multiple=8)
    blocks, held_out, documents = pack_selections(rows, selected, Characters(), packing, 0)
    assert {name: b.meta.n_documents for name, b in blocks.items()} == {
        "few-seed-0": 1, "more-seed-0": 2, "few-seed-3": 1,
    }  # fmt: skip
    assert set(held_out) == {"validation_mine", "choices_mine", "held_out_other"}
    # the longest that is selected or measured has 52 tokens; that of 92 is never used
    assert {b.meta.sequence_length for b in blocks.values()} == {56}
    assert {name: b.meta.sequence_length for name, b in held_out.items()} == {
        "validation_mine": 8, "choices_mine": 16, "held_out_other": 48,
    }  # fmt: skip
    choices = documents[documents["split"] == "choices_mine"]
    assert list(choices["document"]) == [0, 1] and list(choices["is_right"]) == [True, False]
    assert set(choices["side"]) == {"validation"} and set(choices["instruction_id"]) == {"v0"}
    lengths = dict(zip(held_out["choices_mine"].documents, held_out["choices_mine"].lengths,
                       strict=True))  # fmt: skip
    assert lengths == {0: 7, 1: 9}


def test_examples_longer_than_the_window_are_counted_in_each_selection():
    rows = [("a", "x" * 5, "y"), ("b", "x" * 29, "y"), ("c", "x" * 30, "y"), ("d", "x" * 50, "y")]
    selected = pd.DataFrame(
        [("few", 0, "a"), ("few", 0, "b"), ("all", 0, "a"), ("all", 0, "c"), ("all", 0, "d"),
         ("all", 1, "c")],
        columns=["selection", "seed", "instruction_id"],
    )  # fmt: skip
    packing = InstructionPackingSettings(sequence_length=32)
    for too_long, column in (("whole", "beyond_window"), ("cut", "cut")):
        tokenised, _ = tokenise(rows, too_long)  # three tokens more than letters: b has 33
        counts = count_long(tokenised.assign(split="train"), selected, packing)
        counts = counts.set_index(["selection", "seed"])
        assert counts[column].to_dict() == {("few", 0): 1, ("all", 0): 2, ("all", 1): 1}
        assert counts.drop(columns=column).eq(0).all(axis=None)
