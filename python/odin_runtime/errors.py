"""What is the user's to mend, said in a sentence."""


class TrainingError(Exception):
    """The message is for a person: it names the thing, what is wrong with it and what to do. No traceback is wanted."""


class YamlError(TrainingError):
    """A YAML text that cannot be read. The message begins with FILE:LINE."""


class Stopped(Exception):
    """A signal told this program to end."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number
