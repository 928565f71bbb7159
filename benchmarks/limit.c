/* The limit: RK4 drift at constant pressure, written by hand for AVX2 and FMA, one thread.
 *
 * Same work as the engine: linear in longitude, latitude, log pressure and time; true sphere (the eastward wind is
 * divided by cos(lat) at each stage); wrap in longitude; a new pair of wind slabs every three hours; members sorted by
 * cell at each slab. Two lookups share the rest:
 *   wide    one 256-bit load brings (u0 v0 u1 v1) of two neighbouring levels of one corner;
 *   gather  eight members at once, one gather for each of 4 corners x 2 levels x (u0 v0 u1 v1).
 *
 * Slab layout: [lat][lon + 1 copy of the first][level][u0 v0 u1 v1] float32.
 * A position is a whole cell (int32) plus an offset (float32), so that rounding stays near 1 cm.
 */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NLON 720
#define NLAT 361
#define NLEV 20
#define COLUMN (NLEV * 4)
#define ROW ((NLON + 1) * COLUMN)
#define BLOCKS 2              /* groups of eight members that share one trip through the time loop */
#define MEMBERS (8 * BLOCKS)
#define TILE 8                /* cells; members are sorted by tile, then level */

typedef struct {
    int32_t bx[8], by[8], level[8];
    float dx[8], dy[8], rate[8], weight[8]; /* rate: cells per metre of northward path; weight of the upper level */
} group;

static inline __m256 inverse_cos(__m256 lat_cells) {
    /* 1 / cos, argument in cells of half a degree from the equator; error below 1e-7 within 90 degrees */
    const __m256 a = _mm256_mul_ps(lat_cells, _mm256_set1_ps(0.5f * 0.017453292519943295f));
    const __m256 z = _mm256_mul_ps(a, a);
    __m256 c = _mm256_set1_ps(2.087675698e-9f);
    c = _mm256_fmadd_ps(c, z, _mm256_set1_ps(-2.755731921e-7f));
    c = _mm256_fmadd_ps(c, z, _mm256_set1_ps(2.480158730e-5f));
    c = _mm256_fmadd_ps(c, z, _mm256_set1_ps(-1.388888889e-3f));
    c = _mm256_fmadd_ps(c, z, _mm256_set1_ps(4.166666667e-2f));
    c = _mm256_fmadd_ps(c, z, _mm256_set1_ps(-0.5f));
    c = _mm256_fmadd_ps(c, z, _mm256_set1_ps(1.0f));
    return _mm256_div_ps(_mm256_set1_ps(1.0f), _mm256_max_ps(c, _mm256_set1_ps(1e-4f)));
}

static inline __m256i cell_index(const group *g, __m256 dx, __m256 dy, __m256 *fx, __m256 *fy) {
    const __m256 x0 = _mm256_floor_ps(dx), y0 = _mm256_floor_ps(dy);
    *fx = _mm256_sub_ps(dx, x0);
    *fy = _mm256_sub_ps(dy, y0);
    const __m256i turn = _mm256_set1_epi32(NLON);
    __m256i x = _mm256_add_epi32(_mm256_cvttps_epi32(x0), _mm256_loadu_si256((const __m256i *)g->bx));
    __m256i y = _mm256_add_epi32(_mm256_cvttps_epi32(y0), _mm256_loadu_si256((const __m256i *)g->by));
    x = _mm256_min_epu32(x, _mm256_add_epi32(x, turn)); /* below 0 is huge when unsigned */
    x = _mm256_min_epu32(x, _mm256_sub_epi32(x, turn));
    y = _mm256_min_epi32(_mm256_max_epi32(y, _mm256_setzero_si256()), _mm256_set1_epi32(NLAT - 2));
    const __m256i column = _mm256_add_epi32(_mm256_mullo_epi32(y, _mm256_set1_epi32(NLON + 1)), x);
    const __m256i place = _mm256_mullo_epi32(column, _mm256_set1_epi32(NLEV));
    return _mm256_slli_epi32(_mm256_add_epi32(place, _mm256_loadu_si256((const __m256i *)g->level)), 2);
}

static inline __m256 mix(__m256 a, __m256 b, __m256 w) { return _mm256_fmadd_ps(w, _mm256_sub_ps(b, a), a); }

static inline __m256 corner_mix(const float *p, float fx, float fy) {
    const __m256 x = _mm256_set1_ps(fx), y = _mm256_set1_ps(fy);
    const __m256 south = mix(_mm256_loadu_ps(p), _mm256_loadu_ps(p + COLUMN), x);
    const __m256 north = mix(_mm256_loadu_ps(p + ROW), _mm256_loadu_ps(p + ROW + COLUMN), x);
    return mix(south, north, y);
}

/* members i and i + 4: mix levels, then times; (u v) of each in the low half of its 128 bits is left to the caller */
static inline __m256 pair_mix(const float *slab, const int32_t *o, const float *fx, const float *fy, const float *w, int i) {
    const __m256 a = corner_mix(slab + (uint32_t)o[i], fx[i], fy[i]);
    const __m256 b = corner_mix(slab + (uint32_t)o[i + 4], fx[i + 4], fy[i + 4]);
    const __m256 low = _mm256_permute2f128_ps(a, b, 0x20), high = _mm256_permute2f128_ps(a, b, 0x31);
    return mix(low, high, _mm256_loadu_ps(w + 8 * i));
}

static inline __m256 time_mix(__m256 a, __m256 b, __m256 wt) {
    const __m256d da = _mm256_castps_pd(a), db = _mm256_castps_pd(b);
    const __m256 t0 = _mm256_castpd_ps(_mm256_unpacklo_pd(da, db)), t1 = _mm256_castpd_ps(_mm256_unpackhi_pd(da, db));
    return mix(t0, t1, wt);
}

static inline void wind_wide(const float *slab, const group *g, const float *levels, __m256 dx, __m256 dy, __m256 wt,
                             __m256 *u, __m256 *v) {
    __m256 fx, fy;
    int32_t o[8] __attribute__((aligned(32)));
    float sx[8] __attribute__((aligned(32))), sy[8] __attribute__((aligned(32)));
    _mm256_store_si256((__m256i *)o, cell_index(g, dx, dy, &fx, &fy));
    _mm256_store_ps(sx, fx);
    _mm256_store_ps(sy, fy);
    const __m256 m0 = pair_mix(slab, o, sx, sy, levels, 0), m1 = pair_mix(slab, o, sx, sy, levels, 1);
    const __m256 s01 = time_mix(m0, m1, wt); /* u0 v0 u1 v1 | u4 v4 u5 v5 */
    const __m256 m2 = pair_mix(slab, o, sx, sy, levels, 2), m3 = pair_mix(slab, o, sx, sy, levels, 3);
    const __m256 s23 = time_mix(m2, m3, wt);
    *u = _mm256_shuffle_ps(s01, s23, 0x88);
    *v = _mm256_shuffle_ps(s01, s23, 0xDD);
}

static inline __m256 gather_column(const float *p, __m256i o, __m256 weight) {
    const __m256 low = _mm256_i32gather_ps(p, o, 4), high = _mm256_i32gather_ps(p + 4, o, 4);
    return mix(low, high, weight);
}

static inline __m256 gather_corners(const float *p, __m256i o, __m256 fx, __m256 fy, __m256 weight) {
    const __m256 south = mix(gather_column(p, o, weight), gather_column(p + COLUMN, o, weight), fx);
    const __m256 north = mix(gather_column(p + ROW, o, weight), gather_column(p + ROW + COLUMN, o, weight), fx);
    return mix(south, north, fy);
}

static inline void wind_gather(const float *slab, const group *g, const float *levels, __m256 dx, __m256 dy, __m256 wt,
                               __m256 *u, __m256 *v) {
    __m256 fx, fy;
    (void)levels;
    const __m256i o = cell_index(g, dx, dy, &fx, &fy);
    const __m256 w = _mm256_loadu_ps(g->weight);
    *u = mix(gather_corners(slab, o, fx, fy, w), gather_corners(slab + 2, o, fx, fy, w), wt);
    *v = mix(gather_corners(slab + 1, o, fx, fy, w), gather_corners(slab + 3, o, fx, fy, w), wt);
}

#define INTEGRATE(NAME, WIND)                                                                                          \
    static void NAME(const float *slab, group *g, int steps, float dt, float wt, float dwt) {                          \
        float levels[BLOCKS][32];                                                                                      \
        for (int b = 0; b < BLOCKS; b++)                                                                               \
            for (int i = 0; i < 4; i++)                                                                                \
                for (int k = 0; k < 4; k++) {                                                                          \
                    levels[b][8 * i + k] = g[b].weight[i];                                                             \
                    levels[b][8 * i + 4 + k] = g[b].weight[i + 4];                                                     \
                }                                                                                                      \
        const float stage[4] = {0.0f, 0.5f, 0.5f, 1.0f}, part[4] = {1 / 6.0f, 1 / 3.0f, 1 / 3.0f, 1 / 6.0f};           \
        for (int s = 0; s < steps; s++) {                                                                              \
            __m256 u[BLOCKS], v[BLOCKS], sx[BLOCKS], sy[BLOCKS];                                                       \
            for (int b = 0; b < BLOCKS; b++) u[b] = v[b] = sx[b] = sy[b] = _mm256_setzero_ps();                        \
            _Pragma("GCC unroll 4") for (int k = 0; k < 4; k++) {                                                      \
                const __m256 at = _mm256_set1_ps(stage[k]), share = _mm256_set1_ps(part[k]);                           \
                const __m256 when = _mm256_set1_ps(wt + dwt * ((float)s + stage[k]));                                  \
                _Pragma("GCC unroll 4") for (int b = 0; b < BLOCKS; b++) {                                             \
                    const __m256 x = _mm256_fmadd_ps(at, u[b], _mm256_loadu_ps(g[b].dx));                              \
                    const __m256 y = _mm256_fmadd_ps(at, v[b], _mm256_loadu_ps(g[b].dy));                              \
                    const __m256 rate = _mm256_mul_ps(_mm256_loadu_ps(g[b].rate), _mm256_set1_ps(dt));                 \
                    const __m256i by = _mm256_loadu_si256((const __m256i *)g[b].by);                                   \
                    const __m256 from_equator =                                                                        \
                        _mm256_add_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(by, _mm256_set1_epi32(NLAT / 2))), y);       \
                    WIND(slab, &g[b], levels[b], x, y, when, &u[b], &v[b]);                                            \
                    v[b] = _mm256_mul_ps(v[b], rate);                                                                  \
                    u[b] = _mm256_mul_ps(_mm256_mul_ps(u[b], rate), inverse_cos(from_equator));                        \
                    sx[b] = _mm256_fmadd_ps(share, u[b], sx[b]);                                                       \
                    sy[b] = _mm256_fmadd_ps(share, v[b], sy[b]);                                                       \
                }                                                                                                      \
            }                                                                                                          \
            for (int b = 0; b < BLOCKS; b++) {                                                                         \
                _mm256_storeu_ps(g[b].dx, _mm256_add_ps(sx[b], _mm256_loadu_ps(g[b].dx)));                             \
                _mm256_storeu_ps(g[b].dy, _mm256_add_ps(sy[b], _mm256_loadu_ps(g[b].dy)));                             \
            }                                                                                                          \
        }                                                                                                              \
    }

INTEGRATE(integrate_wide, wind_wide)
INTEGRATE(integrate_gather, wind_gather)

/* Put two times of winds, each [level][lat][lon], into one slab. */
void pack(const float *u0, const float *v0, const float *u1, const float *v1, float *slab) {
    for (long y = 0; y < NLAT; y++) {
        float *row = slab + y * ROW;
        for (long k = 0; k < NLEV; k++) {
            const long at = (k * NLAT + y) * NLON;
            for (long x = 0; x < NLON; x += 4) {
                __m128 a = _mm_loadu_ps(u0 + at + x), b = _mm_loadu_ps(v0 + at + x);
                __m128 c = _mm_loadu_ps(u1 + at + x), d = _mm_loadu_ps(v1 + at + x);
                _MM_TRANSPOSE4_PS(a, b, c, d);
                float *to = row + x * COLUMN + k * 4;
                _mm_storeu_ps(to, a);
                _mm_storeu_ps(to + COLUMN, b);
                _mm_storeu_ps(to + 2 * COLUMN, c);
                _mm_storeu_ps(to + 3 * COLUMN, d);
            }
        }
        memcpy(row + (long)NLON * COLUMN, row, COLUMN * sizeof(float));
    }
}

typedef struct {
    int32_t bx, by, level, id;
    float dx, dy, rate, weight;
} member;

static void settle(member *m) {
    const int x = (int)floorf(m->dx), y = (int)floorf(m->dy);
    m->dx -= (float)x;
    m->dy -= (float)y;
    m->bx = ((m->bx + x) % NLON + NLON) % NLON;
    m->by += y;
}

static void sort_by_tile(const member *from, member *to, long n) {
    enum { WIDE = NLON / TILE, KEYS = (NLAT / TILE + 1) * WIDE * NLEV };
    static int32_t start[KEYS + 1];
    memset(start, 0, sizeof start);
#define KEY(m) ((((m).by / TILE) * WIDE + (m).bx / TILE) * NLEV + (m).level)
    for (long i = 0; i < n; i++) start[KEY(from[i]) + 1]++;
    for (long k = 0; k < KEYS; k++) start[k + 1] += start[k];
    for (long i = 0; i < n; i++) to[start[KEY(from[i])]++] = from[i];
#undef KEY
}

static void load(group *g, const member *m, long count) {
    for (int i = 0; i < MEMBERS; i++) {
        const member *from = &m[i < count ? i : 0];
        group *to = &g[i / 8];
        const int j = i % 8;
        to->bx[j] = from->bx, to->by[j] = from->by, to->level[j] = from->level;
        to->dx[j] = from->dx, to->dy[j] = from->dy, to->rate[j] = from->rate, to->weight[j] = from->weight;
    }
}

static void unload(const group *g, member *m, long count) {
    for (int i = 0; i < MEMBERS && i < count; i++) {
        m[i].dx = g[i / 8].dx[i % 8];
        m[i].dy = g[i / 8].dy[i % 8];
    }
}

/* One slab interval for members [n]; `spare` [n] is room to sort in. */
void drift(const float *slab, member *members, member *spare, long n, int steps, float dt, float wt, float dwt, int gather) {
    sort_by_tile(members, spare, n);
    group g[BLOCKS];
    for (long i = 0; i < n; i += MEMBERS) {
        const long count = n - i < MEMBERS ? n - i : MEMBERS;
        load(g, spare + i, count);
        if (gather) integrate_gather(slab, g, steps, dt, wt, dwt);
        else integrate_wide(slab, g, steps, dt, wt, dwt);
        unload(g, spare + i, count);
    }
    for (long i = 0; i < n; i++) {
        settle(&spare[i]);
        members[i] = spare[i];
    }
}
