"""The lines of a training's log that are Odin's own: `[odin][INFO] 21-Nov-26 15:02:11 - text`, each flushed at once."""

import sys
import time


def info(text):
    _write("INFO", text)


def warning(text):
    _write("WARNING", text)


def error(text):
    _write("ERROR", text)


def _write(level, text):
    # The program's own output goes to the same descriptors without a detour: what waits in our buffer would come too late.
    sys.stdout.flush()
    sys.stderr.write(f"[odin][{level}] {time.strftime('%d-%b-%y %H:%M:%S')} - {text}\n")
    sys.stderr.flush()
