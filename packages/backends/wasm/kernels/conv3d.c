// The gradients of a 3D convolution (NDHWC, DHWIO): plain loops, right rather than fast.
#include "common.h"

typedef struct {
  int batch, d, h, w, in_channels, od, oh, ow, out_channels, kd, kh, kw, sd, sh, sw, dd, dh, dw, front, top, left;
} Conv3d;

// Calls `visit` for each pair of an input and an output voxel that a filter element joins.
#define FOR_EACH_TAP(s)                                                                      \
  for (int b = 0; b < s.batch; b++)                                                          \
    for (int oz = 0; oz < s.od; oz++)                                                        \
      for (int kz = 0, z = oz * s.sd - s.front; kz < s.kd; kz++, z += s.dd)                  \
        if (z >= 0 && z < s.d)                                                               \
          for (int oy = 0; oy < s.oh; oy++)                                                  \
            for (int ky = 0, y = oy * s.sh - s.top; ky < s.kh; ky++, y += s.dh)              \
              if (y >= 0 && y < s.h)                                                         \
                for (int ox = 0; ox < s.ow; ox++)                                            \
                  for (int kx = 0, x = ox * s.sw - s.left; kx < s.kw; kx++, x += s.dw)       \
                    if (x >= 0 && x < s.w)

#define SIZES                                                                                                               \
  int batch, int d, int h, int w, int in_channels, int od, int oh, int ow, int out_channels, int kd, int kh, int kw, int sd, \
      int sh, int sw, int dd, int dh, int dw, int front, int top, int left
#define SHAPE \
  { batch, d, h, w, in_channels, od, oh, ow, out_channels, kd, kh, kw, sd, sh, sw, dd, dh, dw, front, top, left }

EXPORT(conv3d_filter_gradient)
void conv3d_filter_gradient(const float *input, const float *dy, float *out, SIZES) {
  const Conv3d s = SHAPE;
  zero(out, kd * kh * kw * in_channels * out_channels);
  FOR_EACH_TAP(s) {
    const float *from = input + (((b * d + z) * h + y) * w + x) * in_channels;
    const float *gradient = dy + (((b * od + oz) * oh + oy) * ow + ox) * out_channels;
    float *to = out + ((kz * kh + ky) * kw + kx) * in_channels * out_channels;
    for (int i = 0; i < in_channels; i++)
      for (int o = 0; o < out_channels; o++) to[i * out_channels + o] += from[i] * gradient[o];
  }
}

EXPORT(conv3d_input_gradient)
void conv3d_input_gradient(const float *dy, const float *filter, float *out, SIZES) {
  const Conv3d s = SHAPE;
  zero(out, batch * d * h * w * in_channels);
  FOR_EACH_TAP(s) {
    const float *gradient = dy + (((b * od + oz) * oh + oy) * ow + ox) * out_channels;
    const float *weight = filter + ((kz * kh + ky) * kw + kx) * in_channels * out_channels;
    float *to = out + (((b * d + z) * h + y) * w + x) * in_channels;
    for (int i = 0; i < in_channels; i++) {
      float sum = 0;
      for (int o = 0; o < out_channels; o++) sum += gradient[o] * weight[i * out_channels + o];
      to[i] += sum;
    }
  }
}
