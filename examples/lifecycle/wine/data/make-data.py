#!/usr/bin/env python3
"""Makes wine-quality.csv: 500 wines that nobody has tasted.

The numbers are made up. They have the columns, the ranges and roughly the dependence between measurements and quality that real
tables of white wines have, so that the example learns something; they tell nothing about wine. The same seed gives the same file.
"""
import pathlib
import random

# Column, mean, spread, least, most, digits.
MEASUREMENTS = [
    ("fixed acidity", 6.9, 0.8, 4.0, 11.0, 1),
    ("volatile acidity", 0.28, 0.09, 0.08, 0.9, 2),
    ("citric acid", 0.33, 0.11, 0.0, 1.0, 2),
    ("residual sugar", 6.4, 4.8, 0.6, 22.0, 1),
    ("chlorides", 0.045, 0.015, 0.01, 0.2, 3),
    ("free sulfur dioxide", 35.0, 16.0, 2.0, 120.0, 0),
    ("total sulfur dioxide", 138.0, 41.0, 20.0, 300.0, 0),
    ("density", 0.994, 0.003, 0.987, 1.003, 4),
    ("pH", 3.19, 0.15, 2.75, 3.8, 2),
    ("sulphates", 0.49, 0.11, 0.22, 1.05, 2),
    ("alcohol", 10.5, 1.2, 8.0, 14.0, 1),
]
ROWS = 500


def wine(generator):
    """One row: the measurements, and a quality that depends on some of them."""
    values = []
    for _, mean, spread, least, most, digits in MEASUREMENTS:
        values.append(round(min(max(generator.gauss(mean, spread), least), most), digits))
    volatile, sugar, total, alcohol = values[1], values[3], values[6], values[10]
    quality = 5.9 + 0.38 * (alcohol - 10.5) - 2.0 * (volatile - 0.28) + 0.03 * (sugar - 6.4) - 0.002 * (total - 138) + generator.gauss(0, 0.7)
    return [f"{value:.{digits}f}" for value, (*_, digits) in zip(values, MEASUREMENTS)] + [str(round(min(max(quality, 3), 9)))]


def main():
    generator = random.Random(20)
    header = ",".join(f'"{name}"' for name, *_ in MEASUREMENTS) + ',"quality"'
    lines = [header, *(",".join(wine(generator)) for _ in range(ROWS))]
    pathlib.Path(__file__).with_name("wine-quality.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
