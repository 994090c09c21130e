"""The plain trainings of benchmarks/tasks.mjs in Keras. Started by tasks/keras.mjs with a folder and a question.

The model comes as tfjs wrote it (model.json, weights.bin), and its weights go back the same way. Losses and the assignment of
boxes to cells are written here from the papers, not from our code.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Whatever a library prints must not reach the answer.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import keras
import numpy as np
import tensorflow as tf

folder, ask = sys.argv[1], json.load(open(sys.argv[2]))
tf.keras.utils.set_random_seed(ask["seed"])
n, h, w, c = ask["shape"]
k = ask["classes"]
columns = {name: np.fromfile(f"{folder}/{name}.bin", dtype) for name, dtype in ask["columns"].items()}
images = columns["images"].reshape(n, h, w, c)
task = ask["task"]


def read_model():
    """A Keras model of the layers that model.json names, the last one's activation left out, with the weights of weights.bin."""
    described = json.load(open(f"{folder}/model/model.json"))
    config = described["modelTopology"]["config"]
    known = {"InputLayer", "Rescaling", "Conv2D", "BatchNormalization", "Activation", "Add", "Concatenate", "Dense"}
    known |= {"MaxPooling2D", "UpSampling2D", "GlobalAveragePooling2D"}
    outputs = {}
    for at, layer in enumerate(config["layers"]):
        kind, own = layer["class_name"], dict(layer["config"])
        assert kind in known, kind
        for key in ("batch_input_shape", "dtype", "sparse"):
            own.pop(key, None)
        if at + 1 == len(config["layers"]) and "activation" in own:
            own["activation"] = "linear"
        if kind == "InputLayer":
            outputs[own["name"]] = keras.Input((h, w, c), name=own["name"])
            continue
        # All weights come from the file.
        own = {key: value for key, value in own.items() if not key.endswith(("_initializer", "_regularizer", "_constraint"))}
        if kind == "Rescaling":
            own = {"name": own["name"], "scale": np.array(own["scale"], "float32"), "offset": np.array(own["offset"], "float32")}
        sources = [outputs[name] for name, *_ in layer["inbound_nodes"][0]]
        made = getattr(keras.layers, kind)(**own)
        outputs[own["name"]] = made(sources[0] if len(sources) == 1 else sources)
    model = keras.Model(outputs[config["input_layers"][0][0]], outputs[config["output_layers"][0][0]])
    specs = [spec for group in described["weightsManifest"] for spec in group["weights"]]
    data = np.fromfile(f"{folder}/model/weights.bin", "float32")
    at = 0
    weights = {}
    for spec in specs:
        size = int(np.prod(spec["shape"]))
        weights[spec["name"]] = data[at : at + size].reshape(spec["shape"])
        at += size
    variables = {f"{layer.name}/{v.name}": v for layer in model.layers for v in layer.weights}
    assert set(variables) == set(weights), set(variables) ^ set(weights)
    for name, value in weights.items():
        variables[name].assign(value)
    return model, [variables[spec["name"]] for spec in specs]


def segmentation():
    masks = columns["masks"].reshape(n, h, w)
    truth = np.eye(k, dtype="float32")[masks]

    def loss(logits, truth):
        logp = tf.nn.log_softmax(logits)
        entropy = -tf.reduce_mean(tf.reduce_sum(truth * logp, -1), [1, 2])
        p = tf.exp(logp)
        size = tf.reduce_sum(truth, [1, 2])
        dice = (2 * tf.reduce_sum(p * truth, [1, 2]) + 1) / (tf.reduce_sum(p, [1, 2]) + size + 1)
        there = tf.cast(size > 0, tf.float32)
        return entropy + tf.reduce_sum(there * (1 - dice), 1) / tf.reduce_sum(there, 1)

    return (truth,), loss


def classification():
    labels = columns["labels"].reshape(n, k)
    if task == "multilabel_classification":
        return (labels,), lambda logits, y: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, logits), 1)
    return (labels,), lambda logits, y: tf.nn.softmax_cross_entropy_with_logits(y, logits)


def detection(rows, across):
    """FCOS' assignment with centre sampling, made once for every image, focal loss and GIoU."""
    boxes = columns["boxes"].reshape(n, -1, 4)
    kinds = columns["boxLabels"].reshape(n, boxes.shape[1], k)
    weights = columns["boxWeights"].reshape(n, -1)
    high, wide = h / rows, w / across
    classes = np.zeros((n, rows, across, k), "float32")
    places = np.tile(np.array([0, 0, 1, 1], "float32"), (n, rows, across, 1))
    stands = np.zeros((n, rows, across), "float32")
    for image in range(n):
        area = np.full((rows, across), np.inf)
        for (y0, x0, y1, x1), kind, weight in zip(boxes[image], kinds[image], weights[image]):
            if weight <= 0:
                continue
            my, mx = (y0 + y1) / 2, (x0 + x1) / 2
            for row in range(rows):
                for column in range(across):
                    cy, cx = (row + 0.5) * high, (column + 0.5) * wide
                    inside = y0 <= cy < y1 and x0 <= cx < x1
                    near = abs(cy - my) <= 1.5 * high and abs(cx - mx) <= 1.5 * wide
                    holds = row == min(int(my / high), rows - 1) and column == min(int(mx / wide), across - 1)
                    size = (y1 - y0) * (x1 - x0)
                    if ((inside and near) or holds) and size < area[row, column]:
                        area[row, column] = size
                        classes[image, row, column] = kind
                        places[image, row, column] = (y0, x0, y1, x1)
                        stands[image, row, column] = weight
    ys = (tf.range(rows, dtype=tf.float32)[:, None] + 0.5)
    xs = (tf.range(across, dtype=tf.float32)[None, :] + 0.5)

    def loss(map, classes, places, stands):
        logits, raw = map[..., :k], map[..., k:]
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(classes, logits)
        p = tf.sigmoid(logits)
        right = p * classes + (1 - p) * (1 - classes)
        focal = (0.25 * classes + 0.75 * (1 - classes)) * (1 - right) ** 2 * entropy
        y, x = (ys + raw[..., 0]) * high, (xs + raw[..., 1]) * wide
        dy = tf.exp(tf.minimum(raw[..., 2], np.log(4.0 * rows))) * high / 2
        dx = tf.exp(tf.minimum(raw[..., 3], np.log(4.0 * across))) * wide / 2
        a = (y - dy, x - dx, y + dy, x + dx)
        b = tf.unstack(places, axis=-1)
        both = tf.maximum(tf.minimum(a[2], b[2]) - tf.maximum(a[0], b[0]), 0) * tf.maximum(
            tf.minimum(a[3], b[3]) - tf.maximum(a[1], b[1]), 0
        )
        either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
        around = (tf.maximum(a[2], b[2]) - tf.minimum(a[0], b[0])) * (tf.maximum(a[3], b[3]) - tf.minimum(a[1], b[1]))
        giou = both / (either + 1e-7) - (around - either) / (around + 1e-7)
        count = tf.maximum(tf.reduce_sum(stands, [1, 2]), 1)
        return (tf.reduce_sum(focal, [1, 2, 3]) + tf.reduce_sum((1 - giou) * stands, [1, 2])) / count

    return (classes, places, stands), loss


model, ordered = read_model()
if task == "semantic_segmentation":
    truth, loss_of = segmentation()
elif task == "detection":
    truth, loss_of = detection(*model.output.shape[1:3])
else:
    truth, loss_of = classification()
rate = tf.Variable(0.0)
optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
optimizer.build(model.trainable_variables)


@tf.function
def step(x, *y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(loss_of(model(tf.cast(x, tf.float32), training=True), *y))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    return loss


draw = np.random.default_rng(ask["seed"])
order = []
for learning_rate in ask["rates"]:
    if len(order) < ask["batch"]:
        order = order + list(draw.permutation(n))
    taken, order = order[: ask["batch"]], order[ask["batch"] :]
    optimizer.learning_rate.assign(learning_rate)
    loss = step(tf.constant(images[taken]), *(tf.constant(column[taken]) for column in truth))
assert np.isfinite(float(loss)), "the loss is not a number"
np.concatenate([v.numpy().ravel() for v in ordered]).astype("float32").tofile(f"{folder}/model/weights.bin")
print(json.dumps({"version": f"Keras {keras.__version__}, TensorFlow {tf.__version__}"}), file=answers)
