"""Splits scikit-learn's bundled wine data into a table to learn from and one to test with."""
import argparse
import os

from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from wine import tell, write_table

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--test-share", type=float, required=True)
parser.add_argument("--out", required=True)
options = parser.parse_args()

data = load_wine()
parts = train_test_split(
    data.data, data.target, test_size=options.test_share, random_state=options.seed, stratify=data.target)
train_features, test_features, train_labels, test_labels = parts
write_table(os.path.join(options.out, "train.csv"), data.feature_names, train_features, train_labels)
write_table(os.path.join(options.out, "test.csv"), data.feature_names, test_features, test_labels)
tell(train_rows=len(train_labels), test_rows=len(test_labels))
