"""How a model behind an endpoint is put the questions of benchmarks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from shoplm.tasks.synthesis.settings import ClientSettings


class EndpointAnswerSettings(ClientSettings):
    """What a request to the endpoint carries, and the means to get it answered."""

    text_through: Literal["chat", "completions"] = "chat"
    """chat: the prompt is a message of the user's, as a chat model expects; without shots the bare
    question, less the frame that models on this machine are tuned with. completions: the model
    goes on with the prompt, as a model on this machine does."""
    parameters: dict[str, Any] = {"temperature": 0.0}
    """What else a request for text carries, as the endpoint calls it."""
    length_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What a chat endpoint calls the length that an answer may have."""
    end_of_text: str | None = None
    """The end-of-text token in the letters of the model's tokenizer, `</s>` say, if the server
    reads it as one. Without it the likelihoods of answers that end the document lack that token."""

    @model_validator(mode="after")
    def _parameters_are_free(self) -> EndpointAnswerSettings:
        ours = {"messages", "prompt", "model", "stream", "n", "stop", "echo", "logprobs"}
        ours |= {"max_tokens", "max_completion_tokens"}
        if taken := ours & set(self.parameters):
            raise ValueError(f"parameters: {sorted(taken)} are not to be set here")
        return self
