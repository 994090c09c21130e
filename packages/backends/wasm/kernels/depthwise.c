// A depthwise convolution and its two gradients. Filters are [kh, kw, channels, multiplier]. With a multiplier of 1 four
// channels are done at once; what is left over goes one by one.
#include "common.h"
#include "phases.h"

// How four neighbouring channels of a filter move over an image with its zeros, both given where these channels begin.
typedef struct {
  // Elements between rows and columns of the filter, in the image; negative steps of the taps turn the filter around.
  int row_step, column_step, tap_step;
  int kh, kw;
} Reach;

// `pixels` neighbouring outputs, `stride` columns apart. Where `kw` is a constant, columns have no gaps and each is loaded once.
INLINE void window_tile(const int pixels, const int kw, const int stride, const float *x, const float *taps, Reach reach, float *y,
                        int y_step) {
  f4 sum[4];
  UNROLL for (int p = 0; p < pixels; p++) sum[p] = splat(0);
  for (int ky = 0; ky < reach.kh; ky++, x += reach.row_step, taps += reach.kw * reach.tap_step) {
    if (kw) {
      f4 weight[5];
      UNROLL for (int kx = 0; kx < kw; kx++) weight[kx] = load(taps + kx * reach.tap_step);
      UNROLL for (int column = 0; column < (pixels - 1) * stride + kw; column++) {
        const f4 value = load(x + column * reach.column_step);
        UNROLL for (int p = 0; p < pixels; p++)
          if (column >= p * stride && column < p * stride + kw)
            sum[p] = add(sum[p], mul(value, weight[column - p * stride]));
      }
    } else {
      for (int kx = 0; kx < reach.kw; kx++) {
        const f4 weight = load(taps + kx * reach.tap_step);
        UNROLL for (int p = 0; p < pixels; p++)
          sum[p] = add(sum[p], mul(load(x + kx * reach.column_step + p * stride), weight));
      }
    }
  }
  UNROLL for (int p = 0; p < pixels; p++) store(y + p * y_step, sum[p]);
}

INLINE void window_row(const int kw, const int stride, const float *x, const float *taps, Reach reach, float *y, int y_step,
                       int pixels) {
  // In elements: between neighbouring outputs' inputs.
  const int step = kw ? stride * reach.column_step : stride;
  int i = 0;
  for (; i + 4 <= pixels; i += 4) window_tile(4, kw, stride, x + i * step, taps, reach, y + i * y_step, y_step);
  for (; i < pixels; i++) window_tile(1, kw, stride, x + i * step, taps, reach, y + i * y_step, y_step);
}

// A row of outputs, all channels in fours. `x`: the first output's first input.
INLINE void any_window_row(const float *x, const float *taps, Reach reach, float *y, int y_step, int pixels, int stride,
                           int dilation_w, int channels) {
  for (int c = 0; c + 4 <= channels; c += 4) {
    const int kw = dilation_w == 1 && stride <= 2 ? reach.kw : 0;
#define ROW(kw, stride) window_row(kw, stride, x + c, taps + c, reach, y + c, y_step, pixels)
    if (kw == 3 && stride == 1) ROW(3, 1);
    else if (kw == 3) ROW(3, 2);
    else if (kw == 5 && stride == 1) ROW(5, 1);
    else if (kw == 5) ROW(5, 2);
    else ROW(0, stride * (reach.column_step / dilation_w));
#undef ROW
  }
}

// Elements of scratch that depthwise_forward and depthwise_filter_gradient need: an image with its zeros.
EXPORT(depthwise_scratch)
int depthwise_scratch(int h, int w, int channels, int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh,
                      int dilation_w, int top, int left) {
  (void)h, (void)w, (void)multiplier, (void)top, (void)left;
  return ((oh - 1) * sh + (kh - 1) * dh + 1) * ((ow - 1) * sw + (kw - 1) * dilation_w + 1) * channels;
}

// Units: images. y[b, oy, ox, c·m] = Σ_ky,kx x[b, oy·sh + ky·dh − top, ox·sw + kx·dw − left, c] · filter[ky, kx, c·m]
EXPORT(depthwise_forward)
void depthwise_forward(int from, int to, float *scratch, const float *x, const float *filter, float *y, int h, int w, int channels,
                       int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh, int dilation_w, int top, int left) {
  const int rows = (oh - 1) * sh + (kh - 1) * dh + 1, columns = (ow - 1) * sw + (kw - 1) * dilation_w + 1;
  const int out_channels = channels * multiplier;
  const int vector_channels = multiplier == 1 ? channels / 4 * 4 : 0;
  const Reach reach = {dh * columns * channels, dilation_w * channels, channels, kh, kw};
  for (int b = from; b < to; b++) {
    copy_padded(scratch, x + b * h * w * channels, h, w, channels, -top, rows, -left, columns);
    for (int oy = 0; oy < oh; oy++) {
      const float *row = scratch + oy * sh * columns * channels;
      float *out = y + (b * oh + oy) * ow * out_channels;
      any_window_row(row, filter, reach, out, channels, ow, sw, dilation_w, vector_channels);
      for (int ox = 0; ox < ow; ox++) {
        for (int c = vector_channels; c < channels; c++) {
          for (int m = 0; m < multiplier; m++) {
            float sum = 0;
            for (int ky = 0; ky < kh; ky++)
              for (int kx = 0; kx < kw; kx++)
                sum += row[ox * sw * channels + ky * reach.row_step + kx * reach.column_step + c] *
                       filter[((ky * kw + kx) * channels + c) * multiplier + m];
            out[ox * out_channels + c * multiplier + m] = sum;
          }
        }
      }
    }
  }
}

// Adds `pixels` neighbouring outputs, `stride` columns apart, to four channels of a row of the filter's gradient: sum[kw]. A
// column of the image is loaded once for all.
INLINE void add_pixels(const int pixels, const int kw, const int stride, const float *x, const float *dy, f4 *sum, int step,
                       int channels) {
  f4 g[4];
  UNROLL for (int p = 0; p < pixels; p++) g[p] = load(dy + p * channels);
  UNROLL for (int column = 0; column < (pixels - 1) * stride + kw; column++) {
    const f4 value = load(x + column * step);
    UNROLL for (int p = 0; p < pixels; p++)
      if (column >= p * stride && column < p * stride + kw)
        sum[column - p * stride] = add(sum[column - p * stride], mul(value, g[p]));
  }
}

// The same for a row of outputs. `step`: elements between columns.
INLINE void add_row(const int kw, const int stride, const float *x, const float *dy, float *dw, int pixels, int step, int channels) {
  f4 sum[5];
  UNROLL for (int t = 0; t < kw; t++) sum[t] = load(dw + t * channels);
  int i = 0;
  for (; i + 4 <= pixels; i += 4) add_pixels(4, kw, stride, x + i * stride * step, dy + i * channels, sum, step, channels);
  for (; i < pixels; i++) add_pixels(1, kw, stride, x + i * stride * step, dy + i * channels, sum, step, channels);
  UNROLL for (int t = 0; t < kw; t++) store(dw + t * channels, sum[t]);
}

// Units: `parts` parts of the batch, each with its own sum in `sums` [parts, kh, kw, c·m].
// dw[ky, kx, c·m] = Σ_b,oy,ox x[b, oy·sh + ky·dh − top, ox·sw + kx·dw − left, c] · dy[b, oy, ox, c·m]
EXPORT(depthwise_filter_gradient)
void depthwise_filter_gradient(int from, int to, float *scratch, const float *x, const float *dy, float *sums, int batch, int parts,
                               int h, int w, int channels, int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh,
                               int dilation_w, int top, int left) {
  const int rows = (oh - 1) * sh + (kh - 1) * dh + 1, columns = (ow - 1) * sw + (kw - 1) * dilation_w + 1;
  const int x_row = columns * channels;
  const int out_channels = channels * multiplier;
  const int vector_channels = multiplier == 1 ? channels / 4 * 4 : 0;
  for (int part = from; part < to; part++) {
    float *dw = sums + part * kh * kw * out_channels;
    zero(dw, kh * kw * out_channels);
    for (int b = part_start(part, parts, batch); b < part_start(part + 1, parts, batch); b++) {
      copy_padded(scratch, x + b * h * w * channels, h, w, channels, -top, rows, -left, columns);
      for (int oy = 0; oy < oh; oy++) {
        const float *gradient = dy + (b * oh + oy) * ow * out_channels;
        for (int c = 0; c < vector_channels; c += 4) {
          for (int ky = 0; ky < kh; ky++) {
            const float *row = scratch + (oy * sh + ky * dh) * x_row + c;
            float *to_row = dw + ky * kw * channels + c;
#define ROW(kw, stride, step) add_row(kw, stride, row, gradient + c, to_row, ow, step, channels)
            const int simple = dilation_w == 1 && sw <= 2 ? kw : 0;
            if (simple == 3 && sw == 1) ROW(3, 1, channels);
            else if (simple == 3) ROW(3, 2, channels);
            else if (simple == 5 && sw == 1) ROW(5, 1, channels);
            else if (simple == 5) ROW(5, 2, channels);
            else
              for (int kx = 0; kx < kw; kx++, row += dilation_w * channels, to_row += channels) ROW(1, 1, sw * channels);
#undef ROW
          }
        }
        for (int ky = 0; ky < kh; ky++) {
          for (int kx = 0; kx < kw; kx++) {
            const float *row = scratch + (oy * sh + ky * dh) * x_row + kx * dilation_w * channels;
            for (int c = vector_channels; c < channels; c++) {
              for (int m = 0; m < multiplier; m++) {
                float sum = 0;
                for (int ox = 0; ox < ow; ox++)
                  sum += row[ox * sw * channels + c] * gradient[ox * out_channels + c * multiplier + m];
                dw[(ky * kw + kx) * out_channels + c * multiplier + m] += sum;
              }
            }
          }
        }
      }
    }
  }
}

// `pixels` neighbours in a row of one phase, four channels.
INLINE void phase_tile(const int pixels, const float *dy, const float *filter, const int *taps, const int *offsets, int count,
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

// Units: images. dx[b, y, x, c] = Σ_ky,kx,m dy[b, (y + top − ky·dh) / sh, (x + left − kx·dw) / sw, c·m] · filter[ky, kx, c·m],
// where the divisions leave no rest.
EXPORT(depthwise_input_gradient)
void depthwise_input_gradient(int from, int to, float *scratch, const float *dy, const float *filter, float *dx, int h, int w,
                              int channels, int multiplier, int oh, int ow, int kh, int kw, int sh, int sw, int dh,
                              int dilation_w, int top, int left) {
  const Padded padded = padded_gradient(h, w, oh, ow, kh, kw, sh, sw, dh, dilation_w, top, left);
  const int out_channels = channels * multiplier;
  int *taps = (int *)(scratch + padded.rows * padded.columns * out_channels), *offsets = taps + kh * kw;
  const int vector_channels = multiplier == 1 ? channels / 4 * 4 : 0;
  // Without strides and gaps: the filter, turned around, moves over dy.
  const int turned = sh == 1 && sw == 1 && dh == 1 && dilation_w == 1;
  const Reach reach = {padded.columns * channels, channels, -channels, kh, kw};
  for (int b = from; b < to; b++) {
    copy_padded(scratch, dy + b * oh * ow * out_channels, oh, ow, out_channels, -padded.above, padded.rows, -padded.before,
                padded.columns);
    for (int py = 0; py < sh; py++) {
      for (int px = 0; px < sw; px++) {
        const int phase_rows = divide_up(h - py, sh), phase_columns = divide_up(w - px, sw);
        const int count = phase_taps(padded, py, px, out_channels, kh, kw, sh, sw, dh, dilation_w, top, left, taps, offsets);
        for (int r = 0; r < phase_rows; r++) {
          const float *row = scratch + r * padded.columns * out_channels;
          float *out = dx + ((b * h + py + r * sh) * w + px) * channels;
          if (turned) {
            // The last tap reads the first of a pixel's gradients.
            any_window_row(row + offsets[count - 1], filter + (kh * kw - 1) * channels, reach, out, channels, w, 1, 1,
                           vector_channels);
          } else {
            for (int k = 0; k < vector_channels; k += 4) {
              int c = 0;
#define TILE(pixels)                                                                                                        \
  phase_tile(pixels, row + c * channels + k, filter + k, taps, offsets, count, out + c * sw * channels + k, sw * channels, \
             channels)
              for (; c + 4 <= phase_columns; c += 4) TILE(4);
              for (; c < phase_columns; c++) TILE(1);
#undef TILE
            }
          }
          for (int c = 0; c < phase_columns; c++) {
            for (int k = vector_channels; k < channels; k++) {
              float sum = 0;
              for (int t = 0; t < count; t++)
                for (int m = 0; m < multiplier; m++)
                  sum += row[c * out_channels + offsets[t] + k * multiplier + m] *
                         filter[taps[t] * out_channels + k * multiplier + m];
              out[c * sw * channels + k] = sum;
            }
          }
        }
      }
    }
  }
}
