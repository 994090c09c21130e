// The two gradients of a depthwise convolution. Filters are [kh, kw, channels, multiplier].
#include "common.h"
#include "phases.h"

// dw[ky, kx, c·m] = Σ_b,oy,ox x[b, oy·sh + ky·dh − top, ox·sw + kx·dw − left, c] · dy[b, oy, ox, c·m]
//
// `scratch` holds one image with its zeros around it: ((oh − 1)·sh + (kh − 1)·dh + 1) · ((ow − 1)·sw + (kw − 1)·dw + 1) ·
// channels elements. Each filter row is summed over a whole image in registers where it is 1, 3 or 5 wide.
INLINE void depthwise_row(const int taps, const float *x, const float *dy, float *dw, int rows, int columns, int x_row,
                          int x_step, int x_tap, int channels) {
  f4 sum[5];
  UNROLL for (int t = 0; t < taps; t++) sum[t] = splat(0);
  for (int r = 0; r < rows; r++) {
    const float *from = x + r * x_row;
    const float *gradient = dy + r * columns * channels;
    for (int c = 0; c < columns; c++) {
      const f4 g = load(gradient);
      UNROLL for (int t = 0; t < taps; t++) sum[t] = add(sum[t], mul(load(from + t * x_tap), g));
      from += x_step;
      gradient += channels;
    }
  }
  UNROLL for (int t = 0; t < taps; t++) store(dw + t * channels, add(load(dw + t * channels), sum[t]));
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
    copy_padded(scratch, x + b * h * w * channels, h, w, channels, -top, rows, -left, columns);
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

// `pixels` neighbours in a row of one phase, four channels.
INLINE void depthwise_tile(const int pixels, const float *dy, const float *filter, const int *taps, const int *offsets, int count,
                           float *dx, int dx_step, int channels) {
  f4 sum[4];
  UNROLL for (int p = 0; p < pixels; p++) sum[p] = splat(0);
  for (int t = 0; t < count; t++) {
    const f4 weight = load(filter + taps[t] * channels);
    UNROLL for (int p = 0; p < pixels; p++) sum[p] = add(sum[p], mul(load(dy + offsets[t] + p * channels), weight));
  }
  UNROLL for (int p = 0; p < pixels; p++) store(dx + p * dx_step, sum[p]);
}

// Elements of scratch that depthwise_input_gradient needs.
EXPORT(depthwise_input_scratch)
int depthwise_input_scratch(int h, int w, int channels, int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh,
                            int dilation_w, int top, int left) {
  const Padded padded = padded_gradient(h, w, oh, ow, kh, kw, sh, sw, dh, dilation_w, top, left);
  return padded.rows * padded.columns * channels * multiplier + 2 * kh * kw;
}

// dx[b, y, x, c] = Σ_ky,kx,m dy[b, (y + top − ky·dh) / sh, (x + left − kx·dw) / sw, c·m] · filter[ky, kx, c·m], where the
// divisions leave no rest.
EXPORT(depthwise_input_gradient)
void depthwise_input_gradient(const float *dy, const float *filter, float *dx, float *scratch, int batch, int h, int w,
                              int channels, int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh,
                              int dilation_w, int top, int left) {
  const Padded padded = padded_gradient(h, w, oh, ow, kh, kw, sh, sw, dh, dilation_w, top, left);
  const int out_channels = channels * multiplier;
  int *taps = (int *)(scratch + padded.rows * padded.columns * out_channels), *offsets = taps + kh * kw;
  const int vector_channels = multiplier == 1 ? channels / 4 * 4 : 0;
  for (int b = 0; b < batch; b++) {
    copy_padded(scratch, dy + b * oh * ow * out_channels, oh, ow, out_channels, -padded.above, padded.rows, -padded.before,
                padded.columns);
    for (int py = 0; py < sh; py++) {
      for (int px = 0; px < sw; px++) {
        const int phase_rows = divide_up(h - py, sh), phase_columns = divide_up(w - px, sw);
        const int count = phase_taps(padded, py, px, out_channels, kh, kw, sh, sw, dh, dilation_w, top, left, taps, offsets);
        for (int r = 0; r < phase_rows; r++) {
          const float *from = scratch + r * padded.columns * out_channels;
          float *to = dx + ((b * h + py + r * sh) * w + px) * channels;
          for (int k = 0; k < vector_channels; k += 4) {
            int c = 0;
#define TILE(pixels)                                                                                                   \
  depthwise_tile(pixels, from + c * channels + k, filter + k, taps, offsets, count, to + c * sw * channels + k, sw * channels, \
                 channels)
            for (; c + 4 <= phase_columns; c += 4) TILE(4);
            for (; c < phase_columns; c++) TILE(1);
#undef TILE
          }
          for (int c = 0; c < phase_columns; c++) {
            for (int k = vector_channels; k < channels; k++) {
              float sum = 0;
              for (int t = 0; t < count; t++)
                for (int m = 0; m < multiplier; m++)
                  sum += from[c * out_channels + offsets[t] + k * multiplier + m] *
                         filter[taps[t] * out_channels + k * multiplier + m];
              to[c * sw * channels + k] = sum;
            }
          }
        }
      }
    }
  }
}
