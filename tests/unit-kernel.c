/* unit-kernel.c - every compute set gives the bytes of plain C.
 *
 * Random shapes, tails and misalignments; and plain C against a direct
 * computation in double, so that the definition itself is tested.
 */
#include "config.h"
#include <glib.h>
#include <math.h>
#include <string.h>

#include "src/kernel/kernel.h"

static const TensorType all_types[] = {
    TYPE_F32, TYPE_F16, TYPE_BF16, TYPE_Q4_0, TYPE_Q4_1, TYPE_Q5_0, TYPE_Q5_1, TYPE_Q8_0,
    TYPE_Q4_K, TYPE_Q5_K, TYPE_Q6_K,
};

static double random_normal(void)
{
    double u = g_test_rand_double_range(1e-9, 1), v = g_test_rand_double();

    return sqrt(-2 * log(u)) * cos(2 * G_PI * v);
}

static float *random_floats(gsize n)
{
    float *x = g_new(float, n);

    for (gsize i = 0; i < n; i++)
        x[i] = (float) random_normal();
    return x;
}

static void put_half(guint8 *p, double value)
{
    guint16 h = float_to_f16((float) value);

    memcpy(p, &h, 2);
}

/* Random blocks: any bits will do for codes; scales must be sane numbers. */
static guint8 *random_rows(TensorType type, gsize rows, gsize columns)
{
    gsize bytes = type_row_bytes(type, columns), block = type_block_bytes(type);
    guint8 *data = g_malloc(rows * bytes + 1);

    for (gsize i = 0; i < rows * bytes; i++)
        data[i] = (guint8) g_test_rand_int_range(0, 256);
    for (gsize i = 0; i < rows * bytes; i += block) {
        guint8 *p = data + i;
        float f = (float) random_normal();

        if (type == TYPE_F32)
            memcpy(p, &f, 4);
        else if (type == TYPE_F16)
            put_half(p, (double) f);
        else if (type == TYPE_BF16)
            memcpy(p, (guint8 *) &f + 2, 2);
        else
            put_half(type == TYPE_Q6_K ? p + 208 : p, (double) f / 8);
        if (type == TYPE_Q4_1 || type == TYPE_Q5_1 || type == TYPE_Q4_K || type == TYPE_Q5_K)
            put_half(p + 2, (double) f / 16);
    }
    return data;
}

typedef struct {
    gint8 *q;
    float *scale, *sum;
    GroupSums *sums;
    QuantizedBatch batch;
} Quantized;

static Quantized quantized_new(const Kernels *k, const float *x, gsize tokens, gsize n)
{
    Quantized z = { g_new(gint8, tokens * n), g_new(float, tokens * n / 32 + 1), g_new(float, tokens * n / 32 + 1),
                    g_new(GroupSums, tokens * n / 32 + 1), { 0 } };

    for (gsize t = 0; t < tokens; t++)
        k->quantize(x + t * n, n, z.q + t * n, z.scale + t * (n / 32), z.sum + t * (n / 32), z.sums + t * (n / 32));
    z.batch = (QuantizedBatch) { tokens, n, z.q, z.scale, z.sum, z.sums };
    return z;
}

static void quantized_release(Quantized *z)
{
    g_free(z->q);
    g_free(z->scale);
    g_free(z->sum);
    g_free(z->sums);
}

static void *aligned_new(gsize bytes)
{
    return g_aligned_alloc(1, bytes, 64);
}

static float *run_linear(const Kernels *k, const Matrix *m, const Quantized *z, const float *x, gsize tokens)
{
    void *scratch = aligned_new(kernel_linear_scratch_bytes(m->columns));
    gsize stride = m->rows + 3;
    float *out = g_new0(float, tokens * stride);
    /* Cut as threads would: the cut must not matter. */
    gsize unit = m->panels ? KERNEL_PANEL : 1;
    gsize cut = unit * (gsize) g_test_rand_int_range(0, (gint32) (m->rows / unit) + 1);

    for (int part = 0; part < 2; part++) {
        gsize first = part ? cut : 0, count = part ? m->rows - cut : cut;
        if (type_block(m->type) > 1)
            k->linear(m, first, count, &z->batch, out, stride, scratch);
        else
            k->linear_float(m, first, count, x, tokens, out, stride, scratch);
    }
    g_aligned_free(scratch);
    return out;
}

/* All rows as panels, written in two calls.  Free with g_aligned_free. */
static guint8 *prepared(const Kernels *k, const Matrix *m)
{
    gsize panels = (m->rows + KERNEL_PANEL - 1) / KERNEL_PANEL, bytes = kernel_panel_bytes(m->type, m->columns);
    gsize cut = (gsize) g_test_rand_int_range(0, (gint32) panels);
    guint8 *out = aligned_new(panels * bytes);

    memset(out, 0xa5, panels * bytes);
    if (cut > 0)
        k->prepare(m, 0, cut * KERNEL_PANEL, out);
    k->prepare(m, cut * KERNEL_PANEL, m->rows - cut * KERNEL_PANEL, out + cut * bytes);
    return out;
}

/* Every set writes the panels that plain C writes, and computes from them what plain C computes from the rows. */
static void check_prepared(const Matrix *m, const Quantized *z, const float *x, gsize tokens, const float *want)
{
    gsize bytes = (m->rows + KERNEL_PANEL - 1) / KERNEL_PANEL * kernel_panel_bytes(m->type, m->columns);
    guint8 *panels = prepared(kernels_select("c"), m);
    Matrix with = *m;

    with.panels = panels;
    for (const Kernels *const *k = kernels_available(); *k; k++) {
        guint8 *mine = prepared(*k, m);
        g_autofree float *got = run_linear(*k, &with, z, x, tokens);

        g_test_message("%s, prepared %s %zu x %zu, %zu tokens", (*k)->name, type_name(m->type), m->rows, m->columns, tokens);
        g_assert_cmpmem(panels, bytes, mine, bytes);
        g_assert_cmpmem(want, tokens * (m->rows + 3) * sizeof(float), got, tokens * (m->rows + 3) * sizeof(float));
        g_aligned_free(mine);
    }
    g_aligned_free(panels);
}

/* |out - exact| within what the codes of the activations explain. */
static void check_linear(const Matrix *m, const Quantized *z, const float *x, gsize tokens, const float *out)
{
    g_autofree float *row = g_new(float, m->columns);

    for (gsize r = 0; r < m->rows; r++) {
        type_to_float(m->type, m->data + r * m->row_bytes, row, m->columns);
        for (gsize t = 0; t < tokens; t++) {
            double sum = 0, size = 0;
            for (gsize i = 0; i < m->columns; i++) {
                double a = type_block(m->type) > 1
                    ? (double) z->q[t * m->columns + i] * (double) z->scale[(t * m->columns + i) / 32]
                    : (double) x[t * m->columns + i];
                sum += a * (double) row[i];
                size += fabs(a * (double) row[i]);
            }
            g_assert_cmpfloat_with_epsilon((double) out[t * (m->rows + 3) + r], sum, 1e-5 * size + 1e-6);
        }
    }
}

static void test_linear(void)
{
    for (int round = 0; round < 110; round++) {
        TensorType type = all_types[round % 11];
        gsize block = MAX(type_block(type), 1), unit = block == 1 ? 4 : block;
        gsize columns = unit * (gsize) g_test_rand_int_range(1, block == 256 ? 4 : 24);
        gsize rows = (gsize) g_test_rand_int_range(1, 40), tokens = (gsize) g_test_rand_int_range(1, 30);
        g_autofree guint8 *data = random_rows(type, rows, columns);
        g_autofree float *x = random_floats(tokens * columns);
        Matrix m = { type, data, rows, columns, type_row_bytes(type, columns), NULL };
        gboolean shifted = block > 1 && round % 2;

        if (shifted) {  /* rows of a mapped file may begin anywhere */
            memmove(data + 1, data, rows * m.row_bytes);
            m.data = data + 1;
        }
        Quantized z = { 0 };
        if (columns % 32 == 0)
            z = quantized_new(kernels_select("c"), x, tokens, columns);
        g_autofree float *want = run_linear(kernels_select("c"), &m, &z, x, tokens);
        check_linear(&m, &z, x, tokens, want);
        for (const Kernels *const *k = kernels_available(); *k; k++) {
            g_autofree float *got = run_linear(*k, &m, &z, x, tokens);
            g_test_message("%s %s %zu x %zu, %zu tokens", (*k)->name, type_name(type), rows, columns, tokens);
            g_assert_cmpmem(want, tokens * (rows + 3) * sizeof(float), got, tokens * (rows + 3) * sizeof(float));
        }
        g_assert_true((kernel_panel_bytes(type, columns) == 0) == (block == 1));
        if (block > 1)
            check_prepared(&m, &z, x, tokens, want);
        /* One token at a time gives the same as all at once. */
        for (gsize t = 0; t < tokens; t++) {
            Quantized one = z;
            one.batch = (QuantizedBatch) { 1, columns, z.q + t * columns, z.scale + t * (columns / 32),
                                           z.sum + t * (columns / 32), z.sums + t * (columns / 32) };
            g_autofree float *got = run_linear(kernels_available()[0], &m, &one, x + t * columns, 1);
            g_assert_cmpmem(want + t * (rows + 3), rows * sizeof(float), got, rows * sizeof(float));
        }
        quantized_release(&z);
    }
}

static void test_blas(void)
{
    for (int round = 0; round < 22; round++) {
        TensorType type = all_types[round % 11];
        gsize columns = 256, rows = 150, tokens = (gsize) g_test_rand_int_range(1, 40);
        g_autofree guint8 *data = random_rows(type, rows, columns);
        g_autofree float *x = random_floats(tokens * columns), *out = g_new0(float, tokens * rows);
        g_autofree float *row = g_new(float, columns);
        g_autofree void *scratch = g_malloc(blas_scratch_bytes(columns));
        Matrix m = { type, data, rows, columns, type_row_bytes(type, columns), NULL };

        for (gsize first = 0; first < rows; first += KERNEL_BLAS_PANEL)
            blas_linear(&m, first, MIN((gsize) KERNEL_BLAS_PANEL, rows - first), x, tokens, out, rows, scratch);
        for (gsize r = 0; r < rows; r++) {
            type_to_float(type, data + r * m.row_bytes, row, columns);
            for (gsize t = 0; t < tokens; t++) {
                double sum = 0, size = 0;
                for (gsize i = 0; i < columns; i++) {
                    sum += (double) row[i] * (double) x[t * columns + i];
                    size += fabs((double) row[i] * (double) x[t * columns + i]);
                }
                g_assert_cmpfloat_with_epsilon((double) out[t * rows + r], sum, 1e-5 * size + 1e-6);
            }
        }
    }
}

static void test_elementwise(void)
{
    const Kernels *c = kernels_select("c");

    for (int round = 0; round < 50; round++) {
        gsize n = 32 * (gsize) g_test_rand_int_range(1, 20), tail = (gsize) g_test_rand_int_range(1, 600);
        g_autofree float *x = random_floats(MAX(n, tail)), *y = random_floats(MAX(n, tail));

        if (round == 0)
            memset(x, 0, n * sizeof *x);
        if (round == 1)
            for (gsize i = 0; i < tail; i++)
                x[i] = (float) (random_normal() * 200);
        Quantized want = quantized_new(c, x, 1, n);
        g_autofree float *want_glu = g_new(float, tail);
        c->swiglu(x, y, want_glu, tail);
        for (gsize i = 0; i < n; i++)
            g_assert_cmpfloat_with_epsilon((double) want.q[i] * (double) want.scale[i / 32], (double) x[i],
                                           0.5001 * (double) want.scale[i / 32] + 1e-9);
        for (gsize i = 0; i < tail; i++) {
            double exact = (double) x[i] / (1 + exp(-(double) x[i])) * (double) y[i];
            /* The argument of the exponential is rounded once: an error that grows with |x|. */
            g_assert_cmpfloat_with_epsilon((double) want_glu[i], exact,
                                           (1e-6 + 1.2e-7 * fabs((double) x[i])) * fabs(exact) + 1e-30);
        }
        for (const Kernels *const *k = kernels_available(); *k; k++) {
            Quantized got = quantized_new(*k, x, 1, n);
            g_autofree float *glu = g_new(float, tail);
            g_assert_cmpmem(want.q, n, got.q, n);
            g_assert_cmpmem(want.scale, n / 8, got.scale, n / 8);
            g_assert_cmpmem(want.sum, n / 8, got.sum, n / 8);
            g_assert_cmpmem(want.sums, n / 32 * sizeof(GroupSums), got.sums, n / 32 * sizeof(GroupSums));
            (*k)->swiglu(x, y, glu, tail);
            g_assert_cmpmem(want_glu, tail * sizeof(float), glu, tail * sizeof(float));
            quantized_release(&got);
        }
        quantized_release(&want);
    }
}

/* One case of attention: KEYS keys, the rows see the last tile up to VISIBLE. */
typedef struct {
    TileKind kind;
    gsize dim, rows, keys, tiles, tile_bytes;
    float *k, *v;               /* keys x dim */
    float *q;
    gint16 *q16;
    float *q16_scale;
    guint8 *data, *visible;
    float *own;                 /* the last tile in f32 layout */
} Case;

static void to_tile(const Case *c, gsize tile, float *to)
{
    memset(to, 0, 2 * 64 * c->dim * sizeof *to);
    for (gsize j = 0; j < 64 && tile * 64 + j < c->keys; j++)
        for (gsize d = 0; d < c->dim; d++) {
            to[d * 64 + j] = c->k[(tile * 64 + j) * c->dim + d];
            to[(64 + j) * c->dim + d] = c->v[(tile * 64 + j) * c->dim + d];
        }
}

static Case case_new(TileKind kind, gsize dim, gsize rows, gsize keys)
{
    Case c = { kind, dim, rows, keys, (keys + 63) / 64, kernel_tile_bytes(kind, dim), NULL };

    c.k = random_floats(keys * dim);
    c.v = random_floats(keys * dim);
    c.q = random_floats(rows * dim);
    for (gsize i = 0; i < rows * dim; i++)
        c.q[i] *= (float) (2 / sqrt((double) dim));
    c.q16 = g_new(gint16, rows * dim);
    c.q16_scale = g_new(float, rows);
    c.visible = g_new(guint8, rows);
    for (gsize r = 0; r < rows; r++) {
        c.q16_scale[r] = kernels_select("c")->quantize_query(c.q + r * dim, dim, c.q16 + r * dim);
        c.visible[r] = (guint8) g_test_rand_int_range(1, (gint32) ((keys - 1) % 64 + 2));
    }
    c.data = g_malloc(c.tiles * c.tile_bytes);
    c.own = g_new(float, 2 * 64 * dim);
    for (gsize t = 0; t < c.tiles; t++) {
        guint8 *tile = c.data + t * c.tile_bytes;

        to_tile(&c, t, c.own);
        if (kind == TILE_F32)
            memcpy(tile, c.own, c.tile_bytes);
        else if (kind == TILE_INT8)
            kernels_select("c")->quantize_tile(c.own, c.own + 64 * dim, dim, tile);
        else
            for (gsize i = 0; i < 2 * 64 * dim; i++)
                put_half(tile + 2 * i, (double) c.own[i]);
    }
    return c;
}

static void case_release(Case *c)
{
    void *all[] = { c->k, c->v, c->q, c->q16, c->q16_scale, c->visible, c->data, c->own };

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i]);
}

static AttendState state_new(gsize rows, gsize dim)
{
    float *f = g_new0(float, rows * (dim + 2));

    return (AttendState) { .max = f, .sum = f + rows, .out = f + 2 * rows };
}

/* The state's floats, and behind them the share of each tile for each row, [row][tile]. */
static float *run_attend(const Kernels *k, const Case *c)
{
    gsize size = c->rows * (c->dim + 2);
    g_autofree float *tile_max = g_new(float, c->tiles * c->rows), *tile_sum = g_new(float, c->tiles * c->rows);
    g_autofree void *scratch = g_malloc(kernel_attend_scratch_bytes(c->dim));
    AttendState total = state_new(c->rows, c->dim), part = state_new(c->rows, c->dim);

    for (gsize first = 0; first < c->tiles; first += KERNEL_SEGMENT) {
        AttendRows rows = {
            .kind = c->kind, .dim = c->dim, .rows = c->rows, .q = c->q, .q16 = c->q16, .q16_scale = c->q16_scale,
            .tiles = c->data + first * c->tile_bytes, .tile_stride = c->tile_bytes,
            .whole = MIN(c->tiles - 1 - first, KERNEL_SEGMENT), .own = c->tiles - first <= KERNEL_SEGMENT,
            .own_k = c->own, .own_v = c->own + 64 * c->dim, .visible = c->visible,
        };
        AttendState to = first ? part : total;

        to.tile_max = tile_max + first * c->rows;
        to.tile_sum = tile_sum + first * c->rows;
        to.tile_stride = c->rows;
        k->attend_segment(&rows, to, scratch);
        if (first)
            k->attend_merge(c->rows, c->dim, total, part);
    }
    g_free(part.max);
    total.max = g_renew(float, total.max, size + c->rows * c->tiles);
    for (gsize r = 0; r < c->rows; r++)
        k->attend_mass(tile_max + r, tile_sum + r, c->rows, c->tiles, total.max[r], total.max[c->rows + r],
                       total.max + size + r * c->tiles);
    return total.max;
}

static double attend_error(const Case *c, const float *state)
{
    double worst = 0;

    for (gsize r = 0; r < c->rows; r++) {
        gsize seen = (c->tiles - 1) * 64 + c->visible[r];
        g_autofree double *out = g_new0(double, c->dim);
        g_autofree double *mass = g_new0(double, c->tiles);
        double sum = 0;

        for (gsize j = 0; j < seen; j++) {
            double s = 0;
            for (gsize d = 0; d < c->dim; d++)
                s += (double) c->q[r * c->dim + d] * (double) c->k[j * c->dim + d];
            sum += exp2(s);
            mass[j / 64] += exp2(s);
            for (gsize d = 0; d < c->dim; d++)
                out[d] += exp2(s) * (double) c->v[j * c->dim + d];
        }
        for (gsize d = 0; d < c->dim; d++) {
            double got = (double) state[2 * c->rows + r * c->dim + d] / (double) state[c->rows + r];
            worst = MAX(worst, fabs(got - out[d] / sum));
        }
        for (gsize t = 0; t < c->tiles; t++)
            worst = MAX(worst, fabs((double) state[c->rows * (c->dim + 2) + r * c->tiles + t] - mass[t] / sum));
    }
    return worst;
}

static void test_attention(void)
{
    static const gsize dims[] = { 4, 8, 16, 20, 32, 64, 80, 128 };
    static const double bounds[] = { 0.08, 2e-3, 1e-5 };     /* int8, f16, f32 */

    for (int round = 0; round < 72; round++) {
        gsize keys = round % 5 ? (gsize) g_test_rand_int_range(1, 400) : (gsize) g_test_rand_int_range(1000, 2300);
        Case c = case_new((TileKind) (round % 3), dims[round / 3 % 8], (gsize) g_test_rand_int_range(1, 40), keys);
        g_autofree float *want = run_attend(kernels_select("c"), &c);
        double error = attend_error(&c, want);

        g_test_message("kind %u dim %zu rows %zu keys %zu: error %.2g", c.kind, c.dim, c.rows, c.keys, error);
        g_assert_cmpfloat(error, <, bounds[c.kind]);
        for (const Kernels *const *k = kernels_available(); *k; k++) {
            g_autofree float *got = run_attend(*k, &c);
            g_autofree guint8 *tile = g_malloc(kernel_tile_bytes(TILE_INT8, c.dim));
            g_autofree guint8 *tile_c = g_malloc(kernel_tile_bytes(TILE_INT8, c.dim));
            gsize bytes = c.rows * (c.dim + 2 + c.tiles) * sizeof(float);
            g_assert_cmpmem(want, bytes, got, bytes);
            (*k)->quantize_tile(c.own, c.own + 64 * c.dim, c.dim, tile);
            kernels_select("c")->quantize_tile(c.own, c.own + 64 * c.dim, c.dim, tile_c);
            g_assert_cmpmem(tile, kernel_tile_bytes(TILE_INT8, c.dim), tile_c, kernel_tile_bytes(TILE_INT8, c.dim));
        }
        case_release(&c);
    }
}

/* Keys that differ by little from a common vector with great entries, as RoPE's slow pairs and biases make them: the 8 bits must
 * be spent on the differences. */
static void test_common_keys(void)
{
    static const gsize dims[] = { 8, 64, 128, 512 };

    for (gsize i = 0; i < G_N_ELEMENTS(dims); i++) {
        gsize dim = dims[i], keys = 64 * 3 + 5;
        Case c = case_new(TILE_INT8, dim, 7, keys);

        for (gsize j = 0; j < keys; j++)
            for (gsize d = 0; d < dim; d += 4)
                c.k[j * dim + d] += 40;
        for (gsize t = 0; t < c.tiles; t++) {
            to_tile(&c, t, c.own);
            kernels_select("c")->quantize_tile(c.own, c.own + 64 * dim, dim, c.data + t * c.tile_bytes);
        }
        g_autofree float *state = run_attend(kernels_select("c"), &c);
        g_test_message("dim %zu: error %.2g", dim, attend_error(&c, state));
        g_assert_cmpfloat(attend_error(&c, state), <, 0.02);
        case_release(&c);
    }
}

/* Queries and keys of which every product is the greatest that there is, with one sign: sums of 32 bits must hold them. */
static void test_greatest(void)
{
    static const gsize dims[] = { 4, 12, 128, 256, 1024 };

    for (gsize i = 0; i < G_N_ELEMENTS(dims); i++) {
        gsize dim = dims[i];
        Case c = case_new(TILE_INT8, dim, 5, 65);

        for (gsize d = 0; d < dim; d++) {
            for (gsize r = 0; r < c.rows; r++)
                c.q[r * dim + d] = (float) (1 / (double) dim);
            for (gsize j = 0; j < c.keys; j++)
                c.k[j * dim + d] = j % 2 ? 3 : -3;
        }
        for (gsize r = 0; r < c.rows; r++)
            c.q16_scale[r] = kernels_select("c")->quantize_query(c.q + r * dim, dim, c.q16 + r * dim);
        to_tile(&c, 0, c.own);
        kernels_select("c")->quantize_tile(c.own, c.own + 64 * dim, dim, c.data);
        to_tile(&c, 1, c.own);
        g_autofree float *want = run_attend(kernels_select("c"), &c);
        g_assert_cmpfloat(attend_error(&c, want), <, 0.03);
        for (const Kernels *const *k = kernels_available(); *k; k++) {
            g_autofree float *got = run_attend(*k, &c);
            gsize bytes = c.rows * (dim + 2 + c.tiles) * sizeof(float);
            g_assert_cmpmem(want, bytes, got, bytes);
        }
        case_release(&c);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel/linear", test_linear);
    g_test_add_func("/kernel/blas", test_blas);
    g_test_add_func("/kernel/elementwise", test_elementwise);
    g_test_add_func("/kernel/attention", test_attention);
    g_test_add_func("/kernel/attention/common", test_common_keys);
    g_test_add_func("/kernel/attention/greatest", test_greatest);
    return g_test_run();
}
