import asyncio
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from misbehaving_endpoint import MisbehavingEndpoint
from synthetic_shop import QUESTION, TABLES, TASKS, endpoint, settings, stub_examples

from shoplm.launch import Terminated
from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL, Endpoint, EndpointError
from shoplm.tasks.synthesis.generation import CACHE, generate

ONE = {"product_question": QUESTION}


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch):
    """What is on the disk when is for the cache's own tests, and for the run that is killed."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def counts_add_up(generated):
    usage = generated.usage
    came = usage.samples_accepted + usage.samples_quarantined
    asked = usage.samples_asked + usage.samples_surplus
    assert (asked == came + usage.samples_unanswered).all()
    assert usage.samples_accepted.sum() == len(generated.instructions)
    assert usage.samples_quarantined.sum() == len(generated.quarantined)
    return usage.set_index("task")


def quarters(generated):
    """Samples a language and difficulty."""
    return generated.instructions.groupby(["language", "difficulty"]).size().to_dict()


def test_quotas_are_met_and_balanced(tmp_path):
    with MisbehavingEndpoint() as server:
        generated = generate(TASKS, TABLES, endpoint(server.url), settings(), tmp_path)
    usage = counts_add_up(generated)
    assert list(usage.ended) == ["quota", "quota"]
    questions = generated.instructions[generated.instructions.task == "product_question"]
    assert set(questions.groupby(["language", "difficulty"]).size()) == {2}
    reviews = generated.instructions[generated.instructions.task == "review_sentiment"]
    tones = [(json.loads(e)["fields"]["tone"], json.loads(e)["gold"]) for e in reviews.example]
    assert {tone: tones.count(tone) for tone in set(tones)} == {
        ("calm", "pos"): 4, ("calm", "neg"): 4, ("angry", "pos"): 4, ("angry", "neg"): 4,
    }  # fmt: skip
    assert set(generated.instructions.source) == {"language_model"}
    assert set(generated.instructions.origin) == {"test-model"}
    assert generated.instructions.instruction_id.is_unique
    assert (reviews.group.str[:2] == "en").all()


MISBEHAVIOURS = [
    "later", 500, "hang", "truncated", "lacks_a_field", "outside", "dropped", "cut", "page",
    "empty_object", "chat", "silent", (503, {"Retry-After": "soon"}),
]  # fmt: skip


def test_an_endpoint_with_every_fault_yields_all_that_can_be_had(tmp_path):
    with MisbehavingEndpoint(*MISBEHAVIOURS) as server:
        given = settings(
            deadline_seconds=1.2,
            errors={"share": 0.9},
            retries={"attempts": 9, "first_wait": 0.01, "longest_wait": 0.02},
            samples_per_task=32,
            concurrency=4,
        )
        generated = generate(ONE, TABLES, endpoint(server.url), given, tmp_path)
    usage = counts_add_up(generated).loc["product_question"]
    assert usage.ended == "quota"
    assert set(quarters(generated).values()) == {4}
    assert usage.requests == server.requests
    assert usage.retries == 8  # 429, 500, 503, hang, truncated, dropped, page, {}
    reasons = generated.quarantined.reason.value_counts().to_dict()
    assert reasons["answer_outside_choices"] == 1
    assert reasons["cut"] == 1
    assert reasons["empty_answer"] == 1
    assert reasons["format"] == 2  # the missing field, the chat
    assert max(server.paid.values()) == 1
    lacking = generated.quarantined[generated.quarantined.detail.str.contains("missing")]
    assert lacking.answer.item().startswith("|#1|")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_the_counts_add_up(tmp_path, seed):
    known = [how for how in MISBEHAVIOURS if how not in ("hang", "later")]  # those take long
    faults = random.Random(seed).choices([*known, 400, "good"], k=40)
    given = settings(errors={"share": 1.0, "consecutive": 99}, effort=2, budget={"requests": 45})
    with MisbehavingEndpoint(*faults) as server:
        generated = generate(TASKS, TABLES, endpoint(server.url), given, tmp_path)
        asked = Counter((body["messages"][0]["content"], body["seed"]) for body in server.bodies)
        assert generated.usage.requests.sum() == server.requests <= 45
        assert max(asked.values()) <= 3 and max(server.paid.values()) == 1
    usage = counts_add_up(generated)
    assert (usage.samples_accepted <= usage.quota).all()
    came = len(generated.instructions) + len(generated.quarantined)
    assert came > 0 and generated.quarantined.reason.notna().all()


def test_answers_are_not_paid_twice(tmp_path):
    with MisbehavingEndpoint() as server:
        first = generate(TASKS, TABLES, endpoint(server.url), settings(), tmp_path)
        asked = server.requests
        again = generate(TASKS, TABLES, endpoint(server.url), settings(), tmp_path)
        assert server.requests == asked
        more = generate(
            TASKS, TABLES, endpoint(server.url), settings(samples_per_task=24), tmp_path
        )
        assert max(server.paid.values()) == 1
    assert again.instructions.equals(first.instructions)
    assert again.quarantined.equals(first.quarantined)
    assert again.usage.cache_hits.sum() == asked and again.usage.requests.sum() == 0
    assert again.usage.prompt_tokens.sum() == first.usage.prompt_tokens.sum()
    assert set(first.instructions.instruction_id) < set(more.instructions.instruction_id)


def test_the_order_in_which_answers_come_decides_nothing(tmp_path):
    with MisbehavingEndpoint() as server:
        alone = generate(
            TASKS, TABLES, endpoint(server.url), settings(concurrency=1), tmp_path / "a"
        )
    faults = [500, "later", "dropped"]
    with MisbehavingEndpoint(*faults) as server:
        shuffled = {"products": TABLES["products"].sample(frac=1, random_state=0)}
        beside = generate(
            TASKS, shuffled, endpoint(server.url), settings(concurrency=6), tmp_path / "b"
        )
    assert beside.instructions.equals(alone.instructions)


def test_no_more_requests_are_out_than_allowed(tmp_path):
    with MisbehavingEndpoint(delay=0.02) as server:
        generate(ONE, TABLES, endpoint(server.url), settings(concurrency=3), tmp_path)
        assert server.most_out == 3


@pytest.mark.parametrize(
    ("limit", "at_most"),
    [({"requests": 5}, 5), ({"tokens": 600}, 4), ({"money": 0.0007}, 4)],  # 150 tokens an answer
)
def test_a_budget_ends_the_run_in_good_order(tmp_path, limit, at_most):
    given = settings(budget=limit, prices={"prompt": 1.0, "completion": 2.0}, concurrency=1)
    with MisbehavingEndpoint() as server:
        generated = generate(TASKS, TABLES, endpoint(server.url), given, tmp_path)
        assert server.requests == at_most
        again = generate(TASKS, TABLES, endpoint(server.url), given, tmp_path)
        assert server.requests == at_most  # what was spent before counts
    usage = counts_add_up(generated)
    assert usage.ended.str.startswith(f"budget: {next(iter(limit))}").all()
    assert usage.cost.sum() == pytest.approx(at_most * 200e-6)
    assert again.instructions.equals(generated.instructions)
    assert again.usage.cost_now.sum() == 0 and again.usage.cost.sum() == usage.cost.sum()
    assert (usage.samples_accepted > 0).all()  # shared by the tasks


def test_no_budget_asks_nothing(tmp_path):
    with MisbehavingEndpoint() as server:
        given = settings(budget={"requests": 0})
        generated = generate(TASKS, TABLES, endpoint(server.url), given, tmp_path)
        assert server.requests == 0
    assert len(generated.instructions) == 0 and "prompt" in generated.instructions.columns
    assert "reason" in generated.quarantined.columns


def test_garbage_stops_the_run_and_keeps_what_it_had(tmp_path):
    given = settings(concurrency=1, errors={"consecutive": 4})
    with MisbehavingEndpoint(*["good"] * 3, then="chat") as server:
        with pytest.raises(
            EndpointError, match=r"4 requests in a row.*no sample.*kept in"
        ) as caught:
            generate(ONE, TABLES, endpoint(server.url), given, tmp_path)
        assert server.requests == 7
        usage = counts_add_up(caught.value.generated).loc["product_question"]
        assert usage.samples_accepted + usage.samples_quarantined == 6 + 4
        assert list(caught.value.generated.quarantined.reason).count("format") == 4
        assert usage.ended == "error"
        server.then = "good"
        generated = generate(ONE, TABLES, endpoint(server.url), given, tmp_path)
        assert max(server.paid.values()) == 1
    usage = counts_add_up(generated).loc["product_question"]
    assert (usage.ended, usage.cache_hits) == ("quota", 7)
    assert list(generated.quarantined.reason).count("format") == 4


def test_a_share_of_garbage_stops_the_run(tmp_path):
    given = settings(
        concurrency=1, errors={"share": 0.3, "after": 6}, samples_per_task=64, effort=9
    )
    with MisbehavingEndpoint(*["good", "silent"] * 40) as server:
        with pytest.raises(EndpointError, match=r"3 of 6 requests"):
            generate(ONE, TABLES, endpoint(server.url), given, tmp_path)
        assert server.requests == 6


def test_an_endpoint_that_is_down_stops_the_run(tmp_path):
    with MisbehavingEndpoint() as server:
        url = server.url
    given = settings(errors={"consecutive": 3}, concurrency=2)
    with pytest.raises(EndpointError, match=r"3 requests in a row.*attempt 3"):
        generate(ONE, TABLES, endpoint(url), given, tmp_path)


@pytest.mark.parametrize(
    ("status", "said"), [(401, "key is refused"), (403, "no right"), (404, "no such model")]
)
def test_some_statuses_stop_at_once(tmp_path, status, said):
    with MisbehavingEndpoint("good", then=(status, None, "computer says no")) as server:
        with pytest.raises(EndpointError, match=f"{said}.*computer says no") as caught:
            generate(ONE, TABLES, endpoint(server.url), settings(concurrency=1), tmp_path)
        assert server.requests == 2
    assert "secret" not in str(caught.value)
    assert len(caught.value.generated.instructions) == 2


def test_a_refused_request_is_not_repeated(tmp_path, caplog):
    with MisbehavingEndpoint((400, None, "too long")) as server:
        generated = generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)
        usage = counts_add_up(generated).loc["product_question"]
        assert (usage.retries, usage.failures, usage.samples_unanswered) == (0, 1, 2)
        assert usage.ended == "quota"
    assert "refused with 400: too long" in caplog.text


def test_cells_that_cannot_be_filled_end_by_effort(tmp_path):
    few = {"products": TABLES["products"][:1]}
    only = {"review_sentiment": TASKS["review_sentiment"]}
    with MisbehavingEndpoint() as server:
        server.oracle.tables, server.oracle.pool = few, 4
        given = settings(effort=2, errors={"consecutive": 99, "share": 1.0})
        generated = generate(only, few, endpoint(server.url), given, tmp_path)
    usage = counts_add_up(generated).loc["review_sentiment"]
    assert usage.ended == "effort"
    assert usage.samples_asked <= 32


def test_a_broken_cache_file_costs_its_bad_lines_alone(tmp_path, caplog):
    with MisbehavingEndpoint() as server:
        generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)
        asked = server.requests
        file = tmp_path / CACHE
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join([*lines[:2], b"rubbish\n", *lines[3:-1], lines[-1][:40]]))
        generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)
        assert server.requests == asked + 2
        assert "line 3" in caplog.text and "cut short" in caplog.text
        caplog.clear()
        generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)
        assert server.requests == asked + 2


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from synthetic_shop import TABLES, TASKS, endpoint, settings
from shoplm.tasks.synthesis.generation import generate
generate(TASKS, TABLES, endpoint(sys.argv[1]), settings(concurrency=2), Path(sys.argv[2]))
"""


def goes_on(server, directory):
    """After seven paid answers, of which none is asked for again."""
    server.then = "good"
    assert sum(server.paid.values()) == 7
    generated = generate(TASKS, TABLES, endpoint(server.url), settings(), directory / "a")
    assert max(server.paid.values()) == 1
    assert generated.usage.cache_hits.sum() == 7
    alone = generate(TASKS, TABLES, endpoint(server.url), settings(), directory / "b")
    assert generated.instructions.equals(alone.instructions)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_killed_run_goes_on_without_paying_twice(tmp_path):
    program = CHILD.format(tests=str(Path(__file__).parent))
    with MisbehavingEndpoint(*["good"] * 7, then="hang") as server:
        child = subprocess.Popen([sys.executable, "-c", program, server.url, tmp_path / "a"])
        wait_until(lambda: server.requests == 9)  # two of them hang
        child.kill()
        assert child.wait(30) == -signal.SIGKILL
        goes_on(server, tmp_path)


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_interrupted_run_goes_on_without_paying_twice(tmp_path, number, error):
    before = signal.getsignal(number)
    with MisbehavingEndpoint(*["good"] * 7, then="hang") as server:

        def interrupt():
            wait_until(lambda: server.requests == 9)
            os.kill(os.getpid(), number)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(error):
            generate(TASKS, TABLES, endpoint(server.url), settings(concurrency=2), tmp_path / "a")
        thread.join()
        assert signal.getsignal(number) == before
        goes_on(server, tmp_path)


def test_runs_where_a_loop_is_running(tmp_path):
    async def notebook():
        return generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)

    with MisbehavingEndpoint() as server:
        assert len(asyncio.run(notebook()).instructions) == 16
        server.then = 401
        with pytest.raises(EndpointError):
            generate(ONE, TABLES, endpoint(server.url, model="other"), settings(), tmp_path)


def test_two_runs_do_not_share_a_directory(tmp_path):
    from shoplm.tasks.synthesis.cache import ResponseCache

    with ResponseCache(tmp_path / CACHE), pytest.raises(RuntimeError, match="another run"):
        generate(ONE, TABLES, endpoint("http://127.0.0.1:9/v1"), settings(), tmp_path)


def test_the_local_server_answers_offline(tmp_path, monkeypatch):
    monkeypatch.setattr("shoplm.tasks.recipes.make_examples", stub_examples)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    local = Endpoint(model=LOCAL_MODEL, local=True)
    first = generate(TASKS, TABLES, local, settings(), tmp_path)
    assert list(counts_add_up(first).ended) == ["quota", "quota"]
    assert not (tmp_path / CACHE).exists()
    assert generate(TASKS, TABLES, local, settings(), tmp_path).instructions.equals(
        first.instructions
    )


def test_recipes_that_have_nothing_for_a_cell_stop_nothing(tmp_path, monkeypatch):
    def happy(task, tables, n, seed):
        made = stub_examples(task, tables, n, seed)[0]
        return [e for e in made if e.gold == "pos" or task is not TASKS["review_sentiment"]], []

    monkeypatch.setattr("shoplm.tasks.recipes.make_examples", happy)
    local = Endpoint(model=LOCAL_MODEL, local=True)
    given = settings(errors={"consecutive": 2})
    generated = generate(TASKS, TABLES, local, given, tmp_path)
    assert list(generated.usage.ended) == ["quota", "effort"]
    monkeypatch.setattr("shoplm.tasks.recipes.make_examples", lambda *given: ([], []))
    generated = generate(TASKS, TABLES, local, given, tmp_path)
    assert generated.usage.ended.str.startswith("no recipe makes").all()
    assert generated.usage.requests.sum() == 0


def test_a_disk_that_is_full_ends_the_run_and_harms_nothing(tmp_path, monkeypatch):
    with MisbehavingEndpoint() as server:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError("full")))
            with pytest.raises(OSError, match="full"):
                generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)
        generated = generate(ONE, TABLES, endpoint(server.url), settings(), tmp_path)
    assert len(generated.instructions) == 16


def test_a_task_that_no_record_can_ground_is_left_out(tmp_path):
    with MisbehavingEndpoint() as server:
        given = endpoint(server.url)
        generated = generate(ONE, {}, given, settings(), tmp_path)
        assert list(generated.usage.ended) == ["no table `products`"]
        empty = TABLES["products"].assign(title="")
        generated = generate(ONE, {"products": empty}, given, settings(), tmp_path)
        assert list(generated.usage.ended) == ["no product has all of title, properties"]
        assert server.requests == 0
        with pytest.raises(ValueError, match=r"product_question.yml: synthetic.grounding.*'title'"):
            generate(ONE, {"products": empty.drop(columns="title")}, given, settings(), tmp_path)


def test_an_unknown_task_is_refused(tmp_path):
    given = settings(tasks=["product_questions"])
    with pytest.raises(ValueError, match=r"'product_questions' is no task.*product_question"):
        generate(TASKS, TABLES, endpoint("http://127.0.0.1:9/v1"), given, tmp_path)


def test_neither_log_nor_cache_nor_tables_show_the_key(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with MisbehavingEndpoint(500, 400) as server:
        given = endpoint(server.url)
        generated = generate(ONE, TABLES, given, settings(), tmp_path)
        assert set(server.keys) == {"Bearer sk-very-secret"}
    tables = (generated.instructions, generated.quarantined, generated.usage)
    shown = [repr(given), str(given), caplog.text, *(table.to_csv() for table in tables)]
    shown += [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert not any("secret" in text for text in shown)
