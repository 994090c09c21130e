// Elementwise operations. tfjs' own kernels do many of them one by one, through function pointers.
#include "transcendental.h"

// Units: blocks of this many elements.
enum { BLOCK = 1024 };

#define UNARY(name, vector)                                              \
  EXPORT(name)                                                           \
  void name(int from, int to, const float *in, float *out, int size) {   \
    const int end = min(to * BLOCK, size);                               \
    int i = from * BLOCK;                                                \
    for (; i + 4 <= end; i += 4) {                                       \
      const f4 x = load(in + i);                                         \
      store(out + i, vector);                                            \
    }                                                                    \
    if (i < end) {                                                       \
      const f4 x = load_some(in + i, end - i);                           \
      store_some(out + i, vector, end - i);                              \
    }                                                                    \
  }
UNARY(relu, at_least(x, splat(0)))
UNARY(relu6, clamp(x, splat(0), splat(6)))
UNARY(negative, wasm_f32x4_neg(x))
UNARY(absolute, wasm_f32x4_abs(x))
UNARY(square, mul(x, x))
UNARY(square_root, wasm_f32x4_sqrt(x))
UNARY(inverse_root, wasm_f32x4_div(splat(1), wasm_f32x4_sqrt(x)))
UNARY(exp, exponential(x))
UNARY(log, logarithm(x))
UNARY(sigmoid, sigmoid_of(x))
UNARY(tanh, tanh_of(x))
UNARY(erf, erf_of(x))
UNARY(softplus, softplus_of(x))
UNARY(swish, mul(x, sigmoid_of(x)))

EXPORT(leaky_relu)
void leaky_relu(int from, int to, const float *in, float *out, int size, float slope) {
  for (int i = from * BLOCK; i < min(to * BLOCK, size); i += 4) {
    const f4 x = load_some(in + i, size - i);
    store_some(out + i, choose(wasm_f32x4_lt(x, splat(0)), mul(x, splat(slope)), x), size - i);
  }
}

// Of two operands of one shape.
#define PAIR(name, vector)                                                                 \
  EXPORT(name)                                                                             \
  void name(int from, int to, const float *first, const float *second, float *out, int size) { \
    for (int i = from * BLOCK; i < min(to * BLOCK, size); i += 4) {                        \
      const f4 a = load_some(first + i, size - i), b = load_some(second + i, size - i);    \
      store_some(out + i, vector, size - i);                                               \
    }                                                                                      \
  }
// dy where y > 0.
PAIR(relu_gradient, wasm_v128_and(a, wasm_f32x4_gt(b, splat(0))))

// dy · σ · (1 + x · (1 − σ)).
INLINE f4 swish_slope(f4 x) {
  const f4 sigma = sigmoid_of(x);
  return mul(sigma, add(splat(1), mul(x, sub(splat(1), sigma))));
}
PAIR(swish_gradient, mul(a, swish_slope(b)))

// Where an operand's element of the row `row` begins: three axes of which the last is the row itself.
typedef struct {
  int outer, middle, inner;
} Steps;
INLINE int offset_of(Steps steps, int row, int middle) { return row / middle * steps.outer + row % middle * steps.middle; }

// Units: rows of `inner` elements of out; the last may be shorter, of `size` in all. An operand's step along an axis is 0 where
// it is broadcast; steps along rows are 0 or 1.
#define BINARY_SIGNATURE(name, in, type)                                                                                   \
  EXPORT(name)                                                                                                             \
  void name(int from, int to, const in *first, const in *second, type *out, int size, int middle, int inner,              \
            int first_outer, int first_middle, int first_inner, int second_outer, int second_middle, int second_inner)
#define FOR_EACH_ROW                                                                   \
  const Steps steps_a = {first_outer, first_middle, first_inner};                      \
  const Steps steps_b = {second_outer, second_middle, second_inner};                   \
  for (int row = from; row < to; row++)

#define BINARY(name, vector)                                                                                    \
  INLINE void name##_row(const int step_a, const int step_b, const float *at_a, const float *at_b, float *out, int count) { \
    int i = 0;                                                                                                  \
    for (; i + 4 <= count; i += 4) {                                                                            \
      const f4 a = step_a ? load(at_a + i) : splat_at(at_a), b = step_b ? load(at_b + i) : splat_at(at_b);      \
      store(out + i, vector);                                                                                   \
    }                                                                                                           \
    if (i < count) {                                                                                            \
      const f4 a = step_a ? load_some(at_a + i, count - i) : splat_at(at_a);                                    \
      const f4 b = step_b ? load_some(at_b + i, count - i) : splat_at(at_b);                                    \
      store_some(out + i, vector, count - i);                                                                   \
    }                                                                                                           \
  }                                                                                                             \
  BINARY_SIGNATURE(name, float, float) {                                                                               \
    FOR_EACH_ROW {                                                                                              \
      const float *a = first + offset_of(steps_a, row, middle), *b = second + offset_of(steps_b, row, middle);          \
      float *to_row = out + row * inner;                                                                        \
      const int count = min(inner, size - row * inner);                                                         \
      if (first_inner && second_inner) name##_row(1, 1, a, b, to_row, count);                                   \
      else if (first_inner) name##_row(1, 0, a, b, to_row, count);                                              \
      else name##_row(0, second_inner, a, b, to_row, count);                                                    \
    }                                                                                                           \
  }
BINARY(plus, add(a, b))
BINARY(minus, sub(a, b))
BINARY(times, mul(a, b))
BINARY(over, wasm_f32x4_div(a, b))
// A NaN on either side gives NaN.
BINARY(maximum, wasm_f32x4_max(a, b))
BINARY(minimum, wasm_f32x4_min(a, b))
INLINE f4 squared(f4 x) { return mul(x, x); }
BINARY(squared_difference, squared(sub(a, b)))

// To booleans of one byte.
#define COMPARISON(name, vector, scalar)                                                                        \
  BINARY_SIGNATURE(name, float, unsigned char) {                                                                       \
    FOR_EACH_ROW {                                                                                              \
      const float *at_a = first + offset_of(steps_a, row, middle), *at_b = second + offset_of(steps_b, row, middle);    \
      unsigned char *to_row = out + row * inner;                                                                \
      const int count = min(inner, size - row * inner);                                                         \
      int i = 0;                                                                                                \
      for (; i + 4 <= count; i += 4) {                                                                          \
        const f4 a = first_inner ? load(at_a + i) : splat_at(at_a), b = second_inner ? load(at_b + i) : splat_at(at_b); \
        const v128_t ones = wasm_v128_and(vector, wasm_i32x4_splat(1));                                         \
        const v128_t words = wasm_i16x8_narrow_i32x4(ones, ones);                                               \
        wasm_v128_store32_lane(to_row + i, wasm_i8x16_narrow_i16x8(words, words), 0);                           \
      }                                                                                                         \
      for (; i < count; i++) {                                                                                  \
        const float a = at_a[i * first_inner], b = at_b[i * second_inner];                                      \
        to_row[i] = scalar;                                                                                     \
      }                                                                                                         \
    }                                                                                                           \
  }
COMPARISON(greater, wasm_f32x4_gt(a, b), a > b)
COMPARISON(greater_equal, wasm_f32x4_ge(a, b), a >= b)
COMPARISON(less, wasm_f32x4_lt(a, b), a < b)
COMPARISON(less_equal, wasm_f32x4_le(a, b), a <= b)

// Of four booleans of one byte, as a mask.
INLINE v128_t are_true(const unsigned char *at) {
  const v128_t words = wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(at)));
  return wasm_i32x4_ne(words, wasm_i32x4_splat(0));
}

// Of booleans of one byte.
#define LOGICAL(name, expression)                                                                                \
  BINARY_SIGNATURE(name, unsigned char, unsigned char) {                                                                                 \
    FOR_EACH_ROW {                                                                                               \
      const unsigned char *at_a = first + offset_of(steps_a, row, middle), *at_b = second + offset_of(steps_b, row, middle); \
      unsigned char *to_row = out + row * inner;                                                                 \
      const int count = min(inner, size - row * inner);                                                          \
      for (int i = 0; i < count; i++) {                                                                          \
        const int a = at_a[i * first_inner] != 0, b = at_b[i * second_inner] != 0;                               \
        to_row[i] = (unsigned char)(expression);                                                                 \
      }                                                                                                          \
    }                                                                                                            \
  }
LOGICAL(logical_and, a & b)
LOGICAL(logical_or, a | b)

EXPORT(logical_not)
void logical_not(int from, int to, const unsigned char *in, unsigned char *out, int size) {
  for (int i = from * BLOCK; i < min(to * BLOCK, size); i++) out[i] = !in[i];
}

// What is not 0, NaN included, is true.
EXPORT(to_boolean)
void to_boolean(int from, int to, const float *in, unsigned char *out, int size) {
  for (int i = from * BLOCK; i < min(to * BLOCK, size); i++) out[i] = in[i] != 0;
}

EXPORT(from_boolean)
void from_boolean(int from, int to, const unsigned char *in, float *out, int size) {
  const int end = min(to * BLOCK, size);
  int i = from * BLOCK;
  for (; i + 4 <= end; i += 4) store(out + i, wasm_v128_and(are_true(in + i), splat(1)));
  for (; i < end; i++) out[i] = in[i] != 0;
}

// Units: blocks. `yes` where the condition holds, else `no`; `group` elements to one condition.
EXPORT(select_where)
void select_where(int from, int to, const unsigned char *condition, const float *yes, const float *no, float *out, int size,
                  int group) {
  const int end = min(to * BLOCK, size);
  int i = from * BLOCK;
  if (group == 1) {
    for (; i + 4 <= end; i += 4) {
      store(out + i, choose(are_true(condition + i), load(yes + i), load(no + i)));
    }
  }
  for (; i < end; i++) out[i] = condition[i / group] ? yes[i] : no[i];
}
