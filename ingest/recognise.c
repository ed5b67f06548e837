/* recognise.c - the text of a page that is an image, by tesseract. */
#include "config.h"
#include "ingest/recognise.h"

#include <math.h>
#include <string.h>

#include "ingest/program.h"

/* What tesseract is made for; a page that would have more dots is drawn coarser. */
static const double DOTS_PER_INCH = 300, DOTS_MAX = 40e6;
/* For one page: of processor time, and of its text. */
enum { SECONDS = 60, TEXT_MAX = 4 << 20 };

/* PAGE in shades of grey on white, as a PGM file; NULL when it cannot be drawn. */
static GByteArray *draw(PopplerPage *page)
{
    double width, height;
    poppler_page_get_size(page, &width, &height);
    double scale = DOTS_PER_INCH / 72;
    if (!(width > 0 && height > 0))
        return NULL;
    if (width * height * scale * scale > DOTS_MAX)
        scale = sqrt(DOTS_MAX / (width * height));
    int columns = (int) MAX(width * scale, 1), rows = (int) MAX(height * scale, 1);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns, rows);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_scale(cairo, scale, scale);
    poppler_page_render(page, cairo);
    cairo_surface_flush(surface);
    GByteArray *out = NULL;
    if (cairo_status(cairo) == CAIRO_STATUS_SUCCESS) {
        g_autofree char *head = g_strdup_printf("P5 %d %d 255\n", columns, rows);
        const guint8 *pixels = cairo_image_surface_get_data(surface);
        int stride = cairo_image_surface_get_stride(surface);
        out = g_byte_array_sized_new((guint) (columns * rows) + 32);
        g_byte_array_append(out, (const guint8 *) head, (guint) strlen(head));
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++) {
                guint32 p;
                memcpy(&p, pixels + (gsize) y * (gsize) stride + 4 * (gsize) x, sizeof p);
                guint grey = ((p >> 16 & 255) * 77 + (p >> 8 & 255) * 150 + (p & 255) * 29) >> 8;
                g_byte_array_append(out, (const guint8[]) { (guint8) grey }, 1);
            }
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return out;
}

char *recognise_page(PopplerPage *page, const char *path, const char *language)
{
    g_autofree char *program = g_find_program_in_path("tesseract");
    g_autoptr(GByteArray) image = program ? draw(page) : NULL;
    const char *argv[] = { program, "stdin", "stdout", "-l", language, "--dpi", "300", NULL };
    if (!image)
        return NULL;
    g_autoptr(GByteArray) out = program_filter(path, argv, image->data, image->len, SECONDS, TEXT_MAX, NULL);
    if (!out || !g_utf8_validate((const char *) out->data, (gssize) out->len, NULL))
        return NULL;
    g_autofree char *text = g_strstrip(g_strndup((const char *) out->data, out->len));
    return *text ? g_steal_pointer(&text) : NULL;
}
