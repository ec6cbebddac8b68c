"""A member's habits: the parameters that all their prompts have, and their pace."""
