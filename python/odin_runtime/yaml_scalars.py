"""Plain and quoted scalars of YAML 1.1, with the types that PyYAML gives them (dates stay texts)."""

import re

_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_OTHER_INTEGER = re.compile(r"([-+]?)0(?:(x)([0-9a-fA-F_]+)|(b)([01_]+)|(o?)([0-7_]+))\Z")
# As PyYAML has it: 1e3 and 1.0e3 are texts. A run's id may look like that, and is written without quotes.
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?\Z")
_SPECIAL = re.compile(r"([-+]?)\.(inf|nan)\Z", re.IGNORECASE)
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", " ": " ",
            '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}
_ESCAPE_DIGITS = {"x": 2, "u": 4, "U": 8}


def plain(text):
    """The value of an unquoted scalar."""
    word = text if text in ("~", "") else text.lower() if text in (text.lower(), text.upper(), text.capitalize()) else None
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.match(text):
        return int(text.replace("_", ""))
    other = _OTHER_INTEGER.match(text)
    if other:
        sign, is_hex, hexadecimal, is_binary, binary, _, octal = other.groups()
        digits, base = (hexadecimal, 16) if is_hex else (binary, 2) if is_binary else (octal, 8)
        digits = digits.replace("_", "")
        return int(sign + digits, base) if digits else text
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    special = _SPECIAL.match(text)
    if special:
        return float((special.group(1) if special.group(2).lower() == "inf" else "") + special.group(2))
    return text


def fold(lines):
    """Lines of one scalar as YAML joins them: a single break is a space, each blank line a line break."""
    result, breaks = lines[0], 0
    for line in lines[1:]:
        if line == "":
            breaks += 1
            continue
        result += "\n" * breaks if breaks else " "
        result += line
        breaks = 0
    # A last line that is blank holds only the closing quote.
    return result + ("\n" * (breaks - 1) if breaks > 1 else " " if breaks else "")


def unescape(text):
    """The value of a double-quoted text without its quotes. Raises ValueError with a sentence."""
    result, position = [], 0
    while position < len(text):
        character = text[position]
        if character != "\\":
            result.append(character)
            position += 1
            continue
        escape = text[position + 1:position + 2]
        if escape in _ESCAPE_DIGITS:
            digits = text[position + 2:position + 2 + _ESCAPE_DIGITS[escape]]
            try:
                result.append(chr(int(digits, 16)))
            except (ValueError, OverflowError):
                raise ValueError(f"'\\{escape}{digits}' is no character") from None
            position += 2 + len(digits)
        elif escape in _ESCAPES and escape:
            result.append(_ESCAPES[escape])
            position += 2
        else:
            raise ValueError(f"'\\{escape}' is no escape sequence of YAML")
    return "".join(result)
