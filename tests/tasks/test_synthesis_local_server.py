import openai
import pytest
from synthetic_shop import PRODUCTS, QUESTION, SENTIMENT, TABLES, TASKS, stub_examples

from shoplm.tasks.synthesis.local_server import LocalServer
from shoplm.tasks.synthesis.requests import Grounding, Request
from shoplm.tasks.synthesis.responses import Sample, parse_response


def request(task, language, cell, number=0, samples=2):
    product, record = Grounding(task, PRODUCTS, 0, 99).record(language, cell, number)
    return Request(task, language, cell, number, samples, record, product)


HARD = request(QUESTION, "zh", (("difficulty", "Hard"),))
ANGRY = request(SENTIMENT, "en", (("tone", "angry"), ("answer", "neg")))


@pytest.fixture(scope="module")
def server():
    with LocalServer(TASKS, TABLES, make_examples=stub_examples) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    http = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(
        base_url=server.base_url, api_key="x", max_retries=0, http_client=http
    ) as client:
        yield client


def test_it_speaks_the_protocol(client):
    answer = client.chat.completions.create(model="any", messages=HARD.messages)
    assert (answer.model, answer.choices[0].finish_reason) == ("any", "stop")
    usage = answer.usage
    assert usage.prompt_tokens == len(HARD.text.encode()) // 4
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


@pytest.mark.parametrize("asked", [HARD, ANGRY])
def test_it_answers_in_the_form_with_what_is_wanted(server, asked):
    samples = parse_response(server.complete(asked.text), asked.task, asked.language, 2)
    assert len(samples) == 2 and all(isinstance(sample, Sample) for sample in samples)
    for sample in samples:
        assert dict(asked.cell).items() <= sample.values.items()
    assert server.complete(asked.text) == server.complete(asked.text)


def test_its_samples_are_the_recipes_and_about_the_record(server):
    known = {example.fields["question"] for example in stub_examples(QUESTION, TABLES, 999, 0)[0]}
    for sample in parse_response(server.complete(HARD.text), QUESTION, "zh", 2):
        assert sample.values["question"] in known
        assert HARD.record["title"] in sample.values["question"]
    reviews = {e.fields["review"]: e for e in stub_examples(SENTIMENT, TABLES, 999, 0)[0]}
    for sample in parse_response(server.complete(ANGRY.text), SENTIMENT, "en", 2):
        example = reviews[sample.values["review"]]
        assert example.gold == "neg" and example.fields["title"] == ANGRY.record["title"]


def test_it_never_answers_more_than_is_asked_for_or_there_is(server):
    asked = request(QUESTION, "en", (("difficulty", "Easy"),), samples=7)
    assert len(parse_response(server.complete(asked.text), QUESTION, "en", 7)) == 7
    few = LocalServer(TASKS, TABLES, pool=3, make_examples=stub_examples)
    assert len(parse_response(few.complete(asked.text), QUESTION, "en", 7)) == 3


@pytest.mark.parametrize(
    ("path", "content", "status", "said"),
    [
        ("/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, 400, "no task"),
        ("/chat/completions", {}, 400, "messages"),
        ("/embeddings", {}, 404, "no such address"),
    ],
)
def test_other_requests_are_refused(client, path, content, status, said):
    with pytest.raises(openai.APIStatusError, match=said) as caught:
        client.post(path, body=content, cast_to=object)
    assert caught.value.status_code == status


def test_a_task_without_examples_is_refused():
    server = LocalServer(TASKS, TABLES, make_examples=lambda *given: ([], []))
    with pytest.raises(ValueError, match="no recipe makes examples"):
        server.complete(HARD.text)
