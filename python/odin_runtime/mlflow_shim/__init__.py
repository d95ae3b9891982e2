"""A small stand-in for the package mlflow, where that is not installed: the directory beside this file holds a module `mlflow`."""

import os
import sys

# Of the interface and of the files: those of MLflow 1.30.
VERSION = "1.30.0"
_HERE = os.path.dirname(os.path.abspath(__file__))


def paths():
    """What has to be on the path of modules for a program that does `import mlflow`."""
    return [_HERE, os.path.dirname(os.path.dirname(_HERE))]


def activate():
    """Makes `import mlflow` work in this process. The real package goes first where it is installed."""
    sys.path.extend(path for path in paths() if path not in sys.path)
