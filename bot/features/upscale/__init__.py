"""Upscaling: a finished picture made larger, as a job of its own, once for each picture."""
