"""What one writes by hand to serve a model directory: Flask behind gunicorn. The rival of the bench."""

import importlib
import json
import os
import sys

from flask import Flask, Response, request

sys.path.insert(0, os.environ["MODEL_LOCATION"])
if os.environ.get("MLFLOW_PATH"):
    sys.path.append(os.environ["MLFLOW_PATH"])
model = importlib.import_module("entrypoint")
model.init()
encoder = model.get_output_json_serializer() if hasattr(model, "get_output_json_serializer") else None
app = Flask(__name__)


@app.route("/healthcheck")
def healthcheck():
    return {"status": True}


@app.route("/api/model/invoke", methods=["POST"])
def invoke():
    document = request.get_json(force=True)
    prediction, columns = model.predict_on_matrix(document["data"], provided_columns_names=document.get("columns"))
    return Response(json.dumps({"prediction": getattr(prediction, "tolist", lambda: prediction)(), "columns": columns}, cls=encoder), mimetype="application/json")
