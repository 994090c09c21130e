"""The architectures of @regimen/models, layer by layer, in Keras."""

import math
from functools import partial

from keras import Input, Model, layers

norm = partial(layers.BatchNormalization, momentum=0.9, epsilon=1e-5)


def conv_norm(x, filters, kernel, strides=1):
    return norm()(layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x))


def residual(x, filters, strides):
    branch = layers.ReLU()(conv_norm(x, filters, 3, strides))
    branch = conv_norm(branch, filters, 3)
    same = strides == 1 and x.shape[-1] == filters
    return layers.ReLU()(layers.Add()([branch, x if same else conv_norm(x, filters, 1, strides)]))


def resnet(x, widths, counts):
    x = layers.ReLU()(conv_norm(x, widths[0], 3))
    for group, (width, count) in enumerate(zip(widths, counts)):
        for block in range(count):
            x = residual(x, width, 2 if group > 0 and block == 0 else 1)
    return layers.GlobalAveragePooling2D()(x)


def small_cnn(x):
    for width in (16, 32, 64):
        x = layers.MaxPooling2D(2)(layers.ReLU()(conv_norm(x, width, 3)))
    return layers.Flatten()(x)


def gate(x, squeezed):
    """Squeeze and excitation."""
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Conv2D(squeezed, 1, activation="silu")(s)
    return layers.Multiply()([x, layers.Conv2D(x.shape[-1], 1, activation="sigmoid")(s)])


def inverted(x, outer, kernel, strides, expand):
    inner = x.shape[-1]
    y = layers.Activation("silu")(conv_norm(x, inner * expand, 1)) if expand > 1 else x
    y = norm()(layers.DepthwiseConv2D(kernel, strides, padding="same", use_bias=False)(y))
    y = gate(layers.Activation("silu")(y), max(1, inner // 4))
    y = conv_norm(y, outer, 1)
    return layers.Add()([x, y]) if strides == 1 and inner == outer else y


# Expansion, filters, repeats, stride (with those for 32 x 32), kernel.
B0 = [(1, 16, 1, 1, 3), (6, 24, 2, 1, 3), (6, 40, 2, 1, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]


def efficientnet_b0(x):
    x = layers.Activation("silu")(conv_norm(x, 32, 3, 2))
    for expand, outer, repeats, strides, kernel in B0:
        for at in range(repeats):
            x = inverted(x, outer, kernel, strides if at == 0 else 1, expand)
    return layers.GlobalAveragePooling2D()(layers.Activation("silu")(conv_norm(x, 1280, 1)))


FEATURES = {
    "small-cnn": small_cnn,
    "resnet20": lambda x: resnet(x, [16, 32, 64], [3, 3, 3]),
    "resnet18": lambda x: resnet(x, [64, 128, 256, 512], [2, 2, 2, 2]),
    "efficientnetb0": efficientnet_b0,
}


def build(name, shape, classes):
    """Raw pixels to logits; the first layer normalises."""
    pixels = Input(shape)
    x = layers.Rescaling(1 / 73.9, offset=-127.5 / 73.9)(pixels)
    return Model(pixels, layers.Dense(classes)(FEATURES[name](x)))


def counts(model):
    of = lambda weights: sum(math.prod(w.shape) for w in weights)
    return {"trainable": of(model.trainable_weights), "statistics": of(model.non_trainable_weights)}
