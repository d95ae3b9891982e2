"""Puts values into a shell command: {name} becomes a value, which stays one word whatever it is made of.

MLflow quotes each value with shlex.quote and pastes it in. That is right where the template is not inside quotes; inside them it
ends the template's own quotes, and the value becomes shell syntax. So the quotes of the template are followed here: outside of
them a value is quoted; inside 'single' or "double" quotes it is escaped for those. Where following them would be guessing (command
substitution inside quotes, back quotes, arithmetic, here-documents, comments, $'...'), a value that needs quoting is refused.
A command that evaluates its arguments once more, such as eval or sh -c, is the template's own affair.
"""

import re
import shlex

_NAME = re.compile(r"\{([^{}]*)\}")


class TemplateError(Exception):
    """The template cannot be filled; the message is a part of a sentence."""


def fill(template, values):
    """The command of a template; {{ and }} stand for braces."""
    return _Filler(template, values).fill()


class _Filler:
    def __init__(self, template, values):
        self.template = template
        self.values = values
        self.position = 0
        # The quote that is open, or # in a comment.
        self.quote = ""
        # Whether something was seen whose quotes are not followed.
        self.is_murky = False

    def fill(self):
        result = []
        while self.position < len(self.template):
            text = self.template[self.position:]
            found = _NAME.match(text)
            if text.startswith(("{{", "}}")):
                result.append(text[0])
                self.position += 2
            elif found:
                result.append(self.value(found.group(1)))
                self.position += found.end()
            elif text[0] in "{}":
                raise TemplateError(f"a single '{text[0]}' stands before {text[1:20]!r}; braces of the shell are written twice")
            else:
                result.append(self.follow(text))
        return "".join(result)

    def follow(self, text):
        """The next characters of the template, after which it is known whether a quote is open."""
        length = 1
        if self.quote == "'":
            self.quote = "" if text[0] == "'" else "'"
        elif self.quote == "#":
            # Should this be no comment after all, its quotes would count.
            self.is_murky = self.is_murky or text[0] in "'\"`\\"
            self.quote = "" if text[0] == "\n" else "#"
        elif text[0] == "\\":
            # Before a value it would escape the value's own quote.
            self.is_murky = self.is_murky or text[1:2] in ("{", "}")
            length = 1 if text[1:2] in ("{", "}", "") else 2
        elif text[0] == "`" or text.startswith("$(("):
            self.is_murky = True
        elif text.startswith("${") and not text.startswith("${{"):
            raise TemplateError(f"a '$' stands before {text[1:20]!r}; variables of the shell are written ${{{{NAME}}}}")
        elif self.quote == '"':
            self.is_murky = self.is_murky or text.startswith("$(")
            self.quote = "" if text[0] == '"' else '"'
        elif text.startswith(("<<", "$'", "((", "[[")):
            self.is_murky = True
        elif text[0] == "#" and (self.position == 0 or self.template[self.position - 1] in " \t\n;&|()"):
            self.quote = "#"
        elif text[0] in "'\"":
            self.quote = text[0]
        self.position += length
        return text[:length]

    def value(self, name):
        if name not in self.values:
            raise TemplateError(f"'{{{name}}}' is no parameter; the parameters are: {', '.join(self.values) or 'none'}")
        value = str(self.values[name])
        if "\0" in value:
            raise TemplateError(f"the value of '{name}' has a NUL character")
        if value != "" and shlex.quote(value) == value:
            return value
        if self.is_murky or self.quote == "#":
            raise TemplateError(f"the value of '{name}' needs quotes, and the shell syntax before '{{{name}}}' does not tell which; "
                                "put the command into a script that takes the value as an argument")
        if self.quote == "'":
            return value.replace("'", "'\\''")
        if self.quote == '"':
            return re.sub(r'([\\"$`])', r"\\\1", value)
        return shlex.quote(value)
