"""A member's own jobs: /queue, /cancel and /history; and what there is: /models."""
