"""The endpoint: organisations, spaces, journals, contents.

Every rule is a synchronous function of (server, caller, request) that opens one transaction; asynchronous code is only
at the HTTP edge (`http`, `events`). The simulation and the `admin` commands call the same functions directly. All state
is in the database and the blob store, so replicas are stateless. May import `protocol`, `content`, `settings`, `text`,
`system`, `model`. Start reading at `context`, then `commits`.
"""
