/*
 * The loops of src/sim/probe/assembly/echo-kernel.ts in C with GNU vectors, for the bench alone: how far is WebAssembly
 * from the machine? Flat faces only. Usage: twin memory bone grid noise repeats pixels
 *   memory   a copy of the kernel's memory (little-endian), with the map of a pose in it
 *   bone     32-bit floats, the scene's distance to bone, x fastest
 *   grid     nx,ny,nz,spacing x,y,z,origin x,y,z
 *   noise    where the hashes of the noise start
 * Runs one frame `repeats` times, writes its pixels, prints the least processor time of a frame in ms.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

typedef float f4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));
typedef uint32_t u4 __attribute__((vector_size(16)));

#define FRAME_ADDRESS 32768

/* As in kernel-memory.ts. */
typedef struct {
  double spacingMm, linesPerMm, samplesPerMm, rowsPerMm, turnsPerMm, elevationsPerMm, elevationRowsPerMm,
      cellMm, cellsPerMm, nearBoneMm, sideMm, layerMm, muscle, surface, darkest, noiseScale, grayPerDb,
      radiusMm;
  int32_t lines, rows, samples, scanLines, marginLines, seed, speckle, boneRough, surfacePoints, cosines,
      elevationColumns, elevationRows, ranks, tapRows, pulseLength, pulseCentre, smoothLateral, smoothAxial, width,
      height, firstColumn, endColumn, map;
  uint32_t pose, amplitude, shift, transmission, boneDepth, boneNormal, boneFace, push, densities, diffuse, mirrorDensity,
      elevation, halfWidth, taps, tapRange, tapRow, even, odd, pulse, lateralKernel, axialKernel, gain, columnLine, columnShare,
      rowSample, rowShare, fine, beamed, coherentRe, coherentIm, receivedRe, receivedIm, power, smooth, padded, level, pixels, waiting, constants, weights, queue;
} Frame;

static uint8_t *memory;
static const Frame *p;
static const float *bone;
static int nx, ny, nz;
static double ax, ay, az, ox, oy, oz;

static inline float *floats(uint32_t at) { return (float *)(memory + at); }
static inline int32_t *ints(uint32_t at) { return (int32_t *)(memory + at); }
static inline f4 load(const float *at) { f4 v; memcpy(&v, at, 16); return v; }
static inline void put(float *at, f4 v) { memcpy(at, &v, 16); }
static inline f4 all(float v) { return (f4){v, v, v, v}; }
static inline i4 alli(int32_t v) { return (i4){v, v, v, v}; }
static inline i4 inside(i4 value, int32_t end) { return (u4)value < (u4)alli(end); }
static inline f4 ffloor(f4 v) { return (f4){floorf(v[0]), floorf(v[1]), floorf(v[2]), floorf(v[3])}; }
static inline f4 fnearest(f4 v) { return (f4){rintf(v[0]), rintf(v[1]), rintf(v[2]), rintf(v[3])}; }
static inline f4 fabs4(f4 v) { return (f4)((i4)v & alli(0x7fffffff)); }
static inline i4 whole(f4 v) { return __builtin_convertvector(v, i4); }
static inline f4 real(i4 v) { return __builtin_convertvector(v, f4); }
static inline int clampi(int v, int low, int high) { return v < low ? low : v > high ? high : v; }

static inline uint32_t mix(uint32_t h) {
  h ^= h >> 16;
  h *= 0x7feb352du;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  return h ^ (h >> 16);
}
static inline u4 mix4(u4 h) {
  h ^= h >> 16;
  h *= 0x7feb352du;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  return h ^ (h >> 16);
}

static double boneAt(double xMm, double yMm, double zMm, double outside) {
  const double x = (xMm - ox) * ax, y = (yMm - oy) * ay, z = (zMm - oz) * az;
  if (!(x >= 0 && y >= 0 && z >= 0 && x <= nx - 1 && y <= ny - 1 && z <= nz - 1)) return outside;
  const int i = clampi((int)x, 0, nx - 2), j = clampi((int)y, 0, ny - 2), k = clampi((int)z, 0, nz - 2);
  const double u = x - i, v = y - j, w = z - k;
  const size_t slab = (size_t)nx * ny;
  const float *at = bone + k * slab + (size_t)j * nx + i;
  const double a = at[0] + u * (at[1] - (double)at[0]), b = at[nx] + u * (at[nx + 1] - (double)at[nx]);
  at += slab;
  const double c = at[0] + u * (at[1] - (double)at[0]), d = at[nx] + u * (at[nx + 1] - (double)at[nx]);
  const double e = a + v * (b - a);
  return e + w * (c + v * (d - c) - e);
}

static inline double bilinear(uint32_t values, double line, double row) {
  const int lines = p->lines, rows = p->rows;
  const int l = clampi((int)floor(line), 0, lines - 2), r = clampi((int)floor(row), 0, rows - 2);
  const double u = fmin(1, fmax(0, line - l)), v = fmin(1, fmax(0, row - r));
  const float *at = floats(values) + r * lines + l, *below = at + lines;
  const double top = at[0] + u * ((double)at[1] - at[0]);
  return top + v * (below[0] + u * ((double)below[1] - below[0]) - top);
}

static inline f4 cosine(f4 q) {
  return (((((q * all(-21.07110595703125f) + all(58.79049301147461f)) * q + all(-85.27162170410156f)) * q + all(64.92865753173828f)) * q + all(-19.738981246948242f)) * q + all(0.9999992251396179f));
}
static inline f4 sine(f4 x, f4 q) {
  return x * ((((((q * all(-12.471243858337402f) + all(41.3428840637207f)) * q + all(-76.61447143554688f)) * q + all(81.59994506835938f)) * q + all(-41.341590881347656f)) * q + all(6.283185005187988f)));
}

/* cos and sin of half turns: coefficients of assembly/echo-kernel.ts. */
static inline f4 halfCosine(f4 q) {
  return ((q * all(-1.2220317125320435f) + all(4.041248321533203f)) * q + all(-4.933934688568115f)) * q + all(0.9999932646751404f);
}
static inline f4 halfSine(f4 x, f4 q) {
  return x * (((q * all(-0.5594624280929565f) + all(2.5440104007720947f)) * q + all(-5.1674065589904785f)) * q + all(3.1415903568267822f));
}

static inline void put4(float *t0, float *t1, float *t2, float *t3, f4 vr, f4 vi, f4 u) {
  const f4 br = u * vr, bi = u * vi;
  const f4 a01 = __builtin_shuffle(vr, vi, (i4){0, 4, 1, 5}), a23 = __builtin_shuffle(vr, vi, (i4){2, 6, 3, 7});
  const f4 b01 = __builtin_shuffle(br, bi, (i4){0, 4, 1, 5}), b23 = __builtin_shuffle(br, bi, (i4){2, 6, 3, 7});
  put(t0, load(t0) + __builtin_shuffle(a01, b01, (i4){0, 1, 4, 5}));
  put(t1, load(t1) + __builtin_shuffle(a01, b01, (i4){2, 3, 6, 7}));
  put(t2, load(t2) + __builtin_shuffle(a23, b23, (i4){0, 1, 4, 5}));
  put(t3, load(t3) + __builtin_shuffle(a23, b23, (i4){2, 3, 6, 7}));
}

#define MAGIC 12582912.0f
static inline i4 roundedBits(f4 v) { return (i4)(v + all(MAGIC)) - alli(0x4b400000); }
static inline i4 smaller(i4 a, i4 b) { const i4 m = a < b; return (a & m) | (b & ~m); }
static inline i4 larger(i4 a, i4 b) { const i4 m = a > b; return (a & m) | (b & ~m); }

/* Eight products of 16-bit numbers, added in pairs. */
static inline i4 dot(i4 a, i4 b) {
#ifdef __SSE2__
  return (i4)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
  int16_t x[8], y[8];
  memcpy(x, &a, 16);
  memcpy(y, &b, 16);
  return (i4){x[0] * y[0] + x[1] * y[1], x[2] * y[2] + x[3] * y[3], x[4] * y[4] + x[5] * y[5], x[6] * y[6] + x[7] * y[7]};
#endif
}

/* Groups of four points that wait to be added. */
typedef struct {
  i4 entry, weights, above, left;
  f4 share, strength, cosine, sine;
} Group;
#define QUEUED_GROUPS 32
static Group queue[QUEUED_GROUPS];
static int queued;

static void addQueued(void);

static inline void enqueue(f4 x, f4 y, f4 z, f4 shift, f4 strength) {
  Group *group = queue + queued;
  const f4 at = x * all((float)(2 * p->linesPerMm)) + all((float)p->lines - 1.5f);
  const f4 rounded = at + all(MAGIC), beyond = at - (rounded - all(MAGIC));
  const i4 column = (i4)rounded - alli(0x4b400000), left = smaller(larger(column, alli(0)), alli(2 * p->lines - 3));
  const f4 range = y + shift;
  const f4 place = range * all((float)(2 * p->samplesPerMm)), floored = (place - all(0.5f)) + all(MAGIC);
  const f4 between = place - (floored - all(MAGIC));
  const i4 part = (i4)floored - alli(0x4b400000);
  const i4 elevationAt = roundedBits(fabs4(z) * all((float)p->elevationsPerMm));
  const i4 row = smaller(larger(roundedBits(y * all((float)p->elevationRowsPerMm)), alli(0)), alli(p->elevationRows - 1));
  const f4 turns = range * all((float)(2 * p->turnsPerMm)), turned = turns + all(MAGIC);
  const f4 turn = turns - (turned - all(MAGIC)), square = turn * turn;
  group->entry = (((row << 1) + (part & alli(1))) * alli(p->elevationColumns) +
                  smaller(elevationAt, alli(p->elevationColumns - 1)))
                 << 5;
  group->weights = (roundedBits(between * all(16384)) << 16) | alli(16384);
  group->above = part >> 1;
  group->left = left;
  group->share = all(0.5f) + beyond;
  group->strength = (f4)(((i4)strength & (column == left)) ^ ((i4)turned << 31));
  group->cosine = halfCosine(square);
  group->sine = halfSine(turn, square);
  if (++queued == QUEUED_GROUPS) addQueued();
}

static void addQueued(void) {
  const uint8_t *elevation = memory + p->elevation;
  float *fine = floats(p->fine);
  const size_t pitch = 8 * (size_t)p->lines;
  for (const Group *group = queue; group < queue + queued; group++) {
    i4 e[4], g[4], delay;
    f4 unit;
    for (int k = 0; k < 4; k++) {
      const int16_t *filter = (const int16_t *)(elevation + group->entry[k]);
      i4 h, q;
      memcpy(&h, filter, 16);
      memcpy(&q, filter + 8, 16);
      const i4 w = alli(group->weights[k]);
      e[k] = dot(h, w);
      g[k] = dot(q, w);
      delay[k] = q[2];
      unit[k] = ((f4)q)[3];
    }
    const i4 e01 = __builtin_shuffle(e[0], e[1], (i4){0, 4, 1, 5}), e23 = __builtin_shuffle(e[2], e[3], (i4){0, 4, 1, 5});
    const i4 n01 = __builtin_shuffle(e[0], e[1], (i4){2, 6, 3, 7}), n23 = __builtin_shuffle(e[2], e[3], (i4){2, 6, 3, 7});
    const i4 l01 = __builtin_shuffle(g[0], g[1], (i4){0, 4, 1, 5}), l23 = __builtin_shuffle(g[2], g[3], (i4){0, 4, 1, 5});
    const f4 er = real(__builtin_shuffle(e01, e23, (i4){0, 1, 4, 5})), ei = real(__builtin_shuffle(e01, e23, (i4){2, 3, 6, 7}));
    const f4 nr = real(__builtin_shuffle(n01, n23, (i4){0, 1, 4, 5})), ni = real(__builtin_shuffle(n01, n23, (i4){2, 3, 6, 7}));
    const f4 lr = real(__builtin_shuffle(l01, l23, (i4){0, 1, 4, 5})), li = real(__builtin_shuffle(l01, l23, (i4){2, 3, 6, 7}));
    const i4 whole = group->above + delay, sample = smaller(larger(whole, alli(0)), alli(p->samples - 3));
    const f4 weight = unit * (f4)((i4)group->strength & (whole == sample));
    const f4 c = weight * group->cosine, s = weight * group->sine, u = group->share;
    const i4 to = (sample * alli(2 * p->lines) + group->left) << 2;
    float *t0 = fine + to[0], *t1 = fine + to[1], *t2 = fine + to[2], *t3 = fine + to[3];
    put4(t0, t1, t2, t3, er * c + ei * s, ei * c - er * s, u);
    put4(t0 + pitch, t1 + pitch, t2 + pitch, t3 + pitch, nr * c + ni * s, ni * c - nr * s, u);
    put4(t0 + 2 * pitch, t1 + 2 * pitch, t2 + 2 * pitch, t3 + 2 * pitch, lr * c + li * s, li * c - lr * s, u);
  }
  queued = 0;
}

/* Points of the surface that wait until there are four: x, y, z, shift, strength. */
static float waitingPoints[5][4] __attribute__((aligned(16)));
static int waiting;

static void addWaiting(void) {
  for (int i = waiting; i < 4; i++) waitingPoints[4][i] = 0;
  enqueue(load(waitingPoints[0]), load(waitingPoints[1]), load(waitingPoints[2]), load(waitingPoints[3]), load(waitingPoints[4]));
  waiting = 0;
}

static int hitNear(double x, double z) {
  const int line = (int)floor(x * p->linesPerMm + 0.5 * (p->lines - 1) + 0.5);
  if (line < 0 || line >= p->lines) return -1;
  const int e = z < -0.5 * p->sideMm ? 0 : z > 0.5 * p->sideMm ? 2 : 1;
  const int at = e * p->lines + line;
  return isnan(floats(p->boneDepth)[at]) ? -1 : at;
}

static double planeDistance(int at, double x, double y, double z) {
  const int e = at < p->lines ? 0 : at < 2 * p->lines ? 1 : 2;
  const float *n = floats(p->boneNormal) + 3 * at, *face = floats(p->boneFace) + 3 * at;
  return n[0] * (x - face[0]) + n[1] * (y - face[1]) +
         n[2] * (z - (e - 1) * p->sideMm);
}

static double signedDistance(double x, double y, double z, double outside) {
  const double *m = (const double *)(memory + p->pose);
  return boneAt(m[0] * x + m[1] * y + m[2] * z + m[3], m[4] * x + m[5] * y + m[6] * z + m[7],
                m[8] * x + m[9] * y + m[10] * z + m[11], outside);
}

static int insideBone(double x, double y, double z) {
  const int at = hitNear(x, z);
  if (at < 0) return 0;
  const double d = planeDistance(at, x, y, z);
  if (d > 0.5) return 0;
  if (d < -0.5) return d > -p->nearBoneMm && y < floats(p->boneDepth)[at] + p->nearBoneMm;
  return signedDistance(x, y, z, 2) < 0;
}

/* Most that a distance between its nodes changes along the way. */
#define STEEPEST 1.15

/* How much further from bone than any cell with points of its surface the middle of cells `from` … `to` of a column is. */
static double beyondBone(const double *middle, const double *along, int from, int to) {
  const double at = 0.5 * (from + to + 1) * p->cellMm - along[3];
  const double d = signedDistance(middle[0] + along[0] * at, middle[1] + along[1] * at, middle[2] + along[2] * at, 0);
  return fabs(d) - (p->layerMm + p->cellMm);
}

typedef struct {
  double x[3], y[3], z[3]; /* along a, b, c */
  int jitter[3];
} Axes;

static void surfacePoints(double cx, double cy, double cz, const Axes *axes, uint32_t hash, int at) {
  const double distance = fabs(signedDistance(cx, cy, cz, 2));
  if (distance > p->layerMm + p->cellMm) return;
  const float *n = floats(p->boneNormal) + 3 * at;
  const double nX = n[0], nY = n[1], nZ = n[2];
  const double facing = floats(p->boneFace)[3 * at + 2];
  if (facing > -0.1) return;
  const double cosine = -facing * (p->cosines - 1);
  const int entry = clampi((int)cosine, 0, p->cosines - 2);
  const float *diffuse = floats(p->diffuse) + entry;
  const double rough = p->surface * (diffuse[0] + (cosine - entry) * (double)(diffuse[1] - diffuse[0]));
  const double beyond = fmax(0, distance - p->layerMm) / (STEEPEST * p->cellMm);
  for (int point = 0; point < p->surfacePoints; point++) {
    const uint32_t bits = mix(hash ^ (0x02e5be93u * (uint32_t)(point + 1)));
    double x = cx, y = cy, z = cz, way2 = 0;
    for (int axis = 0; axis < 3; axis++) {
      const double j = (double)((bits >> axes->jitter[axis]) & 1023) * (1.0 / 1024) - 511.5 / 1024;
      way2 += j * j;
      x += p->cellMm * axes->x[axis] * j;
      y += p->cellMm * axes->y[axis] * j;
      z += p->cellMm * axes->z[axis] * j;
    }
    if (way2 < beyond * beyond) continue;
    const double d = signedDistance(x, y, z, 2);
    if (fabs(d) > p->layerMm) continue;
    const double sx = x - d * nX, sy = y - d * nY, sz = z - d * nZ;
    const double line = sx * p->linesPerMm + 0.5 * (p->lines - 1), row = sy * p->rowsPerMm;
    const float strength = (float)(rough * floats(p->mirrorDensity)[clampi((int)floor(row + 0.5), 0, p->rows - 1)] *
                                   bilinear(p->transmission, line, row));
    const float values[5] = {(float)sx, (float)sy, (float)sz, (float)bilinear(p->shift, line, row),
                             bits & 0x40000000u ? strength : -strength};
    for (int i = 0; i < 5; i++) waitingPoints[i][waiting] = values[i];
    if (++waiting == 4) addWaiting();
  }
}

/* Between four nodes of a map, as `between` of the kernel. */
static inline float betweenNodes(const float *at, int pitch, float u, float v) {
  const float top = at[0] + u * (at[1] - at[0]), *below = at + pitch;
  return top + v * (below[0] + u * (below[1] - below[0]) - top);
}

static inline double pushAt(int lineCell, float u, double row) {
  const int cell = clampi((int)floor(row), 0, p->rows - 2);
  return fmaxf(0, betweenNodes(floats(p->push) + cell * p->lines + lineCell, p->lines, u, (float)fmin(1, row - cell)));
}

static inline f4 jittered(u4 bits, int shift) { return real((i4)((bits >> shift) & 1023u)); }
static inline f4 signedBy(f4 strength, u4 bits) { return (f4)((u4)strength ^ (~(bits << 1) & 0x80000000u)); }

static void splat(void) {
  static const uint32_t primes[3] = {0x9e3779b1u, 0x85ebca77u, 0xc2b2ae3du};
  const double *m = (const double *)(memory + p->pose);
  const int lines = p->lines, rows = p->rows;
  const double cell = p->cellMm, per = p->cellsPerMm, middle = 0.5 * (lines - 1);
  const double across[3] = {fabs(m[2]), fabs(m[6]), fabs(m[10])};
  const int c = across[0] >= across[1] && across[0] >= across[2] ? 0 : across[1] >= across[2] ? 1 : 2;
  const int swapped = fabs(m[4 * ((c + 1) % 3) + 1]) > fabs(m[4 * ((c + 2) % 3) + 1]);
  const int a = (c + 1 + swapped) % 3, b = (c + 2 - swapped) % 3;
  const double xa = m[4 * a], ya = m[4 * a + 1], za = m[4 * a + 2], ta = m[4 * a + 3];
  const double xb = m[4 * b], yb = m[4 * b + 1], zb = m[4 * b + 2], tb = m[4 * b + 3];
  const double xc = m[4 * c], yc = m[4 * c + 1], zc = m[4 * c + 2], tc = m[4 * c + 3];
  const Axes axes = {{xa, xb, xc}, {ya, yb, yc}, {za, zb, zc}, {10 * a, 10 * b, 10 * c}};
  const double perC = 1 / zc, halfPerC = fabs(perC);
  const double xPerA = xa - xc * za / zc, xPerB = xb - xc * zb / zc;
  const double yPerA = ya - yc * za / zc, yPerB = yb - yc * zb / zc;
  const double indent = m[12], xLimit = (middle + 0.5) * p->spacingMm, yLow = -indent, yHigh = (rows - 1) / p->rowsPerMm;
  const double aHalf = fabs(xa) * xLimit, bHalf = fabs(xb) * xLimit;
  const double aLow = ta - aHalf + fmin(ya * yLow, ya * yHigh), aHigh = ta + aHalf + fmax(ya * yLow, ya * yHigh);
  const double bLow = tb - bHalf + fmin(yb * yLow, yb * yHigh), bHigh = tb + bHalf + fmax(yb * yLow, yb * yHigh);
  const double unit = cell / 1024;
  double xs[3], ys[3], zs[3];
  for (int k = 0; k < 3; k++) xs[k] = m[4 * k] * unit, ys[k] = m[4 * k + 1] * unit, zs[k] = m[4 * k + 2] * unit;
  const f4 jz0 = all((float)zs[0]), jz1 = all((float)zs[1]), jz2 = all((float)zs[2]);
  const float *boneDepth = floats(p->boneDepth);
  const int ibEnd = (int)floor(bHigh * per);
  for (int ib = (int)floor(bLow * per); ib <= ibEnd; ib++) {
    const double db = (ib + 0.5) * cell - tb;
    double low = aLow - ta, high = aHigh - ta;
    if (fabs(xPerA) > 1e-9) {
      const double r = (-xLimit - xPerB * db) / xPerA, s = (xLimit - xPerB * db) / xPerA;
      low = fmax(low, fmin(r, s));
      high = fmin(high, fmax(r, s));
    } else if (fabs(xPerB * db) > xLimit) continue;
    if (fabs(yPerA) > 1e-9) {
      const double r = (yLow - yPerB * db) / yPerA, s = (yHigh - yPerB * db) / yPerA;
      low = fmax(low, fmin(r, s));
      high = fmin(high, fmax(r, s));
    } else if (yPerB * db < yLow || yPerB * db > yHigh) continue;
    const int iaEnd = (int)floor((high + ta) * per - 0.5);
    for (int ia = (int)ceil((low + ta) * per - 0.5); ia <= iaEnd; ia++) {
      const double da = (ia + 0.5) * cell - ta;
      const double x0 = xPerA * da + xPerB * db, rest = yPerA * da + yPerB * db;
      const double line = x0 * p->linesPerMm + middle;
      const int lineCell = clampi((int)floor(line), 0, lines - 2);
      const float u = (float)fmin(1, fmax(0, line - lineCell));
      const double restRow = rest * p->rowsPerMm;
      double push = 0, strain = 0;
      if (indent > 0) {
        push = pushAt(lineCell, u, restRow);
        strain = p->rowsPerMm * (pushAt(lineCell, u, restRow + 0.5) - pushAt(lineCell, u, restRow - 0.5));
      }
      const double y0 = rest + push, row = y0 * p->rowsPerMm;
      const int rowCell = clampi((int)floor(row), 0, rows - 2), node = rowCell * lines + lineCell;
      const float v = (float)fmin(1, fmax(0, row - rowCell));
      const double strength = p->speckle ? betweenNodes(floats(p->amplitude) + node, lines, u, v) : 0;
      const int nearest = clampi((int)floor(line + 0.5), 0, lines - 1);
      const double bone1 = boneDepth[lines + nearest], near = p->nearBoneMm;
      const int nearBone = fabs(rest - boneDepth[nearest]) < near || fabs(rest - bone1) < near ||
                           fabs(rest - boneDepth[2 * lines + nearest]) < near;
      const int guarded = nearBone && !(y0 > bone1);
      if (strength < p->darkest && !nearBone) continue;
      const f4 shift = all(betweenNodes(floats(p->shift) + node, lines, u, v));
      const float *density = floats(p->densities) + 3 * clampi((int)floor(row + 0.5), 0, rows - 1);
      const float odd = density[0], second = density[1];
      const float scale = (float)(strength * p->muscle * density[2]);
      const int depthRow = clampi((int)floor(y0 * p->elevationRowsPerMm + 0.5), 0, p->elevationRows - 1);
      const double half = floats(p->halfWidth)[depthRow] * halfPerC;
      const double centre = tc - (za * da + zb * db) * perC;
      const int icEnd = (int)floor((centre + half) * per);
      const int icFirst = (int)floor((centre - half) * per);
      int ic = icFirst;
      const int stride = odd > 0 ? 1 : 2;
      if (stride == 2 && ((ia + ib + ic) & 1)) ic++;
      const uint32_t base = (uint32_t)ia * primes[a] + (uint32_t)ib * primes[b] + (uint32_t)p->seed;
      const float oddShare = stride == 2 ? scale : odd * scale;
      const f4 weights = (ia + ib + ic) & 1 ? (f4){oddShare, scale, oddShare, scale} : (f4){scale, oddShare, scale, oddShare};
      const f4 seconds = all(second * scale);
      const double pa = ia * cell - ta, pb = ib * cell - tb, pc = ic * cell - tc;
      const double p0 = strain * ys[0], p1 = strain * ys[1], p2 = strain * ys[2];
      const f4 jx0 = all((float)xs[0]), jx1 = all((float)xs[1]), jx2 = all((float)xs[2]);
      const f4 jy0 = all((float)(ys[0] + p0)), jy1 = all((float)(ys[1] + p1)), jy2 = all((float)(ys[2] + p2));
      const double xCorner = xa * pa + xb * pb + xc * pc + 0.5 * (xs[0] + xs[1] + xs[2]),
                   yCorner = ya * pa + yb * pb + yc * pc + 0.5 * (ys[0] + ys[1] + ys[2]),
                   zCorner = za * pa + zb * pb + zc * pc + 0.5 * (zs[0] + zs[1] + zs[2]),
                   pushed = push + strain * (yCorner - rest), apart = stride * cell;
      const f4 lane = {0, 1, 2, 3}, stepX = all((float)(apart * xc)), stepY = all((float)(apart * (yc + strain * yc))),
               stepZ = all((float)(apart * zc));
      f4 ox4 = all((float)xCorner) + lane * stepX, oy4 = all((float)(yCorner + pushed)) + lane * stepY,
         oz4 = all((float)zCorner) + lane * stepZ;
      i4 cells = alli(ic) + (i4){0, stride, 2 * stride, 3 * stride};
      if (scale == 0) ic = icEnd + 1;
      for (; ic <= icEnd; ic += 4 * stride, ox4 += all(4) * stepX, oy4 += all(4) * stepY, oz4 += all(4) * stepZ, cells += alli(4 * stride)) {
        const u4 hash = mix4(base + (u4)cells * primes[c]);
        const i4 present = cells <= alli(icEnd);
        for (int point = 0; point < (second == 0 ? 1 : 2); point++) {
          const u4 bits = point == 0 ? hash : mix4(hash ^ 0x68bc21ebu);
          const f4 j0 = jittered(bits, 0), j1 = jittered(bits, 10), j2 = jittered(bits, 20);
          const f4 x = ox4 + (jx0 * j0 + (jx1 * j1 + jx2 * j2)), y = oy4 + (jy0 * j0 + (jy1 * j1 + jy2 * j2)),
                   z = oz4 + (jz0 * j0 + (jz1 * j1 + jz2 * j2));
          i4 mask = present;
          for (int k = 0; guarded && k < 4; k++) {
            if (insideBone(x[k], y[k], z[k])) mask[k] = 0;
          }
          enqueue(x, y, z, shift, (f4)((i4)signedBy(point == 0 ? weights : seconds, bits) & mask));
        }
      }
      if (!nearBone || !p->boneRough) continue;
      const double qa = pa + 0.5 * cell, qb = pb + 0.5 * cell;
      const double middle[3] = {xa * qa + xb * qb, ya * qa + yb * qb, za * qa + zb * qb}, along[4] = {xc, yc, zc, tc};
      const double wayOut = 0.5 * STEEPEST * cell;
      if (beyondBone(middle, along, icFirst, icEnd) > wayOut * (icEnd - icFirst)) continue;
      for (int from = icFirst; from <= icEnd; from += 4) {
        const int to = icEnd < from + 3 ? icEnd : from + 3;
        const double beyond = beyondBone(middle, along, from, to);
        if (beyond > wayOut * (to - from)) continue;
        for (int k = from; k <= to; k++) {
          if (beyond > wayOut * abs(2 * k - from - to)) continue;
          const double qc = (k + 0.5) * cell - tc;
          const double cx = middle[0] + xc * qc, cy = middle[1] + yc * qc, cz = middle[2] + zc * qc;
          const int hit = hitNear(cx, cz);
          if (hit < 0 || fabs(planeDistance(hit, cx, cy, cz)) > 0.8) continue;
          surfacePoints(cx, cy, cz, &axes, mix(base + (uint32_t)k * primes[c]), hit);
        }
      }
    }
  }
  if (waiting > 0) addWaiting();
  addQueued();
}

static inline f4 turned(f4 a, f4 b) { return a + __builtin_shuffle(b, (i4){1, 0, 3, 2}) * (f4){-1, 1, -1, 1}; }

static void lateral(void) {
  const int lines = p->lines;
  float *even = floats(p->even), *odd = floats(p->odd);
  for (int sample = 0; sample < p->samples; sample++) {
    const int *range = ints(p->tapRange) + 4 * ints(p->tapRow)[sample];
    const int before = range[0];
    const float *taps = floats(p->taps + range[1]), *oddTaps = floats(p->taps + range[2]), *lastTap = floats(p->taps + range[3]);
    const float *from = floats(p->fine) + (size_t)sample * lines * 8;
    f4 given = all(0);
    for (int line = 0; line < lines; line += 2) {
      const f4 a = load(from + 8 * line), b = load(from + 8 * line + 4), c = load(from + 8 * line + 8), d = load(from + 8 * line + 12);
      const f4 byEven = __builtin_shuffle(a, c, (i4){2, 3, 6, 7}), byOdd = __builtin_shuffle(b, d, (i4){2, 3, 6, 7});
      put(even + 2 * line, __builtin_shuffle(a, c, (i4){0, 1, 4, 5}) - byEven + __builtin_shuffle(given, byOdd, (i4){2, 3, 4, 5}));
      put(odd + 2 * line, __builtin_shuffle(b, d, (i4){0, 1, 4, 5}) - byOdd + byEven);
      given = byOdd;
    }
    float *to[3];
    for (int rank = 0; rank < 3; rank++) {
      to[rank] = floats(p->beamed) + (size_t)(rank * p->samples + sample) * lines * 2;
      memset(to[rank], 0, (size_t)before * 8);
      memset(to[rank] + 2 * (lines - before), 0, (size_t)before * 8);
    }
    const int last = lines - before - 2;
    for (int line = before;; line = line + 2 < last ? line + 2 : last) {
      const float *right = even + 2 * line, *left = right, *tap = taps;
      f4 sum = load(right), a[6];
      for (int i = 0; i < 6; i++) a[i] = all(tap[i]) * sum;
      for (tap += 6; tap < oddTaps; tap += 6) {
        right += 2;
        left -= 2;
        sum = load(left) + load(right);
        for (int i = 0; i < 6; i++) a[i] += all(tap[i]) * sum;
      }
      right = odd + 2 * line;
      left = right - 2;
      for (; tap < lastTap; tap += 6, right += 2, left -= 2) {
        sum = load(left) + load(right);
        for (int i = 0; i < 6; i++) a[i] += all(tap[i]) * sum;
      }
      for (int rank = 0; rank < 3; rank++) put(to[rank] + 2 * line, turned(a[2 * rank], a[2 * rank + 1]));
      if (line == last) break;
    }
  }
}

static inline f4 log2of(f4 value) {
  const i4 raised = (i4)value - alli(0x3f3504f3);
  const f4 exponent = real(raised >> 23), m = (f4)((raised & alli(0x7fffff)) + alli(0x3f3504f3));
  const f4 s = (m - all(1)) / (m + all(1)), q = s * s;
  const f4 sum = ((q * all(0.41219858f) + all(0.57707802f)) * q + all(0.96179669f)) * q + all(2.88539008f);
  return exponent + s * sum;
}

static inline f4 fsqrt(f4 v) { return (f4){sqrtf(v[0]), sqrtf(v[1]), sqrtf(v[2]), sqrtf(v[3])}; }
static inline f4 share(u4 word) { return (real((i4)(word >> 8)) + all(0.5f)) * all(1.0f / 16777216); }

static void noise(uint32_t start) {
  const f4 scale = all((float)p->noiseScale);
  for (int sample = 0; sample < p->samples; sample++) {
    const int from = sample * p->lines + p->marginLines;
    float *to = floats(p->beamed) + 2 * (size_t)from;
    u4 at = start + (uint32_t)from + (u4){0, 1, 2, 3};
    for (int i = 0; i < p->scanLines; i += 4, to += 8, at += 4u) {
      const u4 a = mix4(at), b = mix4(a ^ 0x5bd1e995u);
      const f4 radius = scale * fsqrt(log2of(share(a)) * all(-0.6931471805599453f));
      const f4 turn = share(b) - all(0.5f), square = turn * turn;
      const f4 re = -radius * cosine(square), im = -radius * sine(turn, square);
      put(to, load(to) + __builtin_shuffle(re, im, (i4){0, 4, 1, 5}));
      put(to + 4, load(to + 4) + __builtin_shuffle(re, im, (i4){2, 6, 3, 7}));
    }
  }
}

static inline void storeSamples(size_t at, f4 a, f4 b) {
  const f4 re = load(floats(p->coherentRe) + at) + __builtin_shuffle(a, b, (i4){0, 2, 4, 6}),
           im = load(floats(p->coherentIm) + at) + __builtin_shuffle(a, b, (i4){1, 3, 5, 7});
  put(floats(p->receivedRe) + at, re);
  put(floats(p->receivedIm) + at, im);
  put(floats(p->power) + at, re * re + im * im);
}

static void axial(void) {
  const int lines = p->lines;
  float *weights = floats(p->weights);
  for (int sample = 0; sample < p->samples; sample++) {
    const int over = sample + p->pulseCentre - (p->samples - 1), first = over > 0 ? over : 0;
    const int end = sample + p->pulseCentre + 1 < p->pulseLength ? sample + p->pulseCentre + 1 : p->pulseLength;
    const int last = p->marginLines + p->scanLines - 8, source = sample + p->pulseCentre - first;
    float *to = weights;
    for (int rank = 0; rank < p->ranks; rank++) {
      for (int tap = first; tap < end; tap++, to += 2) {
        const int row = ints(p->tapRow)[sample + p->pulseCentre - tap];
        memcpy(to, floats(p->pulse) + 2 * ((rank * p->tapRows + row) * p->pulseLength + tap), 8);
      }
    }
    for (int line = p->marginLines;; line = line + 8 < last ? line + 8 : last) {
      f4 a[4] = {all(0), all(0), all(0), all(0)}, b[4] = {all(0), all(0), all(0), all(0)};
      const float *w = weights;
      for (int rank = 0; rank < p->ranks; rank++) {
        const float *from = floats(p->beamed) + ((size_t)(rank * p->samples + source) * lines + line) * 2;
        for (int tap = first; tap < end; tap++, from -= 2 * lines, w += 2) {
          const f4 wr = all(w[0]), wi = all(w[1]);
          for (int k = 0; k < 4; k++) {
            a[k] += wr * load(from + 4 * k);
            b[k] += wi * load(from + 4 * k);
          }
        }
      }
      for (int k = 0; k < 4; k++) a[k] += __builtin_shuffle(b[k], (i4){1, 0, 3, 2}) * (f4){-1, 1, -1, 1};
      const size_t at = (size_t)sample * lines + line;
      storeSamples(at, a[0], a[1]);
      storeSamples(at + 4, a[2], a[3]);
      if (line == last) break;
    }
  }
}


static void display(void) {
  const int lines = p->lines, scan = p->scanLines, samples = p->samples, reach = p->smoothLateral, last = scan - 4;
  float *padded = floats(p->padded), *middle = padded + reach;
  for (int sample = 0; sample < samples; sample++) {
    const float *source = floats(p->power) + (size_t)sample * lines + p->marginLines;
    memcpy(middle, source, (size_t)scan * 4);
    for (int k = 0; k < reach; k++) {
      padded[k] = source[0];
      middle[scan + k] = source[scan - 1];
    }
    float *to = floats(p->smooth) + (size_t)sample * scan;
    for (int line = 0;; line = line + 4 < last ? line + 4 : last) {
      f4 sum = all(floats(p->lateralKernel)[0]) * load(middle + line);
      for (int k = 1; k <= reach; k++) {
        sum += all(floats(p->lateralKernel)[k]) * (load(middle + line - k) + load(middle + line + k));
      }
      put(to + line, sum);
      if (line == last) break;
    }
  }
  const f4 perOctave = all((float)(3.010299956639812 * p->grayPerDb));
  for (int sample = 0; sample < samples; sample++) {
    const f4 gain = all(floats(p->gain)[sample] * (float)p->grayPerDb);
    const float *smooth = floats(p->smooth);
    for (int line = 0;; line = line + 4 < last ? line + 4 : last) {
      f4 sum = all(floats(p->axialKernel)[0]) * load(smooth + (size_t)sample * scan + line);
      for (int k = 1; k <= p->smoothAxial; k++) {
        const int up = clampi(sample - k, 0, samples - 1), down = clampi(sample + k, 0, samples - 1);
        sum += all(floats(p->axialKernel)[k]) *
               (load(smooth + (size_t)up * scan + line) + load(smooth + (size_t)down * scan + line));
      }
      put(floats(p->level) + (size_t)sample * scan + line, log2of(sum + all(1e-30f)) * perOctave + gain);
      if (line == last) break;
    }
  }
  for (int v = 0; v < p->height; v++) {
    const int sample = ints(p->rowSample)[v];
    if (sample < 0) continue;
    const float *above = floats(p->level) + (size_t)sample * scan;
    const float w = floats(p->rowShare)[v];
    for (int line = 0; line < scan; line++) padded[line] = above[line] + w * (above[scan + line] - above[line]);
    uint8_t *to = memory + p->pixels + (size_t)v * p->width;
    for (int u = p->firstColumn; u < p->endColumn; u++) {
      const float *at = padded + ints(p->columnLine)[u];
      const float gray = at[0] + floats(p->columnShare)[u] * (at[1] - at[0]);
      to[u] = (uint8_t)((gray < 0 ? 0 : gray > 255 ? 255 : gray) + 0.5f);
    }
  }
}

static void *readAll(const char *name) {
  FILE *file = fopen(name, "rb");
  if (!file) { perror(name); exit(1); }
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  void *bytes = malloc((size_t)size);
  if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) { fprintf(stderr, "%s: cannot be read\n", name); exit(1); }
  fclose(file);
  return bytes;
}

int main(int count, char **arguments) {
  if (count != 7) { fprintf(stderr, "usage: twin memory bone grid noise repeats pixels\n"); return 2; }
  memory = readAll(arguments[1]);
  bone = readAll(arguments[2]);
  p = (const Frame *)(memory + FRAME_ADDRESS);
  double spacing[3];
  if (sscanf(arguments[3], "%d,%d,%d,%lf,%lf,%lf,%lf,%lf,%lf", &nx, &ny, &nz, &spacing[0], &spacing[1], &spacing[2], &ox,
             &oy, &oz) != 9) { fprintf(stderr, "the grid is not nine numbers\n"); return 2; }
  ax = 1 / spacing[0];
  ay = 1 / spacing[1];
  az = 1 / spacing[2];
  double least = 1e9;
  for (int i = 0; i < atoi(arguments[5]); i++) {
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    memset(floats(p->fine), 0, (size_t)p->samples * p->lines * 32);
    splat();
    lateral();
    noise((uint32_t)strtoul(arguments[4], NULL, 10));
    axial();
    display();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    const double ms = (to.tv_sec - from.tv_sec) * 1e3 + (to.tv_nsec - from.tv_nsec) / 1e6;
    if (ms < least) least = ms;
  }
  FILE *file = fopen(arguments[6], "wb");
  if (!file || fwrite(memory + p->pixels, 1, (size_t)p->width * p->height, file) != (size_t)p->width * p->height) return 1;
  fclose(file);
  printf("%.4f\n", least);
  return 0;
}
