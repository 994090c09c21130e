"""Training in Keras 3 on TensorFlow as its users write it, over in-memory uint8 images. Started by side-by-side.mjs.

Each way of calling Keras is tried for a moment; the fastest is timed."""

import json
import os
import sys
import time

from rounds import IMAGES, LONG, Rounds, skip

ask = json.loads(sys.argv[1])
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
try:
    import numpy as np
    import tensorflow as tf
    import keras
except ImportError as error:
    skip(f"{error}")
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
        model.fit(pipeline(), steps_per_epoch=1_000_000, epochs=1, verbose=0, callbacks=[Each(done)])

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


# "auto" compiles with XLA where Keras thinks it can.
WAYS = {
    "fit": fit(False),
    "fit, jit_compile auto": fit("auto"),
    "fit, 8 steps an execution": fit(False, 8),
    "train_on_batch": by_batch(False),
}


def rate_of(run):
    """Steps a second after a warm-up."""
    steps, began, rate = 0, None, 0.0

    def done(more):
        nonlocal steps, began, rate
        steps += more
        if began is None and steps >= 2:
            steps, began = 0, time.perf_counter()
        elif began is not None:
            seconds = time.perf_counter() - began
            if steps >= 2 and seconds >= 2:
                rate = steps / seconds
                raise Ends

    try:
        run(done)
    except Ends:
        return rate


rates = {}
for name, way in WAYS.items():
    rates[name] = rate_of(way)
    if len(rates) == 2 and max(rates.values()) < 1 / LONG:
        break
best = max(rates, key=rates.get)
rounds = Rounds(
    batch,
    warm_up=4,
    parameters=keras_models.counts(compiled(False)),
    version=f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
    mode=best,
    tried={name: rate * batch for name, rate in rates.items()},
)
WAYS[best](rounds.step_done)
