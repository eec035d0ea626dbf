"""Bytes: how a content is cut, named, described, compressed, framed for the wire and packed for the store.

Pure functions over bytes that are handed in; nothing here opens a file, a connection or a database, or knows what a
node or a space is. May import `model` alone; `local`, `remote`, `protocol` and `server` build on it. Start reading at
`chunks` (a content becomes chunks), then `manifests` (what describes it) and `packs` (where its chunks rest).

Every decoder here is fed by strangers. Whatever it is given, it answers with the value or raises `Failure`, and needs
no more memory than its input and the limits handed to it allow (I16).
"""
