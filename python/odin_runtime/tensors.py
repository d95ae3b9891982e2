"""Requests and responses of the Open Inference Protocol, version 2, as tables of rows and back. Runs in the model's own Python."""

import collections

from odin_runtime.model_calls import ModelError

Request = collections.namedtuple("Request", "id rows columns")


def read_request(document):
    """The rows of a request. One tensor of two dimensions goes by position; else each tensor is a column, which goes by its name."""
    tensors = document.get("inputs") if isinstance(document, dict) else None
    if not isinstance(tensors, list) or not tensors or not all(isinstance(tensor, dict) for tensor in tensors):
        raise ModelError("The request must be an object with 'inputs', a list of tensors.")
    read = [(tensor.get("name") or "", *_read(tensor)) for tensor in tensors]
    if len(read) == 1 and len(read[0][1]) == 2 and read[0][1][1] != 1:
        _, (height, width), values = read[0]
        return Request(document.get("id"), [values[row * width:(row + 1) * width] for row in range(height)], None)
    height = read[0][1][0]
    for name, shape, _ in read:
        if shape not in ([height], [height, 1]):
            raise ModelError("The tensor '%s' has the shape %s; where there are several, each is a column of %d rows." % (name, shape, height))
    return Request(document.get("id"), [list(row) for row in zip(*(values for _, _, values in read))], [name for name, _, _ in read])


def write_response(request, name, version, prediction, columns):
    """The response to a request: a tensor for each column of the prediction."""
    rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in prediction]
    width = len(rows[0]) if rows else len(columns)
    if any(len(row) != width for row in rows):
        raise ModelError("The rows of the prediction have different lengths.")
    names = columns if columns and len(columns) == width else ["prediction"] if width == 1 else ["prediction_%d" % index for index in range(width)]
    outputs = []
    for index, column in enumerate(names):
        values = [row[index] for row in rows]
        outputs.append({"name": str(column), "shape": [len(rows)], "datatype": _type_of(values), "data": values})
    response = {"model_name": name, "model_version": version, "outputs": outputs}
    if request.id is not None:
        response["id"] = request.id
    return response


def _read(tensor):
    shape, data = tensor.get("shape"), tensor.get("data")
    if not isinstance(shape, list) or not shape or not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ModelError("The tensor '%s' must have a 'shape' of whole numbers, the rows first." % tensor.get("name"))
    if not isinstance(data, list):
        raise ModelError("The tensor '%s' must have 'data', a list." % tensor.get("name"))
    values = list(_flat(data))
    count = 1
    for length in shape:
        count *= length
    if len(values) != count:
        raise ModelError("The tensor '%s' has %d values, and its shape %s has room for %d." % (tensor.get("name"), len(values), shape, count))
    return shape, values


def _flat(data):
    for item in data:
        if isinstance(item, list):
            for inner in _flat(item):
                yield inner
        else:
            yield item


def _type_of(values):
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        return "BOOL"
    if present and all(isinstance(value, int) and not isinstance(value, bool) for value in present):
        return "INT64"
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in present):
        return "FP64"
    return "BYTES"
