// A 2D convolution with bias and a clamp, by register tiles of four pixels × eight output channels.
#include "common.h"

typedef struct {
  // Elements between neighbouring output pixels' inputs.
  int pixel_step;
  // The inputs of one pixel: `runs` runs of `length` elements, at offsets[run].
  int runs, length;
  const int *offsets;
  int clamps;
  float low, high;
} Reach;

// `valid` of the output channels are there, the others are padding.
INLINE void output_tile(const int pixels, const int vectors, const float *x, Reach reach, const float *weights, float *y,
                        int out_channels, int valid) {
  f4 sum[4][2];
  UNROLL for (int p = 0; p < pixels; p++)
    UNROLL for (int v = 0; v < vectors; v++) sum[p][v] = load(weights + 4 * v);
  weights += 4 * vectors;
  for (int run = 0; run < reach.runs; run++) {
    const float *from = x + reach.offsets[run];
    for (int i = 0; i < reach.length; i++) {
      f4 weight[2];
      UNROLL for (int v = 0; v < vectors; v++) weight[v] = load(weights + 4 * v);
      UNROLL for (int p = 0; p < pixels; p++) {
        const f4 value = splat_at(from + p * reach.pixel_step + i);
        UNROLL for (int v = 0; v < vectors; v++) sum[p][v] = add(sum[p][v], mul(value, weight[v]));
      }
      weights += 4 * vectors;
    }
  }
  if (reach.clamps) {
    UNROLL for (int p = 0; p < pixels; p++)
      UNROLL for (int v = 0; v < vectors; v++)
        sum[p][v] = clamp(sum[p][v], splat(reach.low), splat(reach.high));
  }
  store_tile(pixels, vectors, sum, y, out_channels, valid);
}

INLINE int padded_size(int out, int stride, int kernel, int dilation) { return (out - 1) * stride + (kernel - 1) * dilation + 1; }

// Elements of a packed filter of `elements` (kh · kw · in_channels) for each output channel.
EXPORT(conv2d_packed_size)
int conv2d_packed_size(int elements, int out_channels) { return (elements + 1) * round_up(out_channels, 4); }

// Units: tiles of eight output channels. To [tile][bias, then each element of the filter][4 or 8 channels]; `bias` may be null.
EXPORT(conv2d_pack)
void conv2d_pack(int from, int to, const float *filter, const float *bias, float *packed, int elements, int out_channels) {
  for (int co = 8 * from; co < min(8 * to, out_channels); co += 8) {
    const int tile = min(8, round_up(out_channels - co, 4));
    float *pack = packed + (elements + 1) * co;
    for (int i = 0; i < tile; i += 4)
      store(pack + i, bias ? load_some(bias + co + i, out_channels - co - i) : splat(0));
    for (int k = 0; k < elements; k++) {
      const float *source = filter + k * out_channels + co;
      pack += tile;
      for (int i = 0; i < tile; i += 4) store(pack + i, load_some(source + i, out_channels - co - i));
    }
  }
}

// Elements of scratch that conv2d_forward needs.
EXPORT(conv2d_forward_scratch)
int conv2d_forward_scratch(int h, int w, int in_channels, int oh, int ow, int out_channels, int kh, int kw, int sh, int sw, int dh,
                           int dilation_w, int top, int left) {
  (void)h, (void)w, (void)out_channels, (void)top, (void)left;
  return padded_size(oh, sh, kh, dh) * padded_size(ow, sw, kw, dilation_w) * in_channels + kh * kw;
}

// Units: images.
// y[b, oy, ox, co] = clamp(bias[co] + Σ_ky,kx,ci x[b, oy·sh + ky·dh − top, ox·sw + kx·dw − left, ci] · filter[ky, kx, ci, co]).
EXPORT(conv2d_forward)
void conv2d_forward(int from, int to, float *scratch, const float *x, const float *packed, float *y, float low, float high, int h,
                    int w, int in_channels, int oh, int ow, int out_channels, int kh, int kw, int sh, int sw, int dh,
                    int dilation_w, int top, int left) {
  const int rows = padded_size(oh, sh, kh, dh);
  // Without padding the image is read where it is.
  const int copies = top || left || rows > h || padded_size(ow, sw, kw, dilation_w) > w;
  const int columns = copies ? padded_size(ow, sw, kw, dilation_w) : w;
  // Neighbouring columns of the filter lie beside each other in x too, unless it is dilated: one run of kw · ci elements.
  const int runs_in_row = dilation_w == 1 ? 1 : kw;
  const int length = dilation_w == 1 ? kw * in_channels : in_channels;
  int *offsets = (int *)(scratch + (copies ? rows * columns * in_channels : 0));
  for (int ky = 0; ky < kh; ky++)
    for (int run = 0; run < runs_in_row; run++)
      offsets[ky * runs_in_row + run] = (ky * dh * columns + run * dilation_w) * in_channels;
  const int clamps = low > -__builtin_inff() || high < __builtin_inff();
  const Reach reach = {sw * in_channels, kh * runs_in_row, length, offsets, clamps, low, high};
  for (int b = from; b < to; b++) {
    const float *image = x + b * h * w * in_channels;
    if (copies) {
      copy_padded(scratch, image, h, w, in_channels, -top, rows, -left, columns);
      image = scratch;
    }
    for (int co = 0; co < out_channels; co += 8) {
      const float *weights = packed + (kh * kw * in_channels + 1) * co;
      const int two = out_channels - co > 4;
      for (int oy = 0; oy < oh; oy++) {
        const float *row = image + oy * sh * columns * in_channels;
        float *out = y + (b * oh + oy) * ow * out_channels + co;
#define TILE(pixels, vectors)                                                                                      \
  output_tile(pixels, vectors, row + ox * reach.pixel_step, reach, weights, out + ox * out_channels, out_channels, \
              out_channels - co)
        IN_TILES(ox, ow, two);
#undef TILE
      }
    }
  }
}
