"""Rules of the texts, by language and kind of text, in the notation of `simulation.grammar`."""
