// Pooling and its gradients. All channels of a window at once, in vectors of four and a remainder. Units: images.
#include "common.h"

typedef struct {
  int y0, y1, x0, x1;
} Window;

INLINE Window window_at(int oy, int ox, int h, int w, int kh, int kw, int sh, int sw, int top, int left) {
  const int y = oy * sh - top, x = ox * sw - left;
  return (Window){max(y, 0), min(y + kh, h), max(x, 0), min(x + kw, w)};
}

#define POOL(name)                                                                                                        \
  EXPORT(name)                                                                                                            \
  void name(int from, int to, const float *x, float *y, int h, int w, int channels, int oh, int ow, int kh, int kw, int sh, \
            int sw, int top, int left)
#define FOR_EACH_WINDOW              \
  for (int b = from; b < to; b++)            \
    for (int oy = 0; oy < oh; oy++)          \
      for (int ox = 0; ox < ow; ox++)

// Sixteen channels at a time where there are as many: one line of the cache.
#define POOL_CHANNELS(vectors, begin, combine, finish, load_at, store_at)                     \
  {                                                                                           \
    f4 value[4];                                                                              \
    UNROLL for (int v = 0; v < vectors; v++) value[v] = splat(begin);                         \
    for (int row = at.y0; row < at.y1; row++) {                                               \
      for (int i = at.x0; i < at.x1; i++) {                                                   \
        const float *pixel = image + (row * w + i) * channels + c;                            \
        UNROLL for (int v = 0; v < vectors; v++) value[v] = combine(value[v], load_at);       \
      }                                                                                       \
    }                                                                                         \
    UNROLL for (int v = 0; v < vectors; v++) {                                                \
      const f4 pooled = finish;                                                               \
      store_at;                                                                               \
    }                                                                                         \
  }
#define POOL_FORWARD(begin, combine, finish)                                                                           \
  FOR_EACH_WINDOW {                                                                                                    \
    const float *image = x + b * h * w * channels;                                                                     \
    const Window at = window_at(oy, ox, h, w, kh, kw, sh, sw, top, left);                                              \
    const f4 count = splat((float)((at.y1 - at.y0) * (at.x1 - at.x0)));                                                \
    (void)count;                                                                                                       \
    float *out = y + ((b * oh + oy) * ow + ox) * channels;                                                             \
    int c = 0;                                                                                                         \
    for (; c + 16 <= channels; c += 16)                                                                                \
      POOL_CHANNELS(4, begin, combine, finish, load(pixel + 4 * v), store(out + c + 4 * v, pooled))                    \
    for (; c + 4 <= channels; c += 4) POOL_CHANNELS(1, begin, combine, finish, load(pixel), store(out + c, pooled))    \
    if (c < channels)                                                                                                  \
      POOL_CHANNELS(1, begin, combine, finish, load_some(pixel, channels - c), store_some(out + c, pooled, channels - c)) \
  }

POOL(max_pool) { POOL_FORWARD(-__builtin_inff(), wasm_f32x4_pmax, value[v]) }

// The mean of a window's pixels that lie in the image.
POOL(average_pool) { POOL_FORWARD(0, add, wasm_f32x4_div(value[v], count)) }

// Gives a window's gradient to the first of its largest values (row by row), for 4·`vectors` channels.
INLINE void give_to_largest(const int vectors, const float *image, const float *gradient, float *out, Window at, int w, int channels) {
  f4 largest[4], left_to_give[4];
  UNROLL for (int v = 0; v < vectors; v++) {
    largest[v] = splat(-__builtin_inff());
    left_to_give[v] = load(gradient + 4 * v);
  }
  for (int row = at.y0; row < at.y1; row++)
    for (int i = at.x0; i < at.x1; i++)
      UNROLL for (int v = 0; v < vectors; v++)
        largest[v] = wasm_f32x4_pmax(largest[v], load(image + (row * w + i) * channels + 4 * v));
  for (int row = at.y0; row < at.y1; row++) {
    for (int i = at.x0; i < at.x1; i++) {
      UNROLL for (int v = 0; v < vectors; v++) {
        const int here = (row * w + i) * channels + 4 * v;
        const f4 hit = wasm_f32x4_eq(load(image + here), largest[v]);
        store(out + here, add(load(out + here), wasm_v128_and(left_to_give[v], hit)));
        left_to_give[v] = wasm_v128_andnot(left_to_give[v], hit);
      }
    }
  }
}

EXPORT(max_pool_gradient)
void max_pool_gradient(int from, int to, const float *x, const float *dy, float *dx, int h, int w, int channels, int oh, int ow,
                       int kh, int kw, int sh, int sw, int top, int left) {
  for (int b = from; b < to; b++) {
    const float *image = x + b * h * w * channels;
    float *out = dx + b * h * w * channels;
    zero(out, h * w * channels);
    for (int oy = 0; oy < oh; oy++) {
      for (int ox = 0; ox < ow; ox++) {
        const Window at = window_at(oy, ox, h, w, kh, kw, sh, sw, top, left);
        const float *gradient = dy + ((b * oh + oy) * ow + ox) * channels;
        int c = 0;
        for (; c + 16 <= channels; c += 16) give_to_largest(4, image + c, gradient + c, out + c, at, w, channels);
        for (; c + 4 <= channels; c += 4) give_to_largest(1, image + c, gradient + c, out + c, at, w, channels);
        for (; c < channels; c++) {
          int best = -1;
          for (int row = at.y0; row < at.y1; row++) {
            for (int i = at.x0; i < at.x1; i++) {
              const int here = (row * w + i) * channels + c;
              if (best < 0 || image[here] > image[best]) best = here;
            }
          }
          if (best >= 0) out[best] += gradient[c];
        }
      }
    }
  }
}

// A window's gradient is shared by those of its pixels that lie in the image, as the forward pass averages them.
EXPORT(average_pool_gradient)
void average_pool_gradient(int from, int to, const float *dy, float *dx, int h, int w, int channels, int oh, int ow, int kh, int kw,
                           int sh, int sw, int top, int left) {
  zero(dx + from * h * w * channels, (to - from) * h * w * channels);
  FOR_EACH_WINDOW {
    float *out = dx + b * h * w * channels;
    const Window at = window_at(oy, ox, h, w, kh, kw, sh, sw, top, left);
    const float *gradient = dy + ((b * oh + oy) * ow + ox) * channels;
    const float share = 1.0f / (float)((at.y1 - at.y0) * (at.x1 - at.x0));
    for (int row = at.y0; row < at.y1; row++) {
      for (int i = at.x0; i < at.x1; i++) {
        float *to_pixel = out + (row * w + i) * channels;
        for (int c = 0; c < channels; c += 4) {
          const int some = channels - c;
          const f4 sum = add(load_some(to_pixel + c, some), mul(splat(share), load_some(gradient + c, some)));
          store_some(to_pixel + c, sum, some);
        }
      }
    }
  }
}

// The same in three dimensions, with all channels in the innermost loop.
EXPORT(average_pool_3d_gradient)
void average_pool_3d_gradient(int from, int to, const float *dy, float *dx, int d, int h, int w, int channels, int od, int oh,
                              int ow, int kd, int kh, int kw, int sd, int sh, int sw, int front, int top, int left) {
  zero(dx + from * d * h * w * channels, (to - from) * d * h * w * channels);
  for (int b = from; b < to; b++) {
    for (int oz = 0; oz < od; oz++) {
      const int z0 = max(oz * sd - front, 0), z1 = min(oz * sd - front + kd, d);
      for (int oy = 0; oy < oh; oy++) {
        for (int ox = 0; ox < ow; ox++) {
          const Window at = window_at(oy, ox, h, w, kh, kw, sh, sw, top, left);
          const float *gradient = dy + (((b * od + oz) * oh + oy) * ow + ox) * channels;
          const float share = 1.0f / (float)((z1 - z0) * (at.y1 - at.y0) * (at.x1 - at.x0));
          for (int z = z0; z < z1; z++)
            for (int row = at.y0; row < at.y1; row++)
              for (int i = at.x0; i < at.x1; i++)
                for (int c = 0; c < channels; c++) dx[(((b * d + z) * h + row) * w + i) * channels + c] += share * gradient[c];
        }
      }
    }
  }
}
