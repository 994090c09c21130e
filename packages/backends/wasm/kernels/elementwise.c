// Elementwise operations that tfjs' own kernels do one by one through function pointers. `step_a` and `step_b` are 1, or 0 for
// an operand that is one number.
#include "common.h"

#define BINARY(name, vector)                                                               \
  EXPORT(name)                                                                             \
  void name(const float *a, const float *b, float *out, int count, int step_a, int step_b) { \
    for (int i = 0; i < count; i += 4) {                                                   \
      const int some = count - i;                                                          \
      const f4 x = step_a ? (some < 4 ? load_some(a + i, some) : load(a + i)) : splat(*a);  \
      const f4 y = step_b ? (some < 4 ? load_some(b + i, some) : load(b + i)) : splat(*b);  \
      store_some(out + i, vector, some);                                                   \
    }                                                                                      \
  }
// A NaN on either side gives NaN.
BINARY(maximum, wasm_f32x4_max(x, y))
BINARY(minimum, wasm_f32x4_min(x, y))

// To booleans of one byte.
#define COMPARISON(name, vector, scalar)                                                               \
  EXPORT(name)                                                                                         \
  void name(const float *a, const float *b, unsigned char *out, int count, int step_a, int step_b) {   \
    int i = 0;                                                                                         \
    for (; i + 4 <= count; i += 4) {                                                                   \
      const f4 x = step_a ? load(a + i) : splat(*a), y = step_b ? load(b + i) : splat(*b);             \
      const v128_t ones = wasm_v128_and(vector, wasm_i32x4_splat(1));                                  \
      const v128_t words = wasm_i16x8_narrow_i32x4(ones, ones);                                        \
      wasm_v128_store32_lane(out + i, wasm_i8x16_narrow_i16x8(words, words), 0);                       \
    }                                                                                                  \
    for (; i < count; i++) {                                                                           \
      const float x = a[i * step_a], y = b[i * step_b];                                                \
      out[i] = scalar;                                                                                 \
    }                                                                                                  \
  }
COMPARISON(greater, wasm_f32x4_gt(x, y), x > y)
COMPARISON(greater_equal, wasm_f32x4_ge(x, y), x >= y)
COMPARISON(less, wasm_f32x4_lt(x, y), x < y)
COMPARISON(less_equal, wasm_f32x4_le(x, y), x <= y)

EXPORT(leaky_relu)
void leaky_relu(const float *x, float *out, int count, float slope) {
  for (int i = 0; i < count; i += 4) {
    const int some = count - i;
    const f4 value = some < 4 ? load_some(x + i, some) : load(x + i);
    const f4 sloped = mul(value, splat(slope));
    store_some(out + i, wasm_v128_bitselect(sloped, value, wasm_f32x4_lt(value, splat(0))), some);
  }
}
