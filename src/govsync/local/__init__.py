"""The synced folder: looking at it, reading it, and changing it without destroying anything.

Everything here is written over `system.fs.FileSystem`, so the simulation tests this very code. `steps` are the values
in which the engine asks for changes; `place` carries them out (R10-R17); `scanner` and `reader` observe (R1-R9);
`watcher` is the only place that knows watchdog. May import `system`, `settings`, `content`, `model`.
"""
