"""Pictures: many people's jobs on one device, everybody's pictures denoised together, one forward pass a step.

The engine is `inference.engines.image.engine`. In the order of a job's life: `job` (what it waits for, its lanes),
`models` (checked folders, loaded), `families` (all that is known of one architecture, one file each), `adapters`
(subjects' LoRA files), `prompts` (what can be said of a prompt), `init_picture` (a member's picture to begin from),
`starts` (what a lane begins as), `lane` (one picture), `batches` (who shares the next pass), `passes` (one forward
pass), `schedulers` (one denoising step), `whole` (models that no family covers), `decoding` (latents → pixels),
`postprocessing` and `outputs` (pixels → files).

Knows: torch, diffusers, LoRA. Does not know: trainings, sound, jobs in SQL, credits, Discord.
"""
