// a^b, in double precision, since an error in b · ln a grows with its size.
#include "common.h"

typedef union {
  double number;
  long long bits;
} Double;

// Of a positive normal number or infinity: ln a = e · ln 2 + 2 · artanh((m − 1) / (m + 1)), with m between √½ and √2.
INLINE double logarithm(double a) {
  if (a == __builtin_inf()) return a;
  Double mantissa = {a};
  int exponent = (int)(mantissa.bits >> 52) - 1023;
  mantissa.bits = (mantissa.bits & 0xfffffffffffffLL) | 0x3ff0000000000000LL;
  if (mantissa.number > 1.4142135623730951) {
    mantissa.number *= 0.5;
    exponent++;
  }
  const double t = (mantissa.number - 1) / (mantissa.number + 1), u = t * t;
  const double series = 1 + u * (1.0 / 3 + u * (1.0 / 5 + u * (1.0 / 7 + u * (1.0 / 9 + u * (1.0 / 11 + u / 13)))));
  return exponent * 0.6931471805599453 + 2 * t * series;
}

// As much of e^x as single precision tells from 0 and infinity.
INLINE double exponential(double x) {
  const double bounded = x < -110 ? -110 : x > 100 ? 100 : x;
  const double n = __builtin_rint(bounded * 1.4426950408889634), r = bounded - n * 0.6931471805599453;
  const double series =
      1 + r * (1 + r * (1.0 / 2 +
                        r * (1.0 / 6 +
                             r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720 + r * (1.0 / 5040 + r * (1.0 / 40320 + r / 362880))))))));
  const Double scale = {.bits = (long long)(1023 + (int)n) << 52};
  return series * scale.number;
}

// As JavaScript's Math.pow and C's pow, but 1 raised to anything, NaN too, is 1.
INLINE float power(float a, float b) {
  if (b == 0 || a == 1) return 1;
  if (a != a || b != b) return __builtin_nanf("");
  const float size = a < 0 ? -a : a;
  const int whole = __builtin_truncf(b) == b, odd = whole && __builtin_truncf(b / 2) != b / 2;
  if (a < 0 && !whole && size != __builtin_inff()) return __builtin_nanf("");
  float result;
  if (size == 0) result = b > 0 ? 0 : __builtin_inff();
  else if (size == 1) result = 1;
  else result = (float)exponential(b * logarithm(size));
  const int negative = a < 0 || (a == 0 && 1 / a < 0);
  return negative && odd ? -result : result;
}

// Units: rows; see elementwise.c's operations of two.
EXPORT(power_of)
void power_of(int from, int to, const float *first, const float *second, float *out, int size, int middle, int inner,
              int first_outer, int first_middle, int first_inner, int second_outer, int second_middle, int second_inner) {
  for (int row = from; row < to; row++) {
    const float *a = first + row / middle * first_outer + row % middle * first_middle;
    const float *b = second + row / middle * second_outer + row % middle * second_middle;
    for (int i = 0; i < min(inner, size - row * inner); i++)
      out[row * inner + i] = power(a[i * first_inner], b[i * second_inner]);
  }
}
