"""The little Python that Odin needs: toolchains, the model format, and a small stand-in for mlflow.

Standard library only, Python 3.9 and newer. Run the directory itself, `python3 .../odin_runtime COMMAND`, or
`python3 -m odin_runtime COMMAND`; the commands are listed in __main__.py.
"""

__version__ = "0.1.0"
