/* panel.c.h - panels of prepared weights in plain C: what layout.h says, written and read.
 *
 * Part of template.c.h, whose Row and unpack functions it uses.
 */

/* Where the code of COLUMN and ROW lies in a group of CODES. */
static inline void SET(put_code)(int bits, uint8_t *codes, size_t column, size_t row, unsigned code)
{
    size_t s = column / 4, k = s % 4, at = row * 4 + column % 4;

    switch (bits) {
    case 8:
        codes[s * 64 + at] = (uint8_t) code;
        return;
    case 6:
        codes[s / 4 * 64 + at] = (uint8_t) (codes[s / 4 * 64 + at] | (code >> 4) << 2 * k);
        codes += 128;
        break;
    case 5:
        codes[at] = (uint8_t) (codes[at] | (code >> 4) << s);
        codes += 64;
        break;
    default:
        break;
    }
    codes[k * 64 + at] = (uint8_t) (codes[k * 64 + at] | (code & 15) << (s < 4 ? 0 : 4));
}

static inline unsigned SET(get_code)(int bits, const uint8_t *codes, size_t column, size_t row)
{
    size_t s = column / 4, k = s % 4, at = row * 4 + column % 4;
    unsigned high = 0;

    switch (bits) {
    case 8:
        return codes[s * 64 + at];
    case 6:
        high = (codes[s / 4 * 64 + at] >> 2 * k & 3u) << 4;
        codes += 128;
        break;
    case 5:
        high = (codes[at] >> s & 1u) << 4;
        codes += 64;
        break;
    default:
        break;
    }
    return high | (codes[k * 64 + at] >> (s < 4 ? 0 : 4) & 15u);
}

/* The scales of the block P as row LANE of the block SCALES of a panel. */
static void SET(put_scales)(TensorType type, const uint8_t *p, uint8_t *scales, size_t lane)
{
    const size_t half = 2 * KERNEL_PANEL;
    uint8_t sc[8], mn[8];

    switch (type) {
    case TYPE_Q6_K:
        memcpy(scales + 2 * lane, p + 208, 2);
        for (size_t j = 0; j < 8; j++)
            memcpy(scales + half * (j + 1) + 2 * lane, p + 192 + 2 * j, 2);
        return;
    case TYPE_Q4_K:
    case TYPE_Q5_K:
        SET(scales_k4)(p + 4, sc, mn);
        for (size_t j = 0; j < 8; j++) {
            scales[half * (j + 2) + lane] = sc[j];
            scales[half * (j + 2) + KERNEL_PANEL + lane] = mn[j];
        }
        break;
    default:
        break;
    }
    memcpy(scales + 2 * lane, p, 2);
    if (has_offset(type))
        memcpy(scales + half + 2 * lane, p + 2, 2);
}

/* Scales, offsets and halves of the groups of a block, out of a panel. */
static inline void SET(get_scales)(TensorType type, const uint8_t *scales, size_t lane, SET(Row) row)
{
    const size_t half = 2 * KERNEL_PANEL;
    float d = SET(load_half)(scales + 2 * lane), m = has_offset(type) ? SET(load_half)(scales + half + 2 * lane) : 0;

    for (size_t j = 0; j < type_block(type) / KERNEL_GROUP; j++) {
        const uint8_t *group = scales + half * (j + (has_offset(type) ? 2 : 1));

        row.d[j] = d;
        row.m[j] = m;
        if (type == TYPE_Q6_K)
            memcpy(row.half + 2 * j, group + 2 * lane, 2);
        if (type == TYPE_Q4_K || type == TYPE_Q5_K) {
            row.d[j] = d * (float) group[lane];
            row.m[j] = -(m * (float) group[KERNEL_PANEL + lane]);
        }
    }
}

#ifndef OWN_PREPARE
static void SET(prepare)(const Matrix *w, size_t first, size_t count, uint8_t *out)
{
    PanelLayout layout = panel_layout(w->type);
    size_t bytes = kernel_panel_bytes(w->type, w->columns), groups = w->columns / KERNEL_GROUP;
    size_t block = type_block(w->type), block_bytes = type_block_bytes(w->type);
    int8_t q[256], half[16];
    float d[8], m[8];

    memset(out, 0, (count + KERNEL_PANEL - 1) / KERNEL_PANEL * bytes);
    for (size_t r = 0; r < count; r++) {
        uint8_t *panel = out + r / KERNEL_PANEL * bytes, *scales = panel + groups * layout.code_bytes;
        size_t lane = r % KERNEL_PANEL;

        for (size_t b = 0; b < w->columns / block; b++) {
            const uint8_t *p = w->data + (first + r) * w->row_bytes + b * block_bytes;
            Matrix one = { .type = w->type, .data = p, .rows = 1, .columns = block, .row_bytes = block_bytes };

            SET(unpack)(&one, 0, (SET(Row)) { q, d, m, half });
            for (size_t i = 0; i < block; i++)
                SET(put_code)(layout.bits, panel + (b * block + i) / KERNEL_GROUP * layout.code_bytes,
                              i % KERNEL_GROUP, lane, (unsigned) (q[i] + layout.zero) & 0xff);
            SET(put_scales)(w->type, p, scales + b * layout.scale_bytes, lane);
        }
    }
}
#endif

/* Row R out of its panel. */
static inline void SET(unpack_panel)(const Matrix *w, size_t r, SET(Row) row)
{
    PanelLayout layout = panel_layout(w->type);
    size_t groups = w->columns / KERNEL_GROUP, per_block = type_block(w->type) / KERNEL_GROUP;
    const uint8_t *panel = w->panels + r / KERNEL_PANEL * kernel_panel_bytes(w->type, w->columns);
    const uint8_t *scales = panel + groups * layout.code_bytes;

    for (size_t g = 0; g < groups; g++)
        for (size_t i = 0; i < KERNEL_GROUP; i++)
            row.q[g * KERNEL_GROUP + i] = (int8_t) ((int) SET(get_code)(layout.bits, panel + g * layout.code_bytes, i,
                                                                        r % KERNEL_PANEL) - layout.zero);
    for (size_t g = 0; g < groups; g += per_block)
        SET(get_scales)(w->type, scales + g / per_block * layout.scale_bytes, r % KERNEL_PANEL,
                        (SET(Row)) { row.q, row.d + g, row.m + g, row.half + 2 * g });
}
