// Moving elements about: what tile, reverse, slices, gather, concatenation and splitting are. tfjs' own take up to a hundred
// nanoseconds an element. Elements have four bytes unless said.
#include "common.h"

// Short runs are copied by hand: the instruction for bulk copies costs more than it saves there.
INLINE void copy_run(float *to, const float *from, int count) {
  if (count >= 128) {
    copy(to, from, count);
    return;
  }
  int i = 0;
  for (; i + 4 <= count; i += 4) store(to + i, load(from + i));
  for (; i < count; i++) to[i] = from[i];
}

// out (dense, with `sizes`) takes its elements from x, where a step along axis k is `steps[k]` elements (0: repeated;
// negative: backwards). `position`: [rank], all 0.
#define STRIDED_COPY(name, type, copy_all, fill_all)                                                             \
  EXPORT(name)                                                                                                   \
  void name(const type *x, type *out, const int *sizes, const int *steps, int *position, int rank) {             \
    const int run = sizes[rank - 1], step = steps[rank - 1];                                                     \
    for (;;) {                                                                                                   \
      if (step == 1) copy_all;                                                                                   \
      else if (step == 0) fill_all;                                                                              \
      else                                                                                                       \
        for (int i = 0; i < run; i++) out[i] = x[i * step];                                                      \
      out += run;                                                                                                \
      int axis = rank - 2;                                                                                       \
      for (; axis >= 0; axis--) {                                                                                \
        x += steps[axis];                                                                                        \
        if (++position[axis] < sizes[axis]) break;                                                               \
        x -= sizes[axis] * steps[axis];                                                                          \
        position[axis] = 0;                                                                                      \
      }                                                                                                          \
      if (axis < 0) return;                                                                                      \
    }                                                                                                            \
  }

INLINE void fill_run(float *to, const float *from, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) store(to + i, splat_at(from));
  for (; i < count; i++) to[i] = *from;
}

STRIDED_COPY(strided_copy, float, copy_run(out, x, run), fill_run(out, x, run))
STRIDED_COPY(strided_copy_bytes, unsigned char, __builtin_memcpy(out, x, (unsigned)run),
             __builtin_memset(out, *x, (unsigned)run))

// `count` runs of `length`, from and to places that lie `from_step` and `to_step` apart.
EXPORT(copy_runs)
void copy_runs(const float *from, float *to, int count, int length, int from_step, int to_step) {
  for (int i = 0; i < count; i++) copy_run(to + i * to_step, from + i * from_step, length);
}

// out[o, k] = x[o, indices[k]] in runs of `inner`; every index is in [0, size).
EXPORT(gather)
void gather(const float *x, const int *indices, float *out, int outer, int size, int count, int inner) {
  for (int o = 0; o < outer; o++)
    for (int k = 0; k < count; k++, out += inner) copy_run(out, x + (o * size + indices[k]) * inner, inner);
}

// out[row, depth]: `on` at the index of each row, elsewhere `off`.
#define ONE_HOT(name, type)                                                                     \
  EXPORT(name)                                                                                  \
  void name(const int *indices, type *out, int rows, int depth, type on, type off) {            \
    for (int i = 0; i < rows * depth; i++) out[i] = off;                                        \
    for (int r = 0; r < rows; r++)                                                              \
      if (indices[r] >= 0 && indices[r] < depth) out[r * depth + indices[r]] = on;              \
  }
ONE_HOT(one_hot_float, float)
ONE_HOT(one_hot_int, int)
