import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.tasks.synthesis.cache import Answer, ResponseCache, request_key

ANSWER = Answer("红 mug\n|end|", False, 10, 5, 0.5)
MESSAGES = [{"role": "user", "content": "Make some."}]


def test_answers_are_there_for_the_next_run(tmp_path):
    with ResponseCache(tmp_path / "new" / "r.jsonl") as cache:
        cache.put("a", ANSWER)
        cache.put("b", Answer("", True, 1, 0, 0.1))
        assert cache.get("a") == ANSWER and cache.get("c") is None
    with ResponseCache(tmp_path / "new" / "r.jsonl") as cache:
        assert len(cache) == 2 and cache.get("a") == ANSWER and cache.get("b").cut


@settings(max_examples=30)  # each waits for the disk
@given(text=st.text(st.characters(exclude_categories=[])))
def test_any_text_comes_back(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("cache") / "r.jsonl"
    answer = Answer(text, False, 1, 1, 0.0)
    for key in "ab":
        with ResponseCache(path) as cache:
            cache.put(key, answer)
    with ResponseCache(path) as cache:
        assert cache.get("a") == cache.get("b") == answer


@pytest.mark.parametrize("left", [1, 20, 60])
def test_a_last_line_cut_short_is_dropped_and_the_next_is_whole(tmp_path, left):
    path = tmp_path / "r.jsonl"
    with ResponseCache(path) as cache:
        cache.put("a", ANSWER)
        cache.put("b", ANSWER)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:left])
    with ResponseCache(path) as cache:
        assert cache.get("a") == ANSWER and cache.get("b") is None
        cache.put("c", ANSWER)
    with ResponseCache(path) as cache:
        assert len(cache) == 2 and cache.get("c") == ANSWER


def test_one_at_a_time(tmp_path):
    file = tmp_path / "r.jsonl"
    with ResponseCache(file), pytest.raises(RuntimeError, match="another run is at work"):
        ResponseCache(file)
    ResponseCache(file).__exit__()


def test_without_a_path_it_forgets():
    with ResponseCache(None) as cache:
        cache.put("a", ANSWER)
        assert cache.get("a") == ANSWER
    assert len(ResponseCache(None)) == 0


def test_a_key_is_of_endpoint_messages_parameters_and_repetition():
    keys = {
        request_key("model", MESSAGES, {"temperature": 1, "seed": 2}, 0),
        request_key("other", MESSAGES, {"temperature": 1, "seed": 2}, 0),
        request_key("model", [*MESSAGES, *MESSAGES], {"temperature": 1, "seed": 2}, 0),
        request_key("model", MESSAGES, {"temperature": 2, "seed": 2}, 0),
        request_key("model", MESSAGES, {"temperature": 1, "seed": 2}, 1),
    }
    assert len(keys) == 5
    assert request_key("model", MESSAGES, {"seed": 2, "temperature": 1}, 0) in keys
