"""Reactions to results, and the results that members keep at hand."""
