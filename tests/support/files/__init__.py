"""Files that members send, good and hostile."""
