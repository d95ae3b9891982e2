"""Learns the quality of wines from measured ones, and from predictions of which somebody has said what was true."""
import argparse
import json
import pathlib
import tempfile

import mlflow
import mlflow.sklearn
import numpy
import pandas
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

TARGET = "quality"
HERE = pathlib.Path(__file__).resolve().parent


def records(tag):
    """Every recorded line of a tag, by the time of arrival."""
    for path in sorted((HERE / "recorded" / tag).rglob("*.json"), key=lambda p: p.name):
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def truths():
    """What was said of each request. Of several the last one counts."""
    said = {}
    for record in records("feedback"):
        value = record["payload"].get("json")
        if isinstance(value, dict) and isinstance(value.get(TARGET), (int, float)):
            said[record["request_id"]] = value[TARGET]
    return said


def judged(columns):
    """The rows of predictions of which somebody has said what was true, with it."""
    said, rows, count = truths(), [], 0
    for record in records("request_response"):
        count += 1
        truth = said.get(record["request_id"])
        if truth is None or record.get("truncated") or record["response_status"] != "200":
            continue
        try:
            asked = json.loads(record["request_content"])
            values = dict(zip(asked["columns"], asked["data"][0]))
            # One truth can only be that of one row.
            if len(asked["data"]) == 1:
                rows.append([float(values[name]) for name in columns] + [float(truth)])
        except (KeyError, TypeError, ValueError, IndexError):
            continue
    print(f"{len(rows)} of {count} recorded predictions have a truth")
    return pandas.DataFrame(rows, columns=[*columns, TARGET])


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--alpha", type=float, default=0.5, help="weight of the penalty")
parser.add_argument("--l1-ratio", type=float, default=0.5, help="how much of the penalty is that of absolute values")
options = parser.parse_args()

# The split into training and test rows comes from numpy's generator.
numpy.random.seed(40)
measured = pandas.read_csv(HERE / "wine-quality.csv")
feedback = judged([name for name in measured.columns if name != TARGET])
train, test = train_test_split(measured)
test_x, test_y = test.drop(columns=TARGET), test[[TARGET]]


def fit(rows):
    model = ElasticNet(alpha=options.alpha, l1_ratio=options.l1_ratio, random_state=42)
    model.fit(rows.drop(columns=TARGET), rows[[TARGET]])
    return model, mean_squared_error(test_y, model.predict(test_x)) ** 0.5


with mlflow.start_run():
    _, before = fit(train)
    everything = pandas.concat([train, feedback], ignore_index=True)
    model, after = fit(everything)
    print(f"ElasticNet on {len(train)} measured wines: rmse {before:.6f}; with {len(feedback)} predictions more: rmse {after:.6f}")

    mlflow.log_param("alpha", options.alpha)
    mlflow.log_param("l1_ratio", options.l1_ratio)
    mlflow.log_metrics({"rmse": after, "rmse_without_feedback": before, "feedback": float(len(feedback))})
    mlflow.sklearn.log_model(model, "model")

    # The first rows tell whoever serves the model what its columns are.
    with tempfile.TemporaryDirectory() as directory:
        for name, rows in (("head_input.pkl", everything.drop(columns=TARGET).head()), ("head_output.pkl", everything[[TARGET]].head())):
            path = pathlib.Path(directory, name)
            rows.to_pickle(path)
            mlflow.log_artifact(str(path), "model")
