"""The lines of a training's log that are Odin's own: `[odin][INFO] 2026-11-21T15:02:11.039Z - text`, as the server writes its own,
each flushed at once."""

import datetime
import sys

_is_bare = False


def bare():
    """From now on without level and time: who started us puts its own before our lines."""
    global _is_bare
    _is_bare = True


def info(text):
    _write("INFO", text)


def warning(text):
    _write("WARNING", text)


def error(text):
    _write("ERROR", text)


def _write(level, text):
    # The program's own output goes to the same descriptors without a detour: what waits in our buffer would come too late.
    sys.stdout.flush()
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    sys.stderr.write(f"{text}\n" if _is_bare else f"[odin][{level}] {now.isoformat(timespec='milliseconds')}Z - {text}\n")
    sys.stderr.flush()
