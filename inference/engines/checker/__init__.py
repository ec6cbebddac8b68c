"""Checkers: image classifiers that finished pictures are shown to, a few at a time, between the steps of an engine.

`loading` finds, checks and loads a catalogue entry as a `classifier`; `checkers` has those in memory of one device;
`check_queue` is what an engine gives its finished pictures to.

Knows: torch, transformers, and diffusers for Stable Diffusion's own checker. Does not know: how pictures are made, what
becomes of flagged ones, jobs in SQL, Discord.
"""
