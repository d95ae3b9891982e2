#!/usr/bin/env python3
"""Makes recorded/: predictions and feedback as a server has recorded them, for those who have no model that is served.

The wines are made up as those of ../wine/data are. The keys and the members are those that Odin and the system before it write. The
same seed gives the same files.
"""
import importlib.util
import json
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
HOURS = [("2026-03-04", "10", 24), ("2026-03-04", "11", 16)]

spec = importlib.util.spec_from_file_location("make_data", HERE.parent / "wine" / "data" / "make-data.py")
make_data = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_data)


def write(tag, day, hour, records):
    year, month, date = day.split("-")
    path = HERE / "recorded" / "model_log" / tag / "wine" / "1.0" / f"year={year}" / f"month={month}" / f"day={date}" / f"{year}{month}{date}{hour}_0.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def main():
    generator, number = random.Random(7), 0
    columns = [name for name, *_ in make_data.MEASUREMENTS]
    for day, hour, count in HOURS:
        requests, answers, said = [], [], []
        for minute in range(count):
            number += 1
            *values, quality = make_data.wine(generator)
            known = {"request_id": f"wine-{number:03}", "model_version": "1.0", "model_name": "wine"}
            time = {"time": f"{day} {hour}:{minute:02}:00 +0000"}
            predicted = round(5.9 + 0.38 * (float(values[-1]) - 10.5), 3)
            headers = {"model-name": "wine", "model-version": "1.0", "request-id": known["request_id"]}
            requests.append({
                "request_id": known["request_id"], "request_http_headers": {"content-type": "application/json"},
                "request_content": json.dumps({"columns": columns, "data": [[float(v) for v in values]]}), "request_uri": "/model/wine/api/model/invoke",
                "response_status": "200", "response_http_headers": headers, "request_host": "127.0.0.1:9003", "model_version": "1.0",
                "model_name": "wine", "request_http_method": "POST", **time,
            })
            answers.append({**known, "response_content": json.dumps({"prediction": [[predicted]], "columns": ["quality"]}), **time})
            # Not everybody says anything.
            if number % 4 != 0:
                said.append({**known, "payload": {"json": {"quality": int(quality)}}, **time})
        write("request_response", day, hour, requests)
        write("response_body", day, hour, answers)
        write("feedback", day, hour, said)


if __name__ == "__main__":
    main()
