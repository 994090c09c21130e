// The two gradients of a depthwise convolution. Filters are [kh, kw, channels, multiplier].
#include "common.h"

// dw[ky, kx, c·m] = Σ_b,oy,ox x[b, oy·sh + ky·dh − top, ox·sw + kx·dw − left, c] · dy[b, oy, ox, c·m]
//
// `scratch` holds one image with its zeros around it: ((oh − 1)·sh + (kh − 1)·dh + 1) · ((ow − 1)·sw + (kw − 1)·dw + 1) ·
// channels elements. Each filter row is summed over a whole image in registers where it is 1, 3 or 5 wide.
INLINE void depthwise_row(const int taps, const float *x, const float *dy, float *dw, int rows, int columns, int x_row,
                          int x_step, int x_tap, int channels) {
  f4 sum[5];
  for (int t = 0; t < taps; t++) sum[t] = splat(0);
  for (int r = 0; r < rows; r++) {
    const float *from = x + r * x_row;
    const float *gradient = dy + r * columns * channels;
    for (int c = 0; c < columns; c++) {
      const f4 g = load(gradient);
      for (int t = 0; t < taps; t++) sum[t] = add(sum[t], mul(load(from + t * x_tap), g));
      from += x_step;
      gradient += channels;
    }
  }
  for (int t = 0; t < taps; t++) store(dw + t * channels, add(load(dw + t * channels), sum[t]));
}

EXPORT(depthwise_filter_gradient)
void depthwise_filter_gradient(const float *x, const float *dy, float *dw, float *scratch, int batch, int h, int w, int channels,
                               int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh, int dilation_w, int top,
                               int left) {
  zero(dw, kh * kw * channels * multiplier);
  const int rows = (oh - 1) * sh + (kh - 1) * dh + 1, columns = (ow - 1) * sw + (kw - 1) * dilation_w + 1;
  const int x_row = columns * channels;
  const int out_channels = channels * multiplier;
  const int vector_channels = multiplier == 1 ? channels / 4 * 4 : 0;
  for (int b = 0; b < batch; b++) {
    copy_padded(scratch, x + b * h * w * channels, h, w, channels, -top, rows, -left, columns, channels);
    const float *gradient = dy + b * oh * ow * out_channels;
    for (int ky = 0; ky < kh; ky++) {
      const float *row = scratch + ky * dh * x_row;
      float *to = dw + ky * kw * out_channels;
      for (int c = 0; c < vector_channels; c += 4) {
#define ROW(taps, first)                                                                                                 \
  depthwise_row(taps, row + c + (first) * dilation_w * channels, gradient + c, to + c + (first) * channels, oh, ow, \
                sh * x_row, sw * channels, dilation_w * channels, channels)
        if (kw == 3) ROW(3, 0);
        else if (kw == 5) ROW(5, 0);
        else
          for (int kx = 0; kx < kw; kx++) ROW(1, kx);
#undef ROW
      }
      for (int kx = 0; kx < kw; kx++) {
        for (int c = vector_channels; c < channels; c++) {
          for (int m = 0; m < multiplier; m++) {
            float sum = 0;
            for (int oy = 0; oy < oh; oy++) {
              const float *from = row + oy * sh * x_row + kx * dilation_w * channels + c;
              const float *g = gradient + oy * ow * out_channels + c * multiplier + m;
              for (int ox = 0; ox < ow; ox++) sum += from[ox * sw * channels] * g[ox * out_channels];
            }
            to[kx * out_channels + c * multiplier + m] += sum;
          }
        }
      }
    }
  }
}

// dx[b, y, x, c] = Σ_ky,kx,m dy[b, (y + top − ky·dh) / sh, (x + left − kx·dw) / sw, c·m] · filter[ky, kx, c·m], where the
// divisions leave no rest and lie in dy.
EXPORT(depthwise_input_gradient)
void depthwise_input_gradient(const float *dy, const float *filter, float *dx, int batch, int h, int w, int channels,
                              int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh, int dilation_w, int top,
                              int left) {
  zero(dx, batch * h * w * channels);
  const int out_channels = channels * multiplier;
  const int vector_channels = multiplier == 1 ? channels / 4 * 4 : 0;
  for (int b = 0; b < batch; b++) {
    const float *gradient = dy + b * oh * ow * out_channels;
    for (int y = 0; y < h; y++) {
      for (int ky = 0; ky < kh; ky++) {
        const int row = y + top - ky * dh;
        if (row < 0 || row % sh || row / sh >= oh) continue;
        for (int x = 0; x < w; x++) {
          float *to = dx + ((b * h + y) * w + x) * channels;
          for (int kx = 0; kx < kw; kx++) {
            const int column = x + left - kx * dilation_w;
            if (column < 0 || column % sw || column / sw >= ow) continue;
            const float *from = gradient + (row / sh * ow + column / sw) * out_channels;
            const float *weight = filter + (ky * kw + kx) * out_channels;
            for (int c = 0; c < vector_channels; c += 4) store(to + c, add(load(to + c), mul(load(from + c), load(weight + c))));
            for (int c = vector_channels; c < channels; c++)
              for (int m = 0; m < multiplier; m++) to[c] += from[c * multiplier + m] * weight[c * multiplier + m];
          }
        }
      }
    }
  }
}
