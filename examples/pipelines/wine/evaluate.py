"""Picks the model that did best in cross-validation and measures it on wines that it has never seen."""
import argparse
import json
import pickle

from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from wine import read_table, tell

parser = argparse.ArgumentParser()
parser.add_argument("--candidate", action="append", required=True, metavar="KIND=ACCURACY=MODEL")
parser.add_argument("--test", required=True)
parser.add_argument("--out", required=True)
options = parser.parse_args()

features, labels = read_table(options.test)
candidates = []
for text in options.candidate:
    kind, validated, path = text.split("=", 2)
    with open(path, "rb") as file:
        model = pickle.load(file)
    predicted = [int(label) for label in model.predict(features)]
    right = sum(a == b for a, b in zip(predicted, labels))
    candidates.append({
        "kind": kind, "validated": float(validated), "accuracy": round(right / len(labels), 4), "predicted": predicted})

best = max(candidates, key=lambda candidate: candidate["validated"])
growers = sorted(set(labels))
precision, recall, f1, support = precision_recall_fscore_support(labels, best["predicted"], labels=growers, zero_division=0)
evaluation = {
    "best": best["kind"],
    "accuracy": best["accuracy"],
    "candidates": [{key: value for key, value in c.items() if key != "predicted"} for c in candidates],
    "growers": [
        {"name": f"grower {g + 1}", "precision": float(p), "recall": float(r), "f1": float(f), "wines": int(n)}
        for g, p, r, f, n in zip(growers, precision, recall, f1, support)],
    "confusion": confusion_matrix(labels, best["predicted"], labels=growers).tolist(),
}
with open(options.out, "w") as file:
    json.dump(evaluation, file, indent=2)
tell(best=best["kind"], accuracy=best["accuracy"])
