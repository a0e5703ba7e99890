"""Instructions into blocks: one example, one segment, of which the answer alone is learned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shoplm.corpus.ordering import seeded_hash
from shoplm.corpus.packing import BlocksMeta, PackedBlocks, arrange_segments, columns
from shoplm.corpus.prompt_settings import InstructionPackingSettings, PromptSettings
from shoplm.corpus.prompting import PromptTemplate
from shoplm.corpus.tokenising import Vocabulary

DOCUMENTS = [
    "split", "document", "document_id", "instruction_id", "task", "capability", "side", "choice",
    "is_right", "is_common", "n_characters", "group",
]  # fmt: skip
REJECTED = ["instruction_id", "source", "reason", "detail"]


def tokenise_instructions(
    rows: pd.DataFrame,
    template: PromptTemplate,
    prompting: PromptSettings,
    packing: InstructionPackingSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each row with the tokens of its prompt and answer, none longer than a block may be.

    Rows of one `instruction_id` are one prompt with several possible answers: they are cut alike,
    so that they still differ in the answer alone, or refused together.

    Args:
        rows: instruction_id, source, prompt, answer, and whatever is to be kept beside them.
        template: what stands around a prompt.
        prompting: what becomes of an example that is longer than a block.
        packing: tokens a block.

    Returns:
        `rows` with `prompt_tokens`, `answer_tokens` (arrays of ids) and `n_cut` (tokens that the
        prompt lost) in place of prompt and answer; REJECTED of those left out.
    """
    width = packing.sequence_length
    dtype = template.vocabulary.dtype  # a list of Python's whole numbers would take ten times more
    prompts = [np.array(template.prompt(text), dtype) for text in rows["prompt"]]
    empty = rows["answer"].fillna("").str.strip().eq("").to_numpy(dtype=bool)
    answers = [
        np.array([] if is_empty else template.answer(text), dtype)
        for text, is_empty in zip(rows["answer"], empty, strict=True)
    ]
    longest = pd.Series([len(a) for a in answers], rows.index, dtype=int)
    longest = longest.groupby(rows["instruction_id"]).transform("max")
    cut, reasons = [], []
    for prompt, tail, is_empty in zip(prompts, longest, empty, strict=True):
        reason, kept = None, prompt
        if is_empty:
            reason = ("empty_answer", "there is nothing to learn")
        elif len(prompt) + tail > width and prompting.too_long == "refuse":
            reason = ("too_long", f"{len(prompt) + tail} tokens, a block has {width}")
        elif len(prompt) + tail > width and prompting.too_long == "cut":
            try:
                kept = template.shorten(prompt, width - tail)
            except ValueError:
                reason = ("answer_too_long", f"{tail} tokens of an answer, a block has {width}")
        cut.append(kept)
        reasons.append(reason)
    kept_rows = rows.drop(columns=["prompt", "answer"]).assign(
        prompt_tokens=cut,
        answer_tokens=answers,
        n_cut=[len(p) - len(c) for p, c in zip(prompts, cut, strict=True)],
    )
    # all the answers to one prompt are left out together
    why = pd.Series(reasons, rows.index, dtype=object).groupby(rows["instruction_id"]).first()
    refused = rows["instruction_id"].map(why)
    out = refused.notna()
    left = rows.loc[out, ["instruction_id", "source"]].assign(
        reason=[why[0] for why in refused[out]], detail=[why[1] for why in refused[out]]
    )
    left = left.drop_duplicates("instruction_id")[REJECTED]
    return kept_rows[~out].reset_index(drop=True), left.reset_index(drop=True)


def block_length(tokenised: pd.DataFrame, packing: InstructionPackingSettings) -> int:
    """Tokens a block: as set, or as many as the longest example needs, rounded up."""
    longest = int(_lengths(tokenised).max()) if len(tokenised) else 0
    if longest <= packing.sequence_length:
        return packing.sequence_length
    return _rounded_up(longest, packing)


def pack_instructions(
    tokenised: pd.DataFrame, vocabulary: Vocabulary, width: int, seed: int
) -> PackedBlocks:
    """Blocks of `width` tokens with a segment a row, whole, in the order that the seed gives.

    Document numbers are places in the sorted `document_id`.

    Args:
        tokenised: document_id, prompt_tokens, answer_tokens, n_cut (see `tokenise_instructions`).
        vocabulary: gives the padding's end mark and the type of the ids.
        width: tokens a block, no fewer than any row has.
        seed: another seed arranges anew.

    Raises:
        ValueError: there is no row, a name twice, or a row longer than a block.
    """
    tokenised = tokenised.sort_values("document_id", ignore_index=True)
    names, lengths = tokenised["document_id"], _lengths(tokenised)
    if not len(tokenised):
        raise ValueError("there is no instruction to pack")
    if names.duplicated().any():
        raise ValueError(f"two instructions are called {names[names.duplicated()].iloc[0]!r}")
    if lengths.max() > width:
        name = names[int(lengths.argmax())]
        raise ValueError(f"{name}: {lengths.max()} tokens, but a block has {width}")
    order, offsets = arrange_segments(lengths, seeded_hash(names, seed, "pack"), width)
    n_blocks = len(offsets) - 1
    column = columns(lengths[order], offsets)
    block = np.repeat(np.arange(n_blocks), np.diff(offsets))
    blocks = np.full((n_blocks, width), vocabulary.eos_id, dtype=vocabulary.dtype)
    prompts, answers = tokenised["prompt_tokens"], tokenised["answer_tokens"]
    for row, b, c in zip(order.tolist(), block.tolist(), column.tolist(), strict=True):
        blocks[b, c : c + lengths[row]] = np.concatenate([prompts[row], answers[row]])
    return PackedBlocks(
        tokens=blocks,
        lengths=lengths[order].astype(np.int32),
        offsets=offsets,
        documents=order.astype(np.int64),
        prompts=prompts.map(len).to_numpy(np.int32)[order],
        meta=BlocksMeta(
            sequence_length=width,
            n_blocks=n_blocks,
            n_tokens=int(lengths.sum()),
            n_documents=len(tokenised),
            n_cut=int((tokenised["n_cut"] > 0).sum()),
            fill=float(lengths.sum() / blocks.size),
            eos_id=vocabulary.eos_id,
            vocabulary_size=vocabulary.size,
            tokenizer=vocabulary.fingerprint,
            seed=seed,
        ),
    )


def pack_selections(
    tokenised: pd.DataFrame,
    selected: pd.DataFrame,
    vocabulary: Vocabulary,
    packing: InstructionPackingSettings,
    held_out_seed: int,
) -> tuple[dict[str, PackedBlocks], dict[str, PackedBlocks], pd.DataFrame]:
    """Blocks of every selection and of what is measured.

    All are of one length, but what fits a single shorter block is measured in such a one.

    Args:
        tokenised: see `tokenise_instructions`; with task, capability, split (train, or what is
            measured), group, choice (-1: an answer by itself), is_right,
            is_common, n_characters.
        selected: selection, seed, instruction_id.
        vocabulary: of all models.
        packing: tokens a block.
        held_out_seed: arranges what is measured.

    Returns:
        Blocks by `<selection>-seed-<seed>`; by `<split>_<task>` and, with every possible answer,
        `choices_<task>`; and the documents of the latter: split, document, document_id,
        instruction_id, task, capability, side, choice, is_right, is_common, n_characters, group.
    """
    train = tokenised[tokenised["split"] == "train"]
    train = train[train["instruction_id"].isin(selected["instruction_id"])]
    measured = tokenised[tokenised["split"] != "train"]
    width = block_length(pd.concat([train, measured]), packing)
    blocks = {
        f"{selection}-seed-{seed}": pack_instructions(
            train[train["instruction_id"].isin(rows["instruction_id"])], vocabulary, width, seed
        )
        for (selection, seed), rows in selected.groupby(["selection", "seed"], sort=False)
    }
    names = measured["split"].where(measured["choice"] < 0, "choices") + "_" + measured["task"]
    measured = measured.rename(columns={"split": "side"}).assign(split=names)
    held_out, documents = {}, [pd.DataFrame(columns=DOCUMENTS)]
    for split, rows in measured.groupby("split", sort=True):
        short = _rounded_up(int(_lengths(rows).sum()), packing)
        held_out[split] = pack_instructions(rows, vocabulary, min(short, width), held_out_seed)
        numbered = rows.sort_values("document_id").assign(document=range(len(rows)))
        documents.append(numbered[DOCUMENTS])
    return blocks, held_out, pd.concat(documents[1:] or documents, ignore_index=True)


def count_long(
    tokenised: pd.DataFrame, selected: pd.DataFrame, packing: InstructionPackingSettings
) -> pd.DataFrame:
    """selection, seed, beyond_window, cut: selected examples that are longer than the window.

    Args:
        tokenised: see `tokenise_instructions`.
        selected: selection, seed, instruction_id.
        packing: the window; beyond it, an example was kept whole or lost tokens of its prompt.
    """
    train = tokenised[tokenised["split"] == "train"]
    flags = pd.DataFrame(
        {
            "instruction_id": train["instruction_id"],
            "beyond_window": _lengths(train) > packing.sequence_length,
            "cut": train["n_cut"] > 0,
        }
    )
    rows = selected[["selection", "seed", "instruction_id"]].merge(flags, on="instruction_id")
    counts = rows.groupby(["selection", "seed"], sort=False)[["beyond_window", "cut"]].sum()
    return counts.astype(int).reset_index()


def _rounded_up(tokens: int, packing: InstructionPackingSettings) -> int:
    return -(-tokens // packing.length_multiple) * packing.length_multiple


def _lengths(tokenised: pd.DataFrame) -> np.ndarray:
    prompts, answers = tokenised["prompt_tokens"].map(len), tokenised["answer_tokens"].map(len)
    return (prompts + answers).to_numpy(np.int64)
