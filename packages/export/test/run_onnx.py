"""onnx.checker's verdict on each model, and onnxruntime's first output: run_onnx.py FOLDER SHAPE MODEL…"""
import sys

import numpy
import onnx
import onnxruntime

folder, shape, *models = sys.argv[1:]
image = numpy.fromfile(f"{folder}/image", dtype="float32").reshape([int(side) for side in shape.split(",")])
for number, model in enumerate(models):
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (answer, *_) = session.run(None, {session.get_inputs()[0].name: image})
    answer.astype("float32").tofile(f"{folder}/answer{number}")
