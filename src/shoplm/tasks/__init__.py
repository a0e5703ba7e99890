"""What a task is: render a prompt, parse an answer, score it; and where examples come from."""
