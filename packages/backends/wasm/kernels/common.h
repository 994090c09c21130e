// Shared by all kernels. They work in place on tfjs' memory: no static data (it would lie on top of tfjs' own), no libc.
// Images are NHWC, filters HWIO, all float32. Sizes are in elements. Nothing here needs alignment.
//
// A kernel that threads share begins with `int from, int to`: the units of its work that a call does. Where it needs memory
// for itself, `float *scratch` follows, another place for each thread. What is written for one unit never depends on which
// units the call does besides: the result is the same to the bit, however many threads there are.
#pragma once
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

// In front of loops over a tile's registers: an array that is indexed by a variable would live in memory.
#define UNROLL _Pragma("clang loop unroll(full)")

// A vector of four floats.
typedef v128_t f4;

INLINE f4 load(const float *at) { return wasm_v128_load(at); }
INLINE void store(float *at, f4 value) { wasm_v128_store(at, value); }
INLINE f4 splat(float value) { return wasm_f32x4_splat(value); }
INLINE f4 splat_at(const float *at) { return wasm_v128_load32_splat(at); }
INLINE f4 add(f4 a, f4 b) { return wasm_f32x4_add(a, b); }
INLINE f4 sub(f4 a, f4 b) { return wasm_f32x4_sub(a, b); }
INLINE f4 mul(f4 a, f4 b) { return wasm_f32x4_mul(a, b); }

// A NaN stays one if it is the first. (WebAssembly's own min and max look after NaN and −0 on both sides, and take four times as
// long.)
INLINE f4 at_least(f4 value, f4 low) { return wasm_f32x4_pmax(value, low); }
INLINE f4 at_most(f4 value, f4 high) { return wasm_f32x4_pmin(value, high); }
INLINE f4 clamp(f4 value, f4 low, f4 high) { return at_most(at_least(value, low), high); }

// Four floats, of which the first `count` are in memory and the others 0.
INLINE f4 load_some(const float *at, int count) {
  if (count > 3) return load(at);
  f4 value = splat(0);
  if (count > 0) value = wasm_f32x4_replace_lane(value, 0, at[0]);
  if (count > 1) value = wasm_f32x4_replace_lane(value, 1, at[1]);
  if (count > 2) value = wasm_f32x4_replace_lane(value, 2, at[2]);
  return value;
}

INLINE void store_some(float *at, f4 value, int count) {
  if (count > 3) {
    store(at, value);
    return;
  }
  if (count > 0) at[0] = wasm_f32x4_extract_lane(value, 0);
  if (count > 1) at[1] = wasm_f32x4_extract_lane(value, 1);
  if (count > 2) at[2] = wasm_f32x4_extract_lane(value, 2);
}

// A tile of sums, rows × 4·`vectors`, of which `valid` columns are there; `step` elements from row to row.
INLINE void store_tile(const int rows, const int vectors, const f4 sum[4][2], float *out, int step, int valid) {
  if (valid >= 4 * vectors) {
    UNROLL for (int r = 0; r < rows; r++)
      UNROLL for (int v = 0; v < vectors; v++) store(out + r * step + 4 * v, sum[r][v]);
  } else {
    UNROLL for (int r = 0; r < rows; r++)
      UNROLL for (int v = 0; v < vectors; v++) store_some(out + r * step + 4 * v, sum[r][v], valid - 4 * v);
  }
}

// The caller's TILE(rows, vectors) for `count` rows, four at a time and then those that are left; `at`, of which TILE may speak,
// is the tile's first row. Constants, so that its sums stand in registers.
#define IN_TILES(at, count, two)              \
  do {                                        \
    int at = 0;                               \
    for (; at + 4 <= (count); at += 4) {      \
      if (two) TILE(4, 2);                    \
      else TILE(4, 1);                        \
    }                                         \
    switch ((count) - at) {                   \
      case 3:                                 \
        if (two) TILE(3, 2);                  \
        else TILE(3, 1);                      \
        break;                                \
      case 2:                                 \
        if (two) TILE(2, 2);                  \
        else TILE(2, 1);                      \
        break;                                \
      case 1:                                 \
        if (two) TILE(1, 2);                  \
        else TILE(1, 1);                      \
        break;                                \
    }                                         \
  } while (0)

INLINE int min(int a, int b) { return a < b ? a : b; }
INLINE int max(int a, int b) { return a > b ? a : b; }
INLINE int round_up(int value, int to) { return (value + to - 1) / to * to; }
INLINE int divide_up(int a, int b) { return (a + b - 1) / b; }

// Where part `part` of `parts` begins, of `size` things.
INLINE int part_start(int part, int parts, int size) { return (int)((long long)size * part / parts); }

INLINE void zero(float *at, int count) { __builtin_memset(at, 0, (unsigned)count * sizeof(float)); }
INLINE void copy(float *to, const float *from, int count) { __builtin_memcpy(to, from, (unsigned)count * sizeof(float)); }

// One image's rows [from, from + rows) and columns [left, left + width), with zeros outside the image.
INLINE void copy_padded(float *to, const float *image, int h, int w, int channels, int from, int rows, int left, int width) {
  const int first = min(max(-left, 0), width), last = max(min(w - left, width), first);
  for (int r = 0; r < rows; r++, to += width * channels) {
    const int y = from + r;
    if (y < 0 || y >= h) {
      zero(to, width * channels);
      continue;
    }
    zero(to, first * channels);
    copy(to + first * channels, image + (y * w + left + first) * channels, (last - first) * channels);
    zero(to + last * channels, (width - last) * channels);
  }
}
