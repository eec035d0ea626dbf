"""The synced folder: looking at it, reading it, and changing it without destroying anything.

Everything here is written over `system.fs.FileSystem`, so the simulation tests this very code; the kernel's hints come
from `system.watcher`. Start reading at `steps`, the values in which the engine asks for changes
of the disk; `place` carries them out and `recover` judges what a crash cut off (R10-R16). `root` proves that the folder
is ours, `scanner` and `reader` observe (R1-R9), `ignore` and `quiet` say what of it counts, `staging` assembles what
comes, `trash` keeps what goes (R17). May import `system`, `settings`, `content`, `model`.
"""
