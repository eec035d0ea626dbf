"""The side of `system` that is Windows': each module here stands behind the one of the same name above it.

Only modules of `system` import these, and only on Windows. They are thin calls of the system's own libraries by ctypes; what
they mean is said by the contracts that every system keeps (tests/system), and `govsync doctor --self-test` tries it on a real PC.
"""
