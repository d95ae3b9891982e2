"""Learns the quality of wines from their measurements: a linear model with an elastic net penalty."""
import argparse
import pathlib
import tempfile

import mlflow
import mlflow.sklearn
import numpy
import pandas
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

TARGET = "quality"
DATA = pathlib.Path(__file__).resolve().parent / "wine-quality.csv"

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--alpha", type=float, default=0.5, help="weight of the penalty")
parser.add_argument("--l1-ratio", type=float, default=0.5, help="how much of the penalty is that of absolute values")
options = parser.parse_args()

# The split into training and test rows comes from numpy's generator.
numpy.random.seed(40)
train, test = train_test_split(pandas.read_csv(DATA))
train_x, test_x = train.drop(columns=TARGET), test.drop(columns=TARGET)
train_y, test_y = train[[TARGET]], test[[TARGET]]

with mlflow.start_run():
    model = ElasticNet(alpha=options.alpha, l1_ratio=options.l1_ratio, random_state=42)
    model.fit(train_x, train_y)
    predicted = model.predict(test_x)

    metrics = {
        "rmse": mean_squared_error(test_y, predicted) ** 0.5,
        "mae": mean_absolute_error(test_y, predicted),
        "r2": r2_score(test_y, predicted),
    }
    print(f"ElasticNet (alpha {options.alpha}, l1_ratio {options.l1_ratio}) on {len(train)} wines, tested on {len(test)}:")
    for name, value in metrics.items():
        print(f"  {name} {value:.6f}")

    mlflow.log_param("alpha", options.alpha)
    mlflow.log_param("l1_ratio", options.l1_ratio)
    mlflow.log_metrics(metrics)
    mlflow.set_tag("test", "13")
    mlflow.sklearn.log_model(model, "model")

    # The first rows tell whoever serves the model what its columns are.
    with tempfile.TemporaryDirectory() as directory:
        for name, rows in (("head_input.pkl", train_x.head()), ("head_output.pkl", train_y.head())):
            path = pathlib.Path(directory, name)
            rows.to_pickle(path)
            mlflow.log_artifact(str(path), "model")
