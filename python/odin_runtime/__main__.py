"""Commands: capture (lists the files of an environment), mlflow, script (toolchains), gppi (a model directory), invoke (inside a model's image), checker and
worker (internal)."""

import sys

# A model may need an older Python than we do: what runs inside of its environment is written for 3.6.
if sys.version_info < ((3, 6) if sys.argv[1:2] in (["checker"], ["invoke"], ["worker"]) else (3, 9)):
    sys.exit("Odin's Python runtime needs Python 3.9 or newer; this is %s at %s. Name another one by ODIN_PYTHON." % (
        sys.version.split()[0], sys.executable))

# The first entry is this directory, or with -m the current one: modules of a workspace must not stand in for the standard library's.
sys.path[0] = __file__.rpartition("/")[0].rpartition("/")[0] or "."

COMMANDS = {
    "capture": "odin_runtime.capture",
    "checker": "odin_runtime.checker",
    "gppi": "odin_runtime.gppi",
    "invoke": "odin_runtime.invoke",
    "mlflow": "odin_runtime.toolchains.mlflow",
    "script": "odin_runtime.toolchains.script",
    "worker": "odin_runtime.prediction_worker",
}


def main():
    import importlib
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.stderr.write("usage: odin_runtime {%s} ...\n" % "|".join(COMMANDS))
        return 2
    return importlib.import_module(COMMANDS[sys.argv[1]]).main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
