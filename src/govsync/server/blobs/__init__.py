"""Where packs lie: immutable objects, in a folder or in an S3-compatible store.

`interface` says what the server needs, `folder` and `objects` are the two stores, `owned` refuses to work on a store that
is not this database's. None of them knows what is in an object. Start reading at `interface`.
"""
