"""Flow lists and mappings of YAML that end on their line, and the ends of quoted scalars."""

import re

from odin_runtime import yaml_scalars

_MAXIMUM_DEPTH = 50


def scan_quoted(text, start, quote=None):
    """The position behind the closing quote of the scalar that opens at `start`; None when it does not close. With a quote
    given the scalar was opened before the text, and `start` is -1."""
    quote, position = quote or text[start], start + 1
    while position < len(text):
        character = text[position]
        if quote == '"' and character == "\\":
            position += 2
            continue
        if character == quote:
            if quote == "'" and text[position + 1:position + 2] == "'":
                position += 2
                continue
            return position + 1
        position += 1
    return None


class FlowReader:
    """Reads one collection from the beginning of a text. `fail` is called with a sentence and does not return."""

    def __init__(self, text, fail):
        self.text = text
        self.fail = fail
        self.position = 0
        self.depth = 0

    def read(self):
        """The value, and the position behind it."""
        return self.value(), self.position

    def peek(self):
        while self.text[self.position:self.position + 1] in (" ", "\t"):
            self.position += 1
        character = self.text[self.position:self.position + 1]
        if character == "" or (character == "#" and self.text[self.position - 1:self.position] in (" ", "\t")):
            self.fail("a list in [] or a mapping in {} must end on the line on which it begins.")
        return character

    def value(self):
        character = self.peek()
        self.depth += 1
        if self.depth > _MAXIMUM_DEPTH:
            self.fail(f"nested deeper than {_MAXIMUM_DEPTH} levels.")
        if character == "[":
            value = self.sequence()
        elif character == "{":
            value = self.mapping()
        else:
            value = self.scalar()
        self.depth -= 1
        return value

    def sequence(self):
        self.position += 1
        items = []
        while self.peek() != "]":
            items.append(self.value())
            if self.peek() == ":":
                self.fail("a pair inside a list in [] is not read; write it as {KEY: VALUE}.")
            self.separator("]")
        self.position += 1
        return items

    def mapping(self):
        self.position += 1
        result = {}
        while self.peek() != "}":
            key = self.scalar()
            key = str(key) if key is None or isinstance(key, (bool, float)) else key
            if key in result:
                self.fail(f"the key {key!r} stands here for the second time.")
            result[key] = None
            if self.peek() == ":":
                self.position += 1
                result[key] = self.value() if self.peek() not in ",}" else None
            self.separator("}")
        self.position += 1
        return result

    def separator(self, end):
        character = self.peek()
        if character == ",":
            self.position += 1
            if self.peek() == ",":
                self.fail("two commas follow each other.")
        elif character != end:
            self.fail(f"',' or '{end}' is wanted before {self.text[self.position:self.position + 20]!r}.")

    def scalar(self):
        character = self.peek()
        if character in "\"'":
            end = scan_quoted(self.text, self.position)
            if end is None:
                self.fail("a quote inside [] or {} must close on its line.")
            inner, self.position = self.text[self.position + 1:end - 1], end
            if character == "'":
                return inner.replace("''", "'")
            try:
                return yaml_scalars.unescape(inner)
            except ValueError as problem:
                self.fail(f"{problem}.")
        if character in "&*!%@`|>":
            self.fail(f"a value that begins with {character} is not read here; put it in quotes if it is a text.")
        found = re.compile(r":(?=[ \t,\]}]|\Z)|[,\[\]{}]|[ \t]#|\Z").search(self.text, self.position)
        text = self.text[self.position:found.start()].rstrip(" \t")
        if text == "":
            self.fail(f"a value is wanted before {self.text[self.position:self.position + 10]!r}.")
        self.position = found.start()
        return yaml_scalars.plain(text)
