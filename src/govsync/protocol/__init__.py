"""What client and server say to each other: routes, limits, and the messages of each noun.

`routes` is the one table of calls; the server binds a handler to each row, the client calls by the same row. Control
messages travel as JSON, bodies that carry contents as frames (`content.frames`) whose first frame is a MessagePack
document. Fields are only ever added; a reader ignores fields that it does not know. May import `content` and `model`.
"""
