"""One package a pipeline: wiring, thin pure nodes, typed parameters."""
