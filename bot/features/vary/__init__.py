"""Vary: new pictures out of a finished one, a little or quite different, on a larger canvas, or in a part of it."""
