"""Processes that end with the one that started them, even when that one is killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The system user that the servers run as."""

    uid: int
    gid: int


def end_with_parent(death_signal: signal.Signals, parent: int) -> None:
    """Ask the kernel for a signal when the parent dies; at once if it is dead already. Linux only."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), death_signal)


def _in_child(death_signal: signal.Signals) -> Callable[[], None]:
    """What runs between fork and exec. Popen has changed the user by then: later, that would forget the request."""
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        end_with_parent(death_signal, parent)

    return prepare


@dataclass
class Child:
    """A started program. It has a session of its own, so that Ctrl-C reaches its starter alone."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.ended:
            self.process.send_signal(self.stop_signal)

    def stop(self, *, patience: float = 5) -> None:
        """Ask, wait, then kill the whole session."""
        self.ask_to_stop()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    *,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    output: int | IO[bytes] = subprocess.DEVNULL,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a program. Call it from the main thread: the kernel watches the starting thread, not its process."""
    process = subprocess.Popen(  # noqa: S603 - the commands are ours
        command,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_in_child(stop_signal),  # noqa: PLW1509 - no thread of ours holds a lock here
        start_new_session=True,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    return Child(name, process, stop_signal)


def prefix_output(child: Child, say: Callable[[str], None]) -> None:
    """Pass on each line that the child prints, behind its name."""

    def copy() -> None:
        assert child.process.stdout is not None  # noqa: S101 - started with output=PIPE
        for line in child.process.stdout:
            if text := line.decode(errors="replace").rstrip():
                say(f"[{child.name}] {text}")

    threading.Thread(target=copy, daemon=True).start()


def run_in_foreground(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command that shares our terminal, pass signals on to it, and return its exit code as a shell would.

    Signals are taken one at a time instead of by handlers, because only so can it be told who sent them: those of the
    terminal (Ctrl-C) have reached the command already, and a second SIGINT would cut pytest's summary short.
    """
    passed_on = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
    signal.pthread_sigmask(signal.SIG_BLOCK, passed_on | {signal.SIGCHLD})
    process = subprocess.Popen(command, env=env, preexec_fn=_in_child(signal.SIGTERM))  # noqa: S603, PLW1509
    while process.poll() is None:
        received = signal.sigtimedwait(passed_on | {signal.SIGCHLD}, 1)
        if received and received.si_signo in passed_on and received.si_code <= 0:
            process.send_signal(received.si_signo)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def wait_until(holds: Callable[[], bool], *, seconds: float) -> bool:
    """Look ten times a second whether something holds; False when time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return holds()
