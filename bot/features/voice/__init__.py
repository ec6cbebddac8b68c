"""Voice into text: voice messages, /transcribe, and what can be done with a transcript."""
