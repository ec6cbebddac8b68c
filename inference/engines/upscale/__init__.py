"""Upscaling: pictures of earlier jobs made larger by a network, one tile a step.

The engine is `inference.engines.upscale.engine`. In the order of a job's life: `job` (what it waits for, how far it
is), `loading` (weights from safetensors, as a `network`), `tiles` (where the pieces of a picture lie),
`tile_sizes` (how large they may be), `canvas` (pieces put together without seams), `outputs` (the file).

Knows: torch, and spandrel where that is installed. Does not know: how pictures are generated, trainings, sound, jobs in
SQL, credits, Discord.
"""
