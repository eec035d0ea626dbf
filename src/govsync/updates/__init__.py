"""Newer versions of GovSync for desks that no distribution and no management of IT's keeps: which there is, and the file of it.

`versions` and `releases` decide, `trust` believes nothing that is not signed. It is handed how bytes are fetched, and hands a
file to whoever asked; it installs nothing, knows no settings, and no other folder but `agent` knows it.
"""
