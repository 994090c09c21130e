"""The first output of each SavedModel's "serving_default" in TensorFlow: run_savedmodel.py FOLDER SHAPE MODEL…"""
import sys

import numpy
import tensorflow as tf

folder, shape, *models = sys.argv[1:]
image = numpy.fromfile(f"{folder}/image", dtype="float32").reshape([int(side) for side in shape.split(",")])
for number, model in enumerate(models):
    serve = tf.saved_model.load(model).signatures["serving_default"]
    ((name, _),) = serve.structured_input_signature[1].items()
    # The first by name.
    ((_, answer), *_) = sorted(serve(**{name: tf.constant(image)}).items())
    answer.numpy().astype("float32").tofile(f"{folder}/answer{number}")
