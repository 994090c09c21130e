"""Training in Keras 3 on TensorFlow as its users write it, over in-memory uint8 images. Started by side-by-side.mjs.

Each way of calling Keras is tried for a moment; the fastest is timed."""

import json
import os
import sys

from rounds import IMAGES, Rounds, skip

ask = json.loads(sys.argv[1])
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
try:
    import numpy as np
    import tensorflow as tf
    import keras
except ImportError as error:
    skip(f"{error}")
import time

import keras_models

keras.utils.set_random_seed(1)
batch, shape = ask["batch"], tuple(ask["shape"])
images = np.random.randint(0, 256, (IMAGES, *shape), dtype=np.uint8)
labels = np.random.randint(0, ask["classes"], (IMAGES,), dtype=np.int32)


def compiled(jit, together=1):
    model = keras_models.build(ask["model"], shape, ask["classes"])
    model.compile(
        optimizer=keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=jit,
        steps_per_execution=together,
    )
    return model


def pipeline():
    rows = tf.data.Dataset.range(IMAGES).shuffle(IMAGES).repeat().batch(batch, drop_remainder=True)
    pixels, truth = tf.constant(images), tf.constant(labels)
    take = lambda at: (tf.cast(tf.gather(pixels, at), tf.float32), tf.gather(truth, at))
    return rows.map(take).prefetch(2)


class Ends(Exception):
    pass


class Each(keras.callbacks.Callback):
    """Calls `done` with the number of steps since it last did."""

    def __init__(self, done):
        super().__init__()
        self._done, self._seen = done, 0

    def on_train_batch_end(self, at, logs=None):
        self._done(at + 1 - self._seen)
        self._seen = at + 1


def fit(jit, together=1):
    def run(done):
        model = compiled(jit, together)
        steps = together * (1_000_000 // together)
        model.fit(pipeline(), steps_per_epoch=steps, epochs=1, verbose=0, callbacks=[Each(done)])

    return run


def by_batch(jit):
    def run(done):
        model = compiled(jit)
        while True:
            order = np.random.permutation(IMAGES)
            for at in range(0, IMAGES - batch + 1, batch):
                rows = order[at : at + batch]
                model.train_on_batch(images[rows].astype(np.float32), labels[rows])
                done(1)

    return run


WAYS = {
    "fit": fit(False),
    "fit, 8 steps an execution": fit(False, 8),
    "train_on_batch": by_batch(False),
    "fit, jit_compile auto": fit("auto"),
}


def rate_of(run):
    """Steps a second after a warm-up, in about three seconds."""
    steps, began, measured = 0, None, 0.0

    def done(more):
        nonlocal steps, began, measured
        if began is None:
            steps += more
            if steps >= 2:
                steps, began = 0, time.perf_counter()
            return
        steps += more
        seconds = time.perf_counter() - began
        if seconds >= 3 and steps >= 3:
            measured = steps / seconds
            raise Ends

    try:
        run(done)
    except Ends:
        return measured


rates = {}
for name in ask.get("ways") or WAYS:
    t = time.perf_counter()
    rates[name] = rate_of(WAYS[name])
    print(name, rates[name] * batch, time.perf_counter() - t, file=sys.stderr)
best = max(rates, key=rates.get)
model = compiled(False)
rounds = Rounds(
    batch,
    8,
    parameters=keras_models.counts(model),
    version=f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
    mode=best,
    tried={name: rate * batch for name, rate in rates.items()},
)
WAYS[best](rounds.step_done)
