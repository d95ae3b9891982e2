"""Runs the user's program: its output goes where ours goes, and what tells us to end tells it, too."""

import os
import signal
import subprocess

_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(arguments, directory, environ):
    """Runs a program to its end; its exit code, or minus the signal that ended it. Whoever is told to end while it runs tells it
    and all that it started; when it has ended, the signal is raised as Stopped by the handler that was there before."""
    received = []
    before = {}
    process = subprocess.Popen(arguments, cwd=directory, env=environ, stdin=subprocess.DEVNULL)

    def forward(number, _):
        received.append(number)
        # A shell between us and the program would end alone.
        for pid in (process.pid, *descendants(process.pid)):
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                pass

    try:
        for number in _FORWARDED:
            before[number] = signal.signal(number, forward)
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        handler = before[received[0]]
        if callable(handler):
            handler(received[0], None)
    return code


def descendants(root):
    """Everything that a process has started and that has not been adopted by another, as far as /proc tells."""
    children = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    # The name in parentheses may hold anything, also parentheses.
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry))
    found, waiting = [], [root]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def ending(code):
    """How a program ended, as the end of a sentence that begins with its name."""
    number = -code if code < 0 else code - 128 if code > 128 else 0
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"ended with exit code {code}"
    # A shell says by 128 + N that what it ran was ended by the signal N.
    return f"was ended by the signal {name} ({number})" if code < 0 else f"ended with exit code {code} (the signal {name})"
