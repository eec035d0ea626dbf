"""All that depends on the operating system, one capability a file.

Nothing outside this folder asks which system it runs on, or does what each does in its own way: another operating system
is another `system/`. `fs` holds the primitives that change or read the synced folder; the simulation has its own
implementation of the same protocol. May import `model` only.
"""
