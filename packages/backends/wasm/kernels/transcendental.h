// Transcendental functions of four floats at once. The polynomials are minimax fits; a test compares the results with double
// precision: errors are a few units in the last place.
#pragma once
#include "common.h"

INLINE f4 fused(f4 a, f4 b, f4 c) { return add(mul(a, b), c); }

// Horner's rule, from the highest power down.
#define POLYNOMIAL(x, ...) polynomial(x, (const float[]){__VA_ARGS__}, sizeof((const float[]){__VA_ARGS__}) / sizeof(float))
INLINE f4 polynomial(f4 x, const float *coefficients, const int count) {
  f4 sum = splat(coefficients[0]);
  UNROLL for (int i = 1; i < count; i++) sum = fused(sum, x, splat(coefficients[i]));
  return sum;
}

INLINE f4 choose(f4 where, f4 yes, f4 no) { return wasm_v128_bitselect(yes, no, where); }

// 2^n for whole numbers in [−126, 127].
INLINE f4 power_of_two(v128_t n) { return wasm_i32x4_shl(wasm_i32x4_add(n, wasm_i32x4_splat(127)), 23); }

// e^x as 2^n · e^r with |r| ≤ ln 2 / 2; n stands in the last bits of `rounded`.
typedef struct {
  f4 rounded, power;
} Exponential;

// So large a number has no fraction.
#define ROUNDER splat(0x1.8p23f)

INLINE Exponential exponential_of(f4 x) {
  const f4 rounded = add(mul(x, splat(1.44269504f)), ROUNDER), n = sub(rounded, ROUNDER);
  // ln 2 in two parts, so that n times the first is exact.
  const f4 r = sub(sub(x, mul(n, splat(0.693359375f))), mul(n, splat(-2.12194440e-4f)));
  const f4 series = POLYNOMIAL(r, 1.9908909e-4f, 1.39345438e-3f, 8.3332844e-3f, 4.16664556e-2f, 0.166666672f, 0.5f);
  return (Exponential){rounded, add(fused(mul(series, r), r, r), splat(1))};
}

INLINE f4 exponential(f4 x) {
  // Beyond these the result is 0 or infinite.
  const Exponential e = exponential_of(clamp(x, splat(-104), splat(89)));
  // In two steps, since 2^n itself may be out of range.
  const v128_t n = wasm_i32x4_sub(e.rounded, ROUNDER), half = wasm_i32x4_shr(n, 1);
  return mul(mul(e.power, power_of_two(half)), power_of_two(wasm_i32x4_sub(n, half)));
}

// e^(−|x|), and 0 where that is below the smallest normal number.
INLINE f4 decay(f4 x) {
  const f4 size = wasm_f32x4_abs(x);
  const Exponential e = exponential_of(at_least(wasm_f32x4_neg(size), splat(-87.3f)));
  const f4 power = mul(e.power, power_of_two(wasm_i32x4_sub(e.rounded, ROUNDER)));
  return choose(wasm_f32x4_gt(size, splat(87.3f)), splat(0), power);
}

// ln x = e · ln 2 + ln(1 + f) with 1 + f between √½ and √2.
INLINE f4 logarithm(f4 x) {
  const f4 tiny = wasm_f32x4_lt(x, splat(0x1p-126f));
  const f4 normal = choose(tiny, mul(x, splat(0x1p23f)), x);
  v128_t exponent = wasm_i32x4_sub(wasm_u32x4_shr(normal, 23), wasm_i32x4_splat(127));
  f4 mantissa = wasm_v128_or(wasm_v128_and(normal, wasm_i32x4_splat(0x007fffff)), splat(1));
  const f4 large = wasm_f32x4_gt(mantissa, splat(1.41421354f));
  mantissa = choose(large, mul(mantissa, splat(0.5f)), mantissa);
  exponent = wasm_i32x4_sub(exponent, large);
  exponent = wasm_i32x4_sub(exponent, wasm_v128_and(tiny, wasm_i32x4_splat(23)));
  const f4 e = wasm_f32x4_convert_i32x4(exponent), f = sub(mantissa, splat(1)), square = mul(f, f);
  const f4 series = POLYNOMIAL(f, 6.91554025e-2f, -0.11789865f, 0.118729264f, -0.123843349f, 0.142186642f, -0.166692525f,
                               0.200022265f, -0.249999866f, 0.333333105f);
  f4 sum = fused(mul(series, f), square, mul(e, splat(-2.12194440e-4f)));
  sum = add(f, sub(sum, mul(square, splat(0.5f))));
  sum = fused(e, splat(0.693359375f), sum);
  // Of infinity and NaN themselves; of 0 minus infinity; of what is negative no number.
  sum = choose(wasm_f32x4_lt(x, splat(__builtin_inff())), sum, x);
  sum = choose(wasm_f32x4_eq(x, splat(0)), splat(-__builtin_inff()), sum);
  return choose(wasm_f32x4_lt(x, splat(0)), splat(__builtin_nanf("")), sum);
}

// With z = e^(−|x|): z / (1 + z) below 0, one minus that above.
INLINE f4 sigmoid_of(f4 x) {
  const f4 z = decay(x), below = wasm_f32x4_div(z, add(z, splat(1)));
  return choose(wasm_f32x4_lt(x, splat(0)), below, sub(splat(1), below));
}

INLINE f4 tanh_of(f4 x) {
  const f4 size = wasm_f32x4_abs(x), square = mul(x, x);
  const f4 series = POLYNOMIAL(square, -5.71704982e-3f, 2.06505917e-2f, -5.37435003e-2f, 0.133314908f, -0.333332837f);
  const f4 small = fused(mul(series, square), x, x);
  const f4 z = decay(add(x, x)), large = wasm_f32x4_div(sub(splat(1), z), add(splat(1), z));
  const f4 sign = wasm_v128_and(x, splat(-0.0f));
  return choose(wasm_f32x4_lt(size, splat(0.625f)), small, wasm_v128_or(large, sign));
}

// x · P(x²) for |x| < 1, else 1 − e^(−x²) · Q(1 / |x|). From 4 on it is 1.
INLINE f4 erf_of(f4 x) {
  const f4 size = at_most(wasm_f32x4_abs(x), splat(4)), square = mul(size, size);
  const f4 small = mul(x, POLYNOMIAL(square, 7.88912294e-5f, -8.02084222e-4f, 5.18953567e-3f, -2.68544443e-2f, 0.112836003f,
                                     -0.37612626f, 1.12837911f));
  const f4 inverse = wasm_f32x4_div(splat(1), size);
  const f4 tail = POLYNOMIAL(inverse, -1.78264361e-2f, 0.120711647f, -0.354456991f, 0.576131105f, -0.506123662f, 5.10646053e-2f,
                             0.557733357f, 3.50055314e-4f);
  const f4 large = sub(splat(1), mul(tail, decay(square)));
  const f4 sign = wasm_v128_and(x, splat(-0.0f));
  return choose(wasm_f32x4_lt(size, splat(1)), small, wasm_v128_or(large, sign));
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^(−|x|)); what 1 + t rounds off t is made up for.
INLINE f4 softplus_of(f4 x) {
  const f4 t = decay(x), u = add(splat(1), t);
  const f4 lost = wasm_f32x4_div(sub(t, sub(u, splat(1))), u);
  return add(at_least(x, splat(0)), add(logarithm(u), lost));
}
