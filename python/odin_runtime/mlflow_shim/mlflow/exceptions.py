"""The exception of mlflow."""


class MlflowException(Exception):
    """What is asked for is wrong, or is not there in this small module."""
