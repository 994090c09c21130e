// Sums and means over neighbouring axes: of biases' gradients, of whole images, of losses. tfjs transposes first.
#include "common.h"

// Rows whose sums are kept in single precision before they are added up in double: rounding then does not grow with their number.
enum { BLOCK = 256 };

// Adds the sums of 4·`vectors` neighbouring columns of some rows to `totals`.
INLINE void add_columns(const int vectors, const float *x, double *totals, int rows, int columns) {
  f4 sum[4];
  UNROLL for (int v = 0; v < vectors; v++) sum[v] = splat(0);
  for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) sum[v] = add(sum[v], load(x + r * columns + 4 * v));
  UNROLL for (int v = 0; v < vectors; v++) {
    float lanes[4];
    store(lanes, sum[v]);
    for (int i = 0; i < 4; i++) totals[4 * v + i] += lanes[i];
  }
}

INLINE void column_totals(const float *x, double *totals, int rows, int columns) {
  for (int c = 0; c < columns; c++) totals[c] = 0;
  for (int r = 0; r < rows; r += BLOCK) {
    const float *block = x + r * columns;
    const int count = min(BLOCK, rows - r);
    int c = 0;
    for (; c + 16 <= columns; c += 16) add_columns(4, block + c, totals + c, count, columns);
    for (; c + 4 <= columns; c += 4) add_columns(1, block + c, totals + c, count, columns);
    for (; c < columns; c++)
      for (int i = 0; i < count; i++) totals[c] += block[i * columns + c];
  }
}

// One row of numbers, in four lanes.
INLINE double row_total(const float *x, int count) {
  double total = 0;
  for (int from = 0; from < count; from += 4 * BLOCK) {
    const int end = min(from + 4 * BLOCK, count);
    f4 sum = splat(0);
    int i = from;
    for (; i + 4 <= end; i += 4) sum = add(sum, load(x + i));
    sum = add(sum, load_some(x + i, end - i));
    float lanes[4];
    store(lanes, sum);
    for (int lane = 0; lane < 4; lane++) total += lanes[lane];
  }
  return total;
}

// Units: parts of the rows. totals[part, columns] of x[rows, columns].
EXPORT(column_parts)
void column_parts(int from, int to, const float *x, double *totals, int rows, int columns, int parts) {
  for (int part = from; part < to; part++) {
    const int first = part_start(part, parts, rows), count = part_start(part + 1, parts, rows) - first;
    if (columns == 1) totals[part] = row_total(x + first, count);
    else column_totals(x + first * columns, totals + part * columns, count, columns);
  }
}

EXPORT(add_column_parts)
void add_column_parts(const double *totals, float *out, int columns, int parts, int divisor) {
  for (int c = 0; c < columns; c++) {
    double total = 0;
    for (int part = 0; part < parts; part++) total += totals[part * columns + c];
    out[c] = (float)(total / divisor);
  }
}

// Units: the outermost axis. out[outer, columns] = Σ_rows x[outer, rows, columns] / divisor. `scratch`: 2 · columns elements.
EXPORT(middle_sums)
void middle_sums(int from, int to, float *scratch, const float *x, float *out, int rows, int columns, int divisor) {
  double *totals = (double *)scratch;
  for (int o = from; o < to; o++) {
    if (columns == 1) {
      out[o] = (float)(row_total(x + o * rows, rows) / divisor);
      continue;
    }
    column_totals(x + o * rows * columns, totals, rows, columns);
    for (int c = 0; c < columns; c++) out[o * columns + c] = (float)(totals[c] / divisor);
  }
}

// Units: blocks of `block` elements. out = Σ_part parts[part, size].
EXPORT(add_parts)
void add_parts(int from, int to, const float *sums, float *out, int size, int parts, int block) {
  const int end = min(to * block, size);
  for (int i = from * block; i < end; i += 4) {
    f4 sum = load_some(sums + i, size - i);
    for (int part = 1; part < parts; part++) sum = add(sum, load_some(sums + part * size + i, size - i));
    store_some(out + i, sum, size - i);
  }
}
