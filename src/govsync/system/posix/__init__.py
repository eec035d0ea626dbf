"""The side of `system` that is Linux' and, where it is the same there, macOS': each module here stands behind the one of the
same name above it. What their kernels have in different ways is asked of `kernel`; on a Mac none of it was ever run."""
