/*
 * The inner loops of volume insertion in C: packed nearest and packed linear mean, rows narrowed to the grid beforehand
 * by a test at each pixel's place in the row (the columns inside are one run). Reads from the file given: int32 width,
 * height, frames, nx, ny, nz; double voxelFromPixel[frames][12]; pixels. Prints for each kind the least processor time
 * of a frame in ms over the rounds, and a sum of what was inserted.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* First and last column for which low <= a + b u < high, by the very expression of the loops. */
static void narrow(int *begin, int *end, double a, double b, double low, double high) {
  while (*begin < *end && !(a + b * *begin >= low && a + b * *begin < high)) (*begin)++;
  while (*end > *begin && !(a + b * (*end - 1) >= low && a + b * (*end - 1) < high)) (*end)--;
}

static void insert(int linear, const uint8_t *pixels, const double *m, int width, int height, const int32_t n[3],
                   int32_t *nearest, double *packed) {
  const double steps = linear ? 16 : 1, pack = 1073741824.0;
  const int64_t nx = n[0], nxy = nx * n[1];
  for (int v = 0; v < height; v++) {
    double a[3], b[3];
    int begin = 0, end = width;
    for (int d = 0; d < 3; d++) {
      b[d] = m[4 * d] * steps;
      a[d] = (m[4 * d + 1] * v + m[4 * d + 3]) * steps + 0.5;
      narrow(&begin, &end, a[d], b[d], 0, linear ? (n[d] - 1) * steps : n[d]);
    }
    const uint8_t *row = pixels + (int64_t)v * width;
    if (!linear) {
      for (int u = begin; u < end; u++) {
        const int64_t at = (int32_t)(a[2] + b[2] * u) * nxy + (int32_t)(a[1] + b[1] * u) * nx + (int32_t)(a[0] + b[0] * u);
        nearest[at] += row[u] + 0x100000;
      }
      continue;
    }
    for (int u = begin; u < end; u++) {
      const int x = (int)(a[0] + b[0] * u), y = (int)(a[1] + b[1] * u), z = (int)(a[2] + b[2] * u);
      const int fx = x & 15, fy = y & 15, fz = z & 15;
      const double value = row[u] + pack, low = (16 - fx) * value, high = fx * value;
      double *p = packed + (z >> 4) * nxy + (y >> 4) * nx + (x >> 4), *q = p + nxy;
      const int e = (16 - fy) * (16 - fz), f = fy * (16 - fz), g = (16 - fy) * fz, h = fy * fz;
      p[0] += low * e, p[1] += high * e, p[nx] += low * f, p[nx + 1] += high * f;
      q[0] += low * g, q[1] += high * g, q[nx] += low * h, q[nx + 1] += high * h;
    }
  }
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
  int32_t head[6];
  if (!file || fread(head, 4, 6, file) != 6) return 2;
  const int width = head[0], height = head[1], frames = head[2];
  const int64_t size = (int64_t)width * height, voxels = (int64_t)head[3] * head[4] * head[5];
  double *poses = malloc(frames * 12 * sizeof *poses);
  uint8_t *pixels = malloc(frames * size);
  int32_t *nearest = calloc(voxels, sizeof *nearest);
  double *packed = calloc(voxels + head[3] * head[4] + head[3] + 2, sizeof *packed);
  if (!poses || !pixels || !nearest || !packed) return 3;
  if (fread(poses, 96, frames, file) != (size_t)frames || fread(pixels, size, frames, file) != (size_t)frames) return 2;
  for (int linear = 0; linear < 2; linear++) {
    double least = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
      memset(nearest, 0, voxels * sizeof *nearest);
      memset(packed, 0, voxels * sizeof *packed);
      const double start = now();
      for (int f = 0; f < frames; f++)
        insert(linear, pixels + f * size, poses + 12 * f, width, height, head + 3, nearest, packed);
      least = fmin(least, (now() - start) / frames);
    }
    double sum = 0;
    for (int64_t i = 0; i < voxels; i++) sum += linear ? packed[i] / 4096 / 1073741824.0 : nearest[i] >> 20;
    printf("%.6f %.0f\n", 1000 * least, sum);
  }
  return 0;
}
