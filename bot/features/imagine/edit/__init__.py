"""What was typed, in forms: to be edited after a refusal, or drawn again in other words."""
