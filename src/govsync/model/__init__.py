"""What things are and what must follow: pure values and functions.

Nothing here does I/O, reads a clock, draws a random number or starts a thread, so a test can hold a whole rule in
one call. It imports nothing of GovSync; everything else may import it.

Start reading at `nodes` (the facts), then `trees` (the three trees that hold them) and `reconcile` (what must be done
so that they agree). `accept` is the server's half of the same table.
"""
