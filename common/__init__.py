"""What every room needs: background loops that do not die, log lines without secrets, errors with a sentence.

Knows: the standard library and Prometheus' counters. Does not know: any of the rooms, which all may import it.
"""
