"""Trains one kind of model and measures it by cross-validation on the training table."""
import argparse
import pickle

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wine import read_table, tell

MODELS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "forest": RandomForestClassifier(n_estimators=100, random_state=0),
    "knn": make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=7)),
}

parser = argparse.ArgumentParser()
parser.add_argument("kind", choices=MODELS)
parser.add_argument("--train", required=True)
parser.add_argument("--model", required=True)
options = parser.parse_args()

features, labels = read_table(options.train)
model = MODELS[options.kind]
scores = cross_val_score(model, features, labels, cv=5)
model.fit(features, labels)
with open(options.model, "wb") as file:
    pickle.dump(model, file)
tell(kind=options.kind, accuracy=round(float(scores.mean()), 4), spread=round(float(scores.std()), 4))
