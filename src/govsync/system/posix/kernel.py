"""What POSIX leaves to each kernel: the interface, and the one place that chooses between its two sides.

Linux' side is `system.linux`. macOS' is `system.macos.kernel`, which was never run on a Mac. Descriptors are open ones. What
is said to raise OSError raises it with the kernel's own number.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

if sys.platform == "darwin":
    from govsync.system.macos import kernel as own
else:
    from govsync.system import linux as own


class Kernel(Protocol):
    """The calls that each kernel has in its own way; a module is one."""

    AT_CWD: int
    """Stands for no folder: a name is a path then."""
    NO_EXCHANGE: tuple[int, ...]
    """How file systems say that they know no exchange; of files, none of these numbers means anything else."""
    FLUSHES_ALL: bool
    """Whether `flush_folders` is known to flush the data of every file, too; else those of a file that is written here have to
    be on the way to the disk before."""

    # ---- names ----

    def rename_exchange(self, a: int, a_name: str, b: int, b_name: str, /) -> None:
        """Swaps two names atomically; raises OSError, and ValueError for a name that holds a NUL."""

    def rename_noreplace(self, a: int, a_name: str, b: int, b_name: str, /) -> None:
        """Renames to a free name atomically; raises OSError, and ValueError for a name that holds a NUL."""

    def birth(self, folder: int, name: str, /) -> tuple[int, int | None]:
        """Answers an entry's inode, and when it was created in nanoseconds, None where the file system does not tell;
        raises OSError, and ValueError for a name that holds a NUL."""

    # ---- what lies on the disk ----

    def flush(self, descriptor: int, /) -> None:
        """Returns when a file's data are on the disk itself; raises OSError."""

    def flush_folders(self, descriptors: Iterator[int], /) -> None:
        """Returns when the entries of these folders, at least one, are on the disk itself, and so are the data of their file
        system that were on the way, and the others as far as the kernel can; raises OSError."""

    def reserve(self, descriptor: int, size_bytes: int, /) -> None:
        """Reserves room for a file without changing its size; raises OSError where there is none, or no such call."""

    def network_kind(self, descriptor: int, /) -> str | None:
        """Names a file system that others may change unseen (network, user space), or answers None for a local one; raises
        OSError."""

    def keeps_numbers(self, descriptor: int, /) -> bool:
        """Says whether inode numbers of the descriptor's file system mean the same after it was mounted again; raises
        OSError."""

    # ---- rights ----

    def umask(self) -> int:
        """Answers the rights that this process's new files do not get; asked by umask(2) it would be another for a moment,
        for all threads. Raises OSError."""

    def copy_extended(self, source: int, target: int, acl: bool, /) -> int:
        """Copies extended attributes and, where wanted, the ACL, each as far as it goes. Answers those rights of a mode that
        mean more than they did because the ACL did not come along: 0 where none do."""

    # ---- leases ----

    def ignore_lease_signals(self) -> None:
        """Lets a lease that is broken be asked about instead of ending the process."""

    def lease(self, descriptor: int, /) -> bool:
        """Takes a read lease; False when somebody writes, or none can be had."""

    def lease_unbroken(self, descriptor: int, /) -> bool:
        """Says whether the lease is still whole; raises OSError."""

    def release(self, descriptor: int, /) -> None:
        """Gives a lease back; harmless without one."""

    def leases(self, folder: Path, /) -> bool | None:
        """Says whether leases work on a folder's file system; None where that cannot be tried just now."""

    def written_by_somebody(self, descriptor: int, /) -> bool | None:
        """Says whether a program has the file open for writing; None where that cannot be known. For file systems with
        leases."""

    # ---- sockets and memory ----

    def peer(self, connection: socket.socket, /) -> int | None:
        """Answers whose process is at the other end of a Unix socket, as the kernel noted it when they were connected; None
        where it does not tell."""

    def socket_address(self, path: Path, /) -> AbstractContextManager[str]:
        """Answers an address, which a socket's has to be short, for a path of any length; it holds within the context. Raises
        OSError."""

    def share_heaps(self, most: int, /) -> None:
        """Has all threads allocate from so many heaps at most, where the C library has more than one."""


kernel: Kernel = own
