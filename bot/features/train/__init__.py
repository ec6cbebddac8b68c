"""/train and /subjects: train a subject from photos, use it, share it, take it back."""
