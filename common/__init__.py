"""What every room needs: loops that do not die, logs without secrets, errors with a sentence, 'did you mean'.

Knows: the standard library and Prometheus' counters. Does not know: any of the rooms, which all may import it.
"""
