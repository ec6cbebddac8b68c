"""What no family covers: pictures drawn by diffusers' own pipeline, one after the other, a step at a time.

`steps` runs one call of a pipeline and stops it between two of its steps; `denoiser` draws a model's lanes so.
"""
