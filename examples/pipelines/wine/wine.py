"""What the steps share: tables on disk, and values for the run's record."""
import csv
import json
import os

LABEL = "grower"


def write_table(path, names, features, labels):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, LABEL])
        for values, label in zip(features, labels):
            writer.writerow([*map(repr, map(float, values)), int(label)])


def read_table(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [[float(value) for value in row[:-1]] for row in rows], [int(row[-1]) for row in rows]


def tell(**values):
    """Adds values to the outputs of this task: `^task.outputs.name` in later tasks."""
    path = os.environ.get("ODIN_OUTPUTS")
    if path:
        with open(path, "a") as file:
            for name, value in values.items():
                file.write(f"{name}={json.dumps(value)}\n")
    print(", ".join(f"{name}: {value}" for name, value in values.items()))
