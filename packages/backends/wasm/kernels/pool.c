// Gradients of pooling. All channels of a window at once, in vectors of four and a remainder.
#include "common.h"

typedef struct {
  int y0, y1, x0, x1;
} Window;

INLINE Window window_at(int oy, int ox, int h, int w, int kh, int kw, int sh, int sw, int top, int left) {
  const int y = oy * sh - top, x = ox * sw - left;
  return (Window){max(y, 0), min(y + kh, h), max(x, 0), min(x + kw, w)};
}

// The first of a window's largest values (row by row) receives its gradient.
EXPORT(max_pool_gradient)
void max_pool_gradient(const float *x, const float *dy, float *dx, int batch, int h, int w, int channels, int oh, int ow, int kh,
                       int kw, int sh, int sw, int top, int left) {
  zero(dx, batch * h * w * channels);
  for (int b = 0; b < batch; b++) {
    const float *image = x + b * h * w * channels;
    float *out = dx + b * h * w * channels;
    for (int oy = 0; oy < oh; oy++) {
      for (int ox = 0; ox < ow; ox++) {
        const Window at = window_at(oy, ox, h, w, kh, kw, sh, sw, top, left);
        const float *gradient = dy + ((b * oh + oy) * ow + ox) * channels;
        int c = 0;
        for (; c + 4 <= channels; c += 4) {
          f4 largest = splat(-__builtin_inff());
          for (int y = at.y0; y < at.y1; y++)
            for (int i = at.x0; i < at.x1; i++) largest = wasm_f32x4_pmax(largest, load(image + (y * w + i) * channels + c));
          f4 left_to_give = load(gradient + c);
          for (int y = at.y0; y < at.y1; y++) {
            for (int i = at.x0; i < at.x1; i++) {
              const int here = (y * w + i) * channels + c;
              const f4 hit = wasm_f32x4_eq(load(image + here), largest);
              store(out + here, add(load(out + here), wasm_v128_and(left_to_give, hit)));
              left_to_give = wasm_v128_andnot(left_to_give, hit);
            }
          }
        }
        for (; c < channels; c++) {
          int best = -1;
          for (int y = at.y0; y < at.y1; y++) {
            for (int i = at.x0; i < at.x1; i++) {
              const int here = (y * w + i) * channels + c;
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
void average_pool_gradient(const float *dy, float *dx, int batch, int h, int w, int channels, int oh, int ow, int kh, int kw,
                           int sh, int sw, int top, int left) {
  zero(dx, batch * h * w * channels);
  for (int b = 0; b < batch; b++) {
    float *out = dx + b * h * w * channels;
    for (int oy = 0; oy < oh; oy++) {
      for (int ox = 0; ox < ow; ox++) {
        const Window at = window_at(oy, ox, h, w, kh, kw, sh, sw, top, left);
        const float *gradient = dy + ((b * oh + oy) * ow + ox) * channels;
        const float share = 1.0f / (float)((at.y1 - at.y0) * (at.x1 - at.x0));
        for (int y = at.y0; y < at.y1; y++) {
          for (int i = at.x0; i < at.x1; i++) {
            float *to = out + (y * w + i) * channels;
            int c = 0;
            for (; c + 4 <= channels; c += 4) store(to + c, add(load(to + c), mul(splat(share), load(gradient + c))));
            for (; c < channels; c++) to[c] += share * gradient[c];
          }
        }
      }
    }
  }
}
