"""/imagine: a prompt into pictures, and the same once more."""
