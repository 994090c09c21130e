// The same numbers as @regimen/ops' portable generator (philox.ts there says what and why), bit for bit: keep the two together.
#include "common.h"

typedef struct {
  unsigned word[4];
} Block;

// Philox4x32-10.
INLINE Block philox(unsigned block, unsigned stream, unsigned key0, unsigned key1) {
  unsigned c0 = block, c1 = 0, c2 = 0, c3 = stream;
  for (int round = 0; round < 10; round++) {
    const unsigned long long product0 = (unsigned long long)0xd2511f53u * c0, product1 = (unsigned long long)0xcd9e8d57u * c2;
    c0 = (unsigned)(product1 >> 32) ^ c1 ^ key0;
    c1 = (unsigned)product1;
    c2 = (unsigned)(product0 >> 32) ^ c3 ^ key1;
    c3 = (unsigned)product0;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return (Block){{c0, c1, c2, c3}};
}

// Units: blocks of this many numbers.
enum { BLOCK = 256 };

EXPORT(random_uniform)
void random_uniform(int from, int to, const unsigned *seed, float *out, int count) {
  for (int at = from * BLOCK; at < min(to * BLOCK, count); at += 4) {
    const Block block = philox((unsigned)at / 4, 0, seed[0], seed[1]);
    for (int i = 0; i < min(4, count - at); i++) out[at + i] = (float)(block.word[i] >> 8) * 0x1p-24f;
  }
}

#define LN2 0.6931471805599453
#define PI 3.141592653589793
#define SQRT2 1.4142135623730951
#define SQRT1_2 0.7071067811865476

// The natural logarithm of a whole number in [1, 2^32].
INLINE double logarithm(unsigned long long n) {
  int exponent = 63 - __builtin_clzll(n);
  double mantissa = (double)n / (double)(1ull << exponent);
  if (mantissa > SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const double t = (mantissa - 1) / (mantissa + 1), u = t * t;
  const double series =
      1 +
      u * (1.0 / 3 +
           u * (1.0 / 5 +
                u * (1.0 / 7 + u * (1.0 / 9 + u * (1.0 / 11 + u * (1.0 / 13 + u * (1.0 / 15 + u * (1.0 / 17 + u / 19))))))));
  return exponent * LN2 + 2 * t * series;
}

typedef struct {
  double cosine, sine;
} Pair;

INLINE Pair box_muller(unsigned a, unsigned b) {
  const double radius = __builtin_sqrt(-2 * (logarithm((unsigned long long)a + 1) - 32 * LN2));
  const unsigned quadrant = b >> 30;
  const double angle = ((int)(b & 0x3fffffff) - 0x20000000) * (PI / 2147483648.0);
  const double square = angle * angle;
  const double sine =
      angle *
      (1 + square * (-1.0 / 6 +
                     square * (1.0 / 120 +
                               square * (-1.0 / 5040 +
                                         square * (1.0 / 362880 + square * (-1.0 / 39916800 + square / 6227020800.0))))));
  const double cosine =
      1 + square * (-1.0 / 2 +
                    square * (1.0 / 24 +
                              square * (-1.0 / 720 +
                                        square * (1.0 / 40320 +
                                                  square * (-1.0 / 3628800 +
                                                            square * (1.0 / 479001600 - square / 87178291200.0))))));
  const double c = (cosine - sine) * SQRT1_2, s = (cosine + sine) * SQRT1_2;
  switch (quadrant) {
    case 0: return (Pair){radius * c, radius * s};
    case 1: return (Pair){radius * -s, radius * c};
    case 2: return (Pair){radius * -c, radius * -s};
    default: return (Pair){radius * s, radius * -c};
  }
}

EXPORT(random_normal)
void random_normal(int from, int to, const unsigned *seed, float *out, int count) {
  for (int at = from * BLOCK; at < min(to * BLOCK, count); at += 4) {
    const Block block = philox((unsigned)at / 4, 1, seed[0], seed[1]);
    for (int half = 0; half < 4 && at + half < count; half += 2) {
      const Pair pair = box_muller(block.word[half], block.word[half + 1]);
      out[at + half] = (float)pair.cosine;
      if (at + half + 1 < count) out[at + half + 1] = (float)pair.sine;
    }
  }
}
