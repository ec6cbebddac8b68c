"""Programs that measure: each prints a table, and writes its figures as JSON where asked."""

from inference.openmp import limit_spinning

limit_spinning()  # what computes in a bench waits as a worker's threads do
