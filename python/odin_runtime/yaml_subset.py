"""Reads the part of YAML that MLproject, conda.yaml, MLmodel and meta.yaml files are written in; safe, with file and line.

Read are: block mappings and lists, to any depth up to 50; flow lists and flow mappings that end on their line; plain, 'single' and
"double" quoted scalars, also over several lines; literal and folded block scalars (| and >, with - and +); comments; one `---` at
the start and one `...` at the end. Plain scalars get the types of YAML 1.1; dates stay texts.

Everything else is an error with FILE:LINE and a sentence: anchors, aliases, tags, merge keys, complex keys, directives, several
documents, tabs as indentation, a key twice, flow collections over several lines, and files above 1 MiB.
"""

import re

from odin_runtime import yaml_scalars
from odin_runtime.errors import YamlError
from odin_runtime.yaml_flow import FlowReader, scan_quoted

_MAXIMUM_SIZE = 1 << 20
_MAXIMUM_DEPTH = 50
_BLOCK_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)\s*(#.*)?\Z")
_REFUSED = {"&": "anchors (&name)", "*": "aliases (*name)", "!": "tags (!type)", "%": "directives", "@": "values that begin with @",
            "`": "values that begin with `"}


def load(path):
    """The value in a file."""
    with open(path, "rb") as file:
        data = file.read(_MAXIMUM_SIZE + 1)
    if len(data) > _MAXIMUM_SIZE:
        raise YamlError(f"{path}:1: the file is larger than 1 MiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise YamlError(f"{path}:{data.count(10, 0, problem.start) + 1}: the file is not UTF-8.") from None
    return parse(text, str(path))


def parse(text, name="<text>"):
    """The value of a text; `name` stands in errors for the file."""
    return _Parser(text, name).document()


class _Parser:
    def __init__(self, text, name):
        self.name = name
        self.lines = text.replace("\r\n", "\n").split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.row = 0
        # Where content begins in the current line; behind a list's dash it is not the first character.
        self.column = 0
        self.depth = 0

    def fail(self, sentence, row=None):
        raise YamlError(f"{self.name}:{(self.row if row is None else row) + 1}: {sentence}")

    def document(self):
        if self.seek() and self.rest() == "---":
            self.next_line()
        value = self.node(0) if self.seek() and self.rest() != "..." else None
        if self.seek() and self.rest() == "...":
            self.next_line()
        if self.seek():
            self.fail(f"this line does not belong to what is above it: {self.rest()[:40]!r}; is its indentation right?")
        return value

    # Lines.

    def rest(self):
        return self.lines[self.row][self.column:]

    def next_line(self):
        self.row += 1
        self.column = 0

    def seek(self):
        """Goes to the next content; False at the end."""
        while self.row < len(self.lines):
            line = self.lines[self.row]
            content = line[self.column:].lstrip(" ")
            if content.lstrip("\t ") == "" or content.lstrip("\t ").startswith("#"):
                self.next_line()
                continue
            if content.startswith("\t"):
                self.fail("a tab stands where the indentation should be; use spaces.")
            self.column = len(line) - len(content)
            return True
        return False

    # Nodes. Each begins at the current content and ends at the next content that is not its own.

    def node(self, least):
        if self.column < least:
            return None
        self.depth += 1
        if self.depth > _MAXIMUM_DEPTH:
            self.fail(f"nested deeper than {_MAXIMUM_DEPTH} levels.")
        if self.is_dash():
            value = self.sequence()
        elif self.key_end() is not None:
            value = self.mapping()
        else:
            value = self.inline(least - 1)
        self.depth -= 1
        return value

    def is_dash(self):
        return self.rest() == "-" or self.rest().startswith("- ")

    def sequence(self):
        indent, items = self.column, []
        while self.seek() and self.column == indent and self.is_dash():
            self.column += 1
            row = self.row
            if not self.seek() or (self.row != row and self.column <= indent):
                items.append(None)
            else:
                items.append(self.block_scalar(indent) if self.rest()[0] in "|>" else self.node(indent + 1))
        self.nothing_deeper(indent)
        return items

    def mapping(self):
        indent, result = self.column, {}
        while self.seek() and self.column == indent and not self.is_dash() and self.rest() != "...":
            if self.rest() == "---":
                self.fail("a second document begins here; one is read.")
            end = self.key_end()
            if end is None:
                self.fail(f"'KEY: VALUE' is wanted here, this is {self.rest()[:40]!r}.")
            key, row = self.key(end), self.row
            if key in result:
                self.fail(f"the key {key!r} stands here for the second time.")
            self.column += end + 1
            if not self.seek():
                result[key] = None
            elif self.row == row:
                result[key] = self.value(indent)
            elif self.column > indent:
                result[key] = self.node(indent + 1)
            else:
                # A list may stand below its key without being indented.
                result[key] = self.sequence() if self.column == indent and self.is_dash() else None
        self.nothing_deeper(indent)
        return result

    def nothing_deeper(self, indent):
        if self.seek() and self.column > indent:
            self.fail("this line is indented deeper than its neighbours above.")

    def value(self, indent):
        if self.is_dash():
            self.fail("a list cannot begin on the line of its key; begin it on the next line.")
        if self.rest()[0] in "|>":
            return self.block_scalar(indent)
        return self.inline(indent)

    def key_end(self):
        """Where in the rest of the line the colon behind a key is, or None."""
        rest = self.rest()
        if rest[0] in "\"'":
            end = scan_quoted(rest, 0)
            if end is None:
                return None
            blanks = len(rest) - len(rest[end:].lstrip(" "))
            return blanks if rest[blanks:blanks + 1] == ":" and rest[blanks + 1:blanks + 2] in ("", " ") else None
        if rest[0] in "[{":
            return None
        if rest == "?" or rest.startswith("? "):
            self.fail("complex keys (? key) are not read.")
        found = re.search(r":(?=[ \t]|\Z)| #", rest)
        return found.start() if found and found.group() == ":" else None

    def key(self, end):
        text = self.rest()[:end].rstrip(" ")
        if text[:1] in ('"', "'"):
            return self.unquote(text)
        if text[:1] in _REFUSED or text == "<<":
            self.fail(f"{_REFUSED.get(text[:1], 'merge keys (<<)')} are not read.")
        value = yaml_scalars.plain(text)
        return text if value is None or isinstance(value, (bool, float)) else value

    def unquote(self, text):
        if text[0] == "'":
            return text[1:-1].replace("''", "'")
        try:
            return yaml_scalars.unescape(text[1:-1])
        except ValueError as problem:
            return self.fail(f"{problem}.")

    # Scalars.

    def inline(self, indent):
        """A value that begins here; further lines of it are indented deeper than `indent`."""
        first = self.rest()[0]
        if first in "\"'":
            return self.quoted()
        if first in "[{":
            row = self.row
            value, end = FlowReader(self.rest(), self.fail).read()
            self.column += end
            self.line_ends(row)
            return value
        if first in _REFUSED:
            self.fail(f"{_REFUSED[first]} are not read; put the value in quotes if it is a text.")
        return self.plain(indent)

    def quoted(self):
        first, quote = self.row, self.rest()[0]
        parts, end = [self.rest()], scan_quoted(self.rest(), 0)
        if end is not None:
            parts, self.column = [self.rest()[:end]], self.column + end
        while end is None:
            self.next_line()
            if self.row >= len(self.lines):
                self.fail("a quote is opened and never closed.", first)
            end = scan_quoted(self.lines[self.row], -1, quote)
            parts.append(self.lines[self.row][:end].strip(" \t"))
            self.column = end or 0
        row = self.row
        value = self.joined("\n".join(parts))
        self.line_ends(row)
        return value

    def joined(self, text):
        lines = text[1:-1].split("\n")
        if len(lines) == 1:
            return self.unquote(text)
        if text[0] == "'":
            return yaml_scalars.fold([lines[0].rstrip(" \t"), *lines[1:]]).replace("''", "'")
        pieces, current = [], []
        for number, line in enumerate(lines):
            escaped = len(line) - len(line.rstrip("\\"))
            if escaped % 2 and number < len(lines) - 1:
                # A backslash at the end of a line joins it to the next without a space.
                current.append(line[:-1])
                pieces.append(yaml_scalars.fold(current))
                current = []
            else:
                current.append(line.rstrip(" \t") if number < len(lines) - 1 else line)
        pieces.append(yaml_scalars.fold(current))
        return self.unquote('"' + "".join(pieces) + '"')

    def plain(self, indent):
        lines = [self.plain_line(first=True)]
        while self.row < len(self.lines):
            line = self.lines[self.row]
            content = line.strip(" \t")
            if content == "":
                lines.append("")
                self.next_line()
                continue
            self.column = len(line) - len(line.lstrip(" "))
            if self.column <= indent or content.startswith("#") or (self.column == 0 and content in ("---", "...")):
                self.column = 0
                break
            if self.is_dash():
                self.fail("a list cannot begin below a text; put the text in quotes, or end the line above with a colon.")
            lines.append(self.plain_line(first=False))
        while lines[-1] == "":
            lines.pop()
        return yaml_scalars.plain(lines[0]) if len(lines) == 1 else yaml_scalars.fold(lines)

    def plain_line(self, first):
        text = re.split(r"(?:^|[ \t])#", self.rest(), maxsplit=1)[0].strip(" \t")
        if re.search(r":(?:[ \t]|\Z)", text):
            self.fail(f"': ' cannot stand in a value without quotes: {text[:60]!r}." if first else
                      f"this line continues the value above, where ': ' cannot stand; is its indentation right? {text[:60]!r}")
        self.next_line()
        return text

    def line_ends(self, row):
        behind = self.lines[row][self.column:].strip(" \t")
        if behind and not behind.startswith("#"):
            self.fail(f"unexpected text behind a value: {behind[:40]!r}.", row)
        self.row = row
        self.next_line()

    def block_scalar(self, indent):
        header = _BLOCK_HEADER.match(self.rest())
        if not header:
            self.fail(f"behind | or > only -, + and a digit can stand, this is {self.rest()[:20]!r}.")
        style, before, digit, after, _ = header.groups()
        self.next_line()
        rows, width = [], indent + int(digit) if digit else None
        if digit and indent < 0:
            width = int(digit)
        while self.row < len(self.lines):
            line = self.lines[self.row]
            depth = len(line) - len(line.lstrip(" "))
            if line.strip(" ") == "":
                rows.append(line[width:] if width is not None else "")
            elif depth <= max(indent, -1) or (width is not None and depth < width):
                break
            else:
                width = depth if width is None else width
                rows.append(line[width:])
            self.next_line()
        return _block_text(rows, style, before or after)


def _block_text(rows, style, chomp):
    end = len(rows)
    while end and rows[end - 1].strip(" ") == "":
        end -= 1
    body, trailing = rows[:end], len(rows) - end
    if style == ">":
        text = _folded(body)
    else:
        text = "\n".join(body)
    if chomp == "+":
        return text + "\n" * (trailing + bool(body))
    return text if chomp == "-" or not body else text + "\n"


def _folded(rows):
    text, breaks, deep = "", 0, True
    for number, row in enumerate(rows):
        if row == "":
            breaks += 1
            continue
        is_deep = row[0] in " \t"
        if number:
            # Lines that are indented further keep their breaks, and so do their neighbours.
            text += "\n" * (breaks + 1) if deep or is_deep else ("\n" * breaks if breaks else " ")
        text += row
        breaks, deep = 0, is_deep
    return text
