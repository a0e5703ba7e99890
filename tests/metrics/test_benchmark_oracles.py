"""Measures against libraries that are independent of this project."""

import string
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from benchmark_rows import QUICK, answers, row_of
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.metrics.benchmark import summarise_scores
from shoplm.metrics.extraction import count_by_type, count_matches, count_spans, micro_quality
from shoplm.metrics.ranking import hit_rate_at_3, ndcg_at_5
from shoplm.metrics.text import bleu, exact_match, rouge_l, rouge_l_char, squad_f1

TAGS = st.sampled_from(["O", "B-size", "I-size", "B-colour", "I-colour"])
SENTENCES = st.lists(
    st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=8), min_size=1, max_size=4
)


def spans(tags):
    """(type, (sentence, start, end)) by the BIO rules: an I of another type begins a span."""
    found, start, kind = [], None, None
    for place, tag in enumerate([*tags, "O"]):
        mark, _, of = tag.partition("-")
        if start is not None and (mark != "I" or of != kind):
            found.append((kind, (start, place)))
            start = None
        if mark == "B" or (mark == "I" and start is None):
            start, kind = place, of
    return found


def bags(sentences, side):
    return [
        (kind, (n, span))
        for n, sentence in enumerate(sentences)
        for kind, span in spans([pair[side] for pair in sentence])
    ]


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(deadline=None, max_examples=60)
@given(SENTENCES)
def test_spans_by_type_have_the_precision_recall_and_f1_of_seqeval(sentences):
    seqeval = pytest.importorskip("seqeval.metrics", reason="seqeval is not installed")
    predicted, gold = bags(sentences, 0), bags(sentences, 1)
    tags = [[[pair[side] for pair in s] for s in sentences] for side in (1, 0)]
    if not predicted and not gold:
        return  # there ours are 1, and seqeval's 0
    ours = micro_quality([count_matches(predicted, gold)])
    theirs = [
        measure(*tags)
        for measure in (seqeval.precision_score, seqeval.recall_score, seqeval.f1_score)
    ]
    assert [*ours] == pytest.approx(theirs)
    report = seqeval.classification_report(*tags, output_dict=True, zero_division=0)
    for kind, counts in count_by_type(predicted, gold).items():
        quality = micro_quality([counts])
        assert quality.precision == pytest.approx(report[kind]["precision"])
        assert quality.recall == pytest.approx(report[kind]["recall"])
        assert quality.f1 == pytest.approx(report[kind]["f1-score"])


def test_spans_by_hand():
    predicted = [("colour", "red"), ("size", "xl"), ("colour", "xl"), ("colour", "red")]
    gold = [("colour", "red"), ("colour", "xl"), ("material", "wool")]
    assert count_matches(predicted, gold) == (2, 4, 3)
    assert count_spans(predicted, gold) == (2, 4, 3)
    assert count_spans([("size", "red")], gold) == (1, 1, 3)
    assert count_by_type(predicted, gold) == {
        "colour": (2, 3, 2), "material": (0, 0, 1), "size": (0, 1, 0),
    }  # fmt: skip
    assert micro_quality([(2, 4, 3)]) == pytest.approx((1 / 2, 2 / 3, 4 / 7))
    assert micro_quality([(0, 0, 0)]) == (1, 1, 1)
    assert micro_quality([(0, 0, 2), (0, 0, 0)]) == (0, 0, 0)
    with pytest.raises(ValueError, match="no examples"):
        micro_quality([])


LABELS = ["entailment", "neutral", "contradiction"]


@settings(deadline=None, max_examples=8)
@given(
    st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=12)
)
def test_accuracy_and_f1_in_results_are_those_of_scikit_learn(pairs):
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    said, gold = zip(*pairs, strict=True)
    results = summarise_scores(
        answers("base", [float(a == b) for a, b in pairs]),
        {},
        QUICK.model_copy(update={"samples": 99}),
    )
    accuracy = row_of(results, seed="0", level="task")["value"]
    assert accuracy == pytest.approx(sklearn.accuracy_score(gold, said))
    chosen = [
        (int(a == b == LABELS[0]), int(a == LABELS[0]), int(b == LABELS[0])) for a, b in pairs
    ]
    if any(a or b for _, a, b in chosen):
        theirs = sklearn.precision_recall_fscore_support(
            gold, said, labels=LABELS[:1], average="micro", zero_division=0
        )
        assert [*micro_quality(chosen)] == pytest.approx(theirs[:3])


@pytest.mark.parametrize("n_places", [1, 3, 5, 20])
def test_ndcg_of_graded_items_is_that_of_scikit_learn(n_places):
    """ShopBench's grades E, S, C and I, and lists shorter and longer than five."""
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    grades = [[1, 0.1, 0.01, 0][place % 4] for place in range(n_places)]
    order = sorted(range(n_places), key=lambda place: (place * 7 + 3) % n_places)
    scores = [0] * n_places
    for rank, place in enumerate(order):
        scores[place] = n_places - rank
    if n_places > 1:  # scikit-learn refuses one
        theirs = sklearn.ndcg_score([[2**g - 1 for g in grades]], [scores], k=5)
        assert ndcg_at_5(order, grades) == pytest.approx(theirs)
    else:
        assert ndcg_at_5(order, grades) == 1


WORDS = st.lists(
    st.sampled_from(
        ["red", "Cotton", "shirt,", "the", "50%", "men's", "-", "10.5", "schön", "衬衫"]
    ),
    max_size=14,
).map(" ".join)


@settings(deadline=None, max_examples=60)
@given(WORDS, WORDS, st.sampled_from(["en", "zh", "de"]))
def test_bleu_is_that_of_sacrebleu(prediction, reference, language):
    sacrebleu = pytest.importorskip("sacrebleu", reason="sacrebleu is not installed")
    theirs = sacrebleu.corpus_bleu(
        [prediction], [[reference]], lowercase=True, tokenize="zh" if language == "zh" else "13a"
    )
    assert bleu(prediction, reference, language) == pytest.approx(min(theirs.score / 100, 1))


@pytest.fixture(scope="module")
def squad():
    """SQuAD's own script, as lm-evaluation-harness carries it; without its slow package."""
    found = find_spec("lm_eval")
    if found is None:
        pytest.skip("lm-eval is not installed")
    file = Path(found.origin).parent / "tasks/qasper/metrics.py"
    spec = spec_from_file_location("squad_script", file)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SQUAD_WORDS = st.lists(
    st.sampled_from(
        ["The", "a", "an", "theory", "Red", "red.", "cotton-mix", "$5", "men's", "-", "100%",
         "schön", "it_is", "(xl)", "12", "\t", "\n"]
    ),
    max_size=6,
).map(" ".join)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(said=SQUAD_WORDS, right=SQUAD_WORDS)
def test_exact_match_and_f1_are_those_of_squad(squad, said, right):
    """But for signs inside numbers, which are kept, and two empty texts, as SQuAD 2.0 has them."""
    plain = [squad.normalize_answer(text) for text in (said, right)]
    assert exact_match(said, right) == float(plain[0] == plain[1])
    theirs = squad.f1_abstractive([said], [right])
    assert squad_f1(said, right) == pytest.approx(theirs if any(plain) else 1)


PLACES = st.permutations(range(7)).flatmap(
    lambda order: st.integers(0, 7).map(lambda length: order[:length])
)


@settings(deadline=None, max_examples=40)
@given(PLACES, st.sets(st.integers(0, 6), min_size=1))
def test_hit_rate_is_the_recall_of_scikit_learn(order, relevant):
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    named = [place in order[:3] for place in range(7)]
    right = [place in relevant for place in range(7)]
    assert hit_rate_at_3(order, relevant) == pytest.approx(sklearn.recall_score(right, named))


@settings(deadline=None, max_examples=40)
@given(st.text("红色棉质衬衫裤 a1", max_size=15), st.text("红色棉质衬衫裤 a1", max_size=15))
def test_rouge_by_character_is_that_of_rouge_score_with_a_letter_a_character(said, right):
    """rouge-score drops Chinese, so each character stands for a word of letters."""
    scorer = pytest.importorskip("rouge_score.rouge_scorer", reason="rouge-score is not installed")
    letters = dict(zip("红色棉质衬衫裤a1", string.ascii_lowercase, strict=False))
    one, other = (" ".join(letters[c] for c in text if c in letters) for text in (said, right))
    theirs = scorer.RougeScorer(["rougeL"]).score(other, one)["rougeL"].fmeasure
    assert rouge_l_char(said, right) == pytest.approx(theirs)


@pytest.mark.parametrize("measure", [rouge_l, rouge_l_char, squad_f1, bleu])
def test_long_texts_and_texts_all_wrong(measure):
    long = "soft blue shirt for tall men " * 2_000
    assert measure(long, long) == pytest.approx(1)
    assert 0 <= measure("soft blue shirt for tall men", long) < 0.01
    assert measure("xyzq " * 2_000, "红" * 2_000) == 0
