// Resizing to the nearest pixel, and gradients of resizing: each output pixel's is spread over the pixels it was read from.
#include "common.h"

INLINE float ratio(int size, int out_size, int align_corners) {
  const int ends = align_corners && out_size > 1;
  return (float)(size - ends) / (float)(out_size - ends);
}

EXPORT(resize_bilinear_gradient)
void resize_bilinear_gradient(const float *dy, float *dx, int batch, int h, int w, int channels, int oh, int ow,
                              int align_corners, int half_pixel_centers) {
  zero(dx, batch * h * w * channels);
  const float row_ratio = ratio(h, oh, align_corners), column_ratio = ratio(w, ow, align_corners);
  for (int b = 0; b < batch; b++) {
    for (int oy = 0; oy < oh; oy++) {
      const float y = half_pixel_centers ? row_ratio * (oy + 0.5f) - 0.5f : row_ratio * oy;
      const int y0 = max(0, (int)__builtin_floorf(y)), y1 = min(h - 1, max(0, (int)__builtin_ceilf(y)));
      const float down = y - y0;
      for (int ox = 0; ox < ow; ox++) {
        const float x = half_pixel_centers ? column_ratio * (ox + 0.5f) - 0.5f : column_ratio * ox;
        const int x0 = max(0, (int)__builtin_floorf(x)), x1 = min(w - 1, max(0, (int)__builtin_ceilf(x)));
        const float right = x - x0;
        const float *gradient = dy + ((b * oh + oy) * ow + ox) * channels;
        float *image = dx + b * h * w * channels;
        for (int c = 0; c < channels; c++) {
          image[(y0 * w + x0) * channels + c] += gradient[c] * (1 - down) * (1 - right);
          image[(y0 * w + x1) * channels + c] += gradient[c] * (1 - down) * right;
          image[(y1 * w + x0) * channels + c] += gradient[c] * down * (1 - right);
          image[(y1 * w + x1) * channels + c] += gradient[c] * down * right;
        }
      }
    }
  }
}

INLINE int nearest(int out, float by, int size, int align_corners, int half_pixel_centers) {
  const float at = half_pixel_centers ? by * (out + 0.5f) : by * out;
  const int index = (int)(align_corners ? __builtin_floorf(at + 0.5f) : __builtin_floorf(at));
  return max(0, min(size - 1, index));
}

EXPORT(resize_nearest_gradient)
void resize_nearest_gradient(const float *dy, float *dx, int batch, int h, int w, int channels, int oh, int ow, int align_corners,
                             int half_pixel_centers) {
  zero(dx, batch * h * w * channels);
  const float row_ratio = ratio(h, oh, align_corners), column_ratio = ratio(w, ow, align_corners);
  for (int b = 0; b < batch; b++) {
    for (int oy = 0; oy < oh; oy++) {
      const int y = nearest(oy, row_ratio, h, align_corners, half_pixel_centers);
      for (int ox = 0; ox < ow; ox++) {
        const int x = nearest(ox, column_ratio, w, align_corners, half_pixel_centers);
        const float *gradient = dy + ((b * oh + oy) * ow + ox) * channels;
        float *to = dx + ((b * h + y) * w + x) * channels;
        for (int c = 0; c < channels; c++) to[c] += gradient[c];
      }
    }
  }
}

EXPORT(resize_nearest)
void resize_nearest(const float *x, float *out, int batch, int h, int w, int channels, int oh, int ow, int align_corners,
                    int half_pixel_centers) {
  const float row_ratio = ratio(h, oh, align_corners), column_ratio = ratio(w, ow, align_corners);
  for (int b = 0; b < batch; b++) {
    for (int oy = 0; oy < oh; oy++) {
      const int y = nearest(oy, row_ratio, h, align_corners, half_pixel_centers);
      for (int ox = 0; ox < ow; ox++, out += channels) {
        const float *from = x + ((b * h + y) * w + nearest(ox, column_ratio, w, align_corners, half_pixel_centers)) * channels;
        for (int c = 0; c < channels; c++) out[c] = from[c];
      }
    }
  }
}
