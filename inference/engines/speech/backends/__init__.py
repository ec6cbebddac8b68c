"""What decodes windows of sound: Whisper in PyTorch, or in CTranslate2.

`backend` is the interface that both have. `whisper_backend` decodes with PyTorch, by continuous batching: `lanes` runs
the network, `sampling` picks tokens, `alignment` finds when they were spoken, `weights` loads the files.
`faster_backend` does the same with CTranslate2; `ctranslate2_file` reads its files without it.

Knows: networks, tokens, batches. Does not know: clips, jobs, what becomes of the text.
"""
