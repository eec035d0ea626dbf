"""The side of `system` that is macOS' alone: each module here stands behind the one of the same name above it. What macOS has in
common with Linux is in `posix`.

Only modules of `system` import these, and only on macOS. They are written by the system's manuals, and the tests keep their
contracts by what stands for the system there (tests/system/test_macos_*.py). None was ever run on a Mac (docs/testing.md).
"""

DOMAIN = "org.govsync.desk"
"""What GovSync is called wherever macOS wants one name in all the world: for its managed preferences, and for launchd."""
