"""Small TFRecord files as TensorFlow writes them: python tfrecord.py > tfrecord.json"""

import base64
import json
import os
import tempfile

import numpy as np
import tensorflow as tf

Bytes = lambda *v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v))
Floats = lambda *v: tf.train.Feature(float_list=tf.train.FloatList(value=v))
Ints = lambda *v: tf.train.Feature(int64_list=tf.train.Int64List(value=v))


def png(value, h=20, w=30):
    return tf.io.encode_png(np.full((h, w, 3), value, np.uint8)).numpy()


def written(records):
    path = os.path.join(tempfile.mkdtemp(), "x.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for features in records:
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return base64.b64encode(open(path, "rb").read()).decode()


def box(*rows):
    return {f"image/object/bbox/{side}": Floats(*column) for side, column in zip(["ymin", "xmin", "ymax", "xmax"], zip(*rows))}


print(
    json.dumps(
        {
            "labels": written([{"image/encoded": Bytes(png(10)), "image/class/label": Ints(1)}, {"image": Bytes(png(200)), "label": Ints(0)}]),
            "texts": written([{"image/encoded": Bytes(png(10)), "image/class/text": Bytes(t)} for t in [b"dog", b"cat"]]),
            "objects": written(
                [
                    {
                        "image/encoded": Bytes(png(10)),
                        **box([0.1, 0.2, 0.5, 0.6], [0, 0, 1, 0.5]),
                        "image/object/class/text": Bytes(b"dog", b"cat"),
                        "image/object/difficult": Ints(0, 1),
                    },
                    {"image/encoded": Bytes(png(20)), **{f"image/object/bbox/{s}": Floats() for s in ["ymin", "xmin", "ymax", "xmax"]}},
                ]
            ),
            "tfds": written([{"image": Bytes(png(10)), "objects/bbox": Floats(0.1, 0.2, 0.5, 0.6, 0, 0, 1, 1), "objects/label": Ints(1, 0), "objects/is_crowd": Ints(0, 1)}]),
            "bare": written([{"height": Ints(3, -2, 2**40)}]),
        }
    )
)
