"""The built-in model: the recipe that makes it, its card, its weights, and the judge that scores it.

Knows: openly licensed emoji artwork, how pictures are captioned, and how an autoencoder, a denoiser and a classifier
are trained from scratch (`python -m inference.builtin all`).
Does not know: jobs, engines, members or Discord. What it leaves for the rest is one folder, `weights`, which any
diffusers program opens.
"""
