"""Writes the evaluation as one page of HTML; the confusion matrix is drawn as SVG, so nothing else is needed."""
import argparse
import html
import json

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .3rem .9rem; border-bottom: 1px solid #ddd }
td { text-align: right; font-variant-numeric: tabular-nums } th { text-align: left } .best { background: #eef6ee }
"""


def table(headings, rows):
    def line(values, attributes=""):
        first, *rest = (html.escape(str(value)) for value in values)
        return f"<tr{attributes}><th>{first}</th>" + "".join(f"<td>{value}</td>" for value in rest) + "</tr>"

    head = "<tr>" + "".join(f"<th>{html.escape(heading)}</th>" for heading in headings) + "</tr>"
    return "<table>" + head + "".join(line(values, ' class="best"' if best else "") for values, best in rows) + "</table>"


def picture(matrix, names):
    cell, left, top = 96, 110, 60
    size = cell * len(matrix)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + size + 20}" height="{top + size + 20}" '
        f'role="img" aria-label="Confusion matrix" font-family="system-ui, sans-serif" text-anchor="middle">',
        f'<text x="{left + size / 2}" y="20" font-weight="bold">predicted</text>',
        f'<text transform="translate(16 {top + size / 2}) rotate(-90)" font-weight="bold">true</text>']
    for i, name in enumerate(names):
        middle = i * cell + cell / 2
        parts.append(f'<text x="{left + middle}" y="{top - 14}" font-size="14">{html.escape(name)}</text>')
        parts.append(f'<text x="{left - 10}" y="{top + middle + 5}" font-size="14" text-anchor="end">{html.escape(name)}</text>')
    for y, row in enumerate(matrix):
        for x, count in enumerate(row):
            share = count / (sum(row) or 1)
            colour = "#2b6cb0" if x == y else "#c05621"
            parts.append(
                f'<rect x="{left + x * cell}" y="{top + y * cell}" width="{cell}" height="{cell}" fill="{colour}" '
                f'fill-opacity="{share:.3f}" stroke="#999"/>'
                f'<text x="{left + x * cell + cell / 2}" y="{top + y * cell + cell / 2 + 8}" font-size="24" '
                f'fill="{"#fff" if share > 0.5 else "#222"}">{count}</text>')
    return "".join(parts) + "</svg>"


parser = argparse.ArgumentParser()
parser.add_argument("--evaluation", required=True)
parser.add_argument("--out", required=True)
options = parser.parse_args()

with open(options.evaluation) as file:
    evaluation = json.load(file)
best = evaluation["best"]
page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Wine: which grower?</title><style>{STYLE}</style></head><body>
<h1>Which grower made the wine?</h1>
<p>The best model is <b>{html.escape(best)}</b>: it names the right grower for {evaluation["accuracy"]:.1%} of the wines
that were kept for the test.</p>
<h2>Models</h2>
{table(["model", "cross-validation", "test"],
       [([c["kind"], f'{c["validated"]:.4f}', f'{c["accuracy"]:.4f}'], c["kind"] == best) for c in evaluation["candidates"]])}
<h2>Growers</h2>
{table(["grower", "precision", "recall", "F1", "wines"],
       [([g["name"], f'{g["precision"]:.3f}', f'{g["recall"]:.3f}', f'{g["f1"]:.3f}', g["wines"]], False) for g in evaluation["growers"]])}
<h2>Confusion matrix</h2>
{picture(evaluation["confusion"], [g["name"] for g in evaluation["growers"]])}
</body></html>
"""
with open(options.out, "w") as file:
    file.write(page)
print(f"wrote {options.out}")
