"""All SQL of the client: what a desk remembers, in one SQLite database owned by one thread.

`schema` says what is stored, `database` opens it; every other module is one noun: `trees` reads the three trees for
reconcile, `local_tree`, `remote_tree`, `observe` and `union` change them, `dirty` says what is to be decided, `ops` and
`intents` what is on its way. No clock, no ids of its own: both are handed in. May import `local.steps` as values only
through the bytes it is given: it imports `protocol`, `content`, `model`.
"""
