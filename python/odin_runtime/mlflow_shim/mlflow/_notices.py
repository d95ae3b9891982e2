"""Words to the person who reads the log."""

import sys

_said = set()


def notice(text):
    """Says it once."""
    if text not in _said:
        _said.add(text)
        sys.stderr.write(f"[odin][INFO] mlflow - {text}\n")
        sys.stderr.flush()
