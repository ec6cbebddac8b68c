"""What every room needs: background loops that do not die, and log lines without secrets.

Knows: the standard library and Prometheus' counters. Does not know: any of the rooms, which all may import it.
"""
