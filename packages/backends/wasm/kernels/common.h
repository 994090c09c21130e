// Shared by all kernels. They work in place on tfjs' memory: no static data (it would lie on top of tfjs' own), no libc.
// Images are NHWC, filters HWIO, all float32. Sizes are in elements. Nothing here needs alignment.
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

// Four floats, of which the first `count` are in memory and the others 0.
INLINE f4 load_some(const float *at, int count) {
  f4 value = splat(0);
  if (count > 0) value = wasm_f32x4_replace_lane(value, 0, at[0]);
  if (count > 1) value = wasm_f32x4_replace_lane(value, 1, at[1]);
  if (count > 2) value = wasm_f32x4_replace_lane(value, 2, at[2]);
  if (count > 3) value = wasm_f32x4_replace_lane(value, 3, at[3]);
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

INLINE int min(int a, int b) { return a < b ? a : b; }
INLINE int max(int a, int b) { return a > b ? a : b; }
INLINE int round_up(int value, int to) { return (value + to - 1) / to * to; }
INLINE int divide_up(int a, int b) { return (a + b - 1) / b; }

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
