"""Writes values as block YAML that every YAML reader takes for the same values."""

import json
import math
import re

from odin_runtime import yaml_scalars

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./=<>+@~: -]*\Z")
# YAML 1.1 readers take these for booleans, too.
_WORDS = {"y", "n"}


def dump(value):
    """The text of a mapping or list, keys in the order in which they stand, with a line break at the end."""
    return "\n".join(_lines(value, 0)) + "\n"


def _lines(value, indent):
    blanks = " " * indent
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if isinstance(item, (dict, list, tuple)) and item:
                yield f"{blanks}{_scalar(key)}:"
                yield from _lines(item, indent if isinstance(item, (list, tuple)) else indent + 2)
            else:
                yield f"{blanks}{_scalar(key)}: {_scalar(item)}"
    elif isinstance(value, (list, tuple)) and value:
        for item in value:
            if isinstance(item, (dict, list, tuple)) and item:
                first, *others = _lines(item, indent + 2)
                yield f"{blanks}- {first[indent + 2:]}"
                yield from others
            else:
                yield f"{blanks}- {_scalar(item)}"
    else:
        yield blanks + _scalar(value)


def _scalar(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if math.isfinite(value):
            text = repr(float(value))
            # Without a dot YAML 1.1 takes an exponent for a text. Python writes its sign always.
            return text if "." in text or "e" not in text else text.replace("e", ".0e")
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    return _text(str(value))


def _text(text):
    if _PLAIN.match(text) and ": " not in text and not text.endswith((":", " ")) \
            and text.lower() not in _WORDS and isinstance(yaml_scalars.plain(text), str):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text)
