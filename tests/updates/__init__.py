"""Tests of govsync.updates, mirroring its modules; `place.py` has a real place of updates on a real HTTP server."""
