"""The server as the client sees it: one interface, and its implementation over HTTP.

`interface` says what the engine may ask; nothing above this folder knows of chunks, packs or requests. The simulation
has a second implementation that calls the server's own functions. May import `protocol`, `content`, `model`, `system`,
`settings`.
"""
