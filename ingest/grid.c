/* grid.c - cells of tables from the lines that are drawn.
 *
 * Rules that touch make a table.  Their places make a grid of fields; fields with no rule between them are one cell.  The sides of
 * a table need not be drawn: it ends where its rules do.
 */
#include "config.h"

#include "ingest/ruled.h"

/* Points: so far apart two rules still touch, or stand in the same place. */
static const float TOUCH = 4, SAME = 4;
/* A rule parts two fields when it runs along all of their side but this share. */
static const float OPEN_SHARE = 0.1f;
enum { RULES_MAX = 2000, PLACES_MAX = 200, TABLES_MAX = 64 };

/* A table on its way. */
typedef struct {
    GArray *across, *down;  /* Rule */
    GArray *x, *y;          /* float: where its columns and rows begin, and the last ones end */
    guint *cell;            /* of each field, row by row: the number of the first field of its cell */
    guint columns, rows;
    gboolean known;         /* that it is a table: its sides were put because of that */
} Grid;

static gboolean touch(const Rule *across, const Rule *down)
{
    return down->at > across->from - TOUCH && down->at < across->to + TOUCH
        && across->at > down->from - TOUCH && across->at < down->to + TOUCH;
}

static guint root(guint *parent, guint i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* The table that each rule belongs to, those across first: the number of one of its rules; to be freed. */
static guint *find_tables(const GArray *across, const GArray *down)
{
    guint *parent = g_new(guint, across->len + down->len);
    for (guint i = 0; i < across->len + down->len; i++)
        parent[i] = i;
    for (guint i = 0; i < across->len; i++)
        for (guint k = 0; k < down->len; k++)
            if (touch(&g_array_index(across, Rule, i), &g_array_index(down, Rule, k)))
                parent[root(parent, i)] = root(parent, across->len + k);
    for (guint i = 0; i < across->len + down->len; i++)
        parent[i] = root(parent, i);
    return parent;
}

static int compare_floats(gconstpointer a, gconstpointer b)
{
    float x = *(const float *) a, y = *(const float *) b;
    return x < y ? -1 : x > y;
}

/* The places of RULES and the ends of the rules ENDS, sorted, those that are the same once. */
static GArray *places(const GArray *rules, const GArray *ends)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(float));
    float first = G_MAXFLOAT, last = -G_MAXFLOAT;
    for (guint i = 0; i < rules->len; i++)
        g_array_append_val(all, g_array_index(rules, Rule, i).at);
    for (guint i = 0; i < ends->len; i++) {
        first = MIN(first, g_array_index(ends, Rule, i).from);
        last = MAX(last, g_array_index(ends, Rule, i).to);
    }
    g_array_append_val(all, first);
    g_array_append_val(all, last);
    g_array_sort(all, compare_floats);
    guint n = 0;
    for (guint i = 1; i < all->len; i++)
        if (g_array_index(all, float, i) - g_array_index(all, float, n) > SAME)
            g_array_index(all, float, ++n) = g_array_index(all, float, i);
    g_array_set_size(all, n + 1);
    return all;
}

/* Whether one of RULES stands AT and runs from FROM to TO. */
static gboolean is_ruled(const GArray *rules, float at, float from, float to)
{
    float open = MAX(OPEN_SHARE * (to - from), SAME);
    for (guint i = 0; i < rules->len; i++) {
        const Rule *r = &g_array_index(rules, Rule, i);
        if (ABS(r->at - at) <= SAME && MIN(r->to, to) - MAX(r->from, from) >= to - from - open)
            return TRUE;
    }
    return FALSE;
}

static float place(const GArray *places, guint i)
{
    return g_array_index(places, float, i);
}

/* Takes fields that no rule parts together. */
static void join_fields(Grid *grid)
{
    for (guint row = 0; row < grid->rows; row++)
        for (guint column = 0; column < grid->columns; column++) {
            guint field = row * grid->columns + column;
            float x0 = place(grid->x, column), x1 = place(grid->x, column + 1);
            float y0 = place(grid->y, row), y1 = place(grid->y, row + 1);
            if (column + 1 < grid->columns && !is_ruled(grid->down, x1, y0, y1))
                grid->cell[root(grid->cell, field + 1)] = root(grid->cell, field);
            if (row + 1 < grid->rows && !is_ruled(grid->across, y1, x0, x1))
                grid->cell[root(grid->cell, field + grid->columns)] = root(grid->cell, field);
        }
}

/* A cell while its fields are counted. */
typedef struct {
    guint left, right, top, bottom, fields;
} Extent;

/* Parts cells again that are no rectangles, and numbers each by its first field. */
static void settle_cells(Grid *grid)
{
    guint n = grid->columns * grid->rows;
    g_autofree Extent *extent = g_new0(Extent, n);
    g_autofree guint *first = g_new(guint, n);
    for (guint i = 0; i < n; i++) {
        guint row = i / grid->columns, column = i % grid->columns, cell = root(grid->cell, i);
        Extent *e = &extent[cell];
        if (e->fields++ == 0) {
            *e = (Extent) { column, column, row, row, 1 };
            first[cell] = i;
        }
        e->left = MIN(e->left, column);
        e->right = MAX(e->right, column);
        e->bottom = row;
    }
    for (guint i = 0; i < n; i++)
        grid->cell[i] = root(grid->cell, i);
    for (guint i = 0; i < n; i++) {
        const Extent *e = &extent[grid->cell[i]];
        gboolean whole = e->fields == (e->right - e->left + 1) * (e->bottom - e->top + 1);
        grid->cell[i] = whole ? first[grid->cell[i]] : i;
    }
}

/* The place in PLACES behind which AT stands; the number of places: it is outside. */
static guint interval(const GArray *places, float at)
{
    guint low = 0, high = places->len - 1;
    if (at < place(places, 0) || at >= place(places, high))
        return places->len;
    while (high - low > 1) {
        guint middle = (low + high) / 2;
        if (at < place(places, middle))
            high = middle;
        else
            low = middle;
    }
    return low;
}

/* The field where the middle of BOX stands, or G_MAXUINT. */
static guint field_at(const Grid *grid, const Box *box)
{
    guint column = interval(grid->x, (box->x0 + box->x1) / 2), row = interval(grid->y, (box->y0 + box->y1) / 2);
    return column < grid->columns && row < grid->rows ? row * grid->columns + column : G_MAXUINT;
}

/* Whether this many rows of the grid have text in several cells: less is a frame, or a chart. */
static gboolean is_table(const Grid *grid, const PageLayout *layout)
{
    const guint least = grid->known ? 1 : 2;
    g_autofree guint8 *filled = g_new0(guint8, grid->columns * grid->rows);
    guint rows = 0;
    for (guint i = 0; i < layout->words->len; i++) {
        const Word *w = &g_array_index(layout->words, Word, i);
        guint field = w->run == layout->run && !w->cell ? field_at(grid, &w->box) : G_MAXUINT;
        if (field != G_MAXUINT)
            filled[grid->cell[field]] = 1;
    }
    for (guint row = 0; row < grid->rows; row++) {
        guint cells = 0;
        for (guint column = 0; column < grid->columns; column++)
            cells += filled[row * grid->columns + column];
        rows += cells >= 2;
    }
    return rows >= least;
}

/* Appends GRID's cells that have words to LAYOUT's. */
static void add_cells(const Grid *grid, PageLayout *layout, guint table)
{
    g_autofree guint *number = g_new0(guint, grid->columns * grid->rows);
    for (guint i = 0; i < layout->words->len; i++) {
        const Word *w = &g_array_index(layout->words, Word, i);
        guint field = w->run == layout->run && !w->cell ? field_at(grid, &w->box) : G_MAXUINT;
        if (field != G_MAXUINT)
            number[grid->cell[field]] = 1;
    }
    for (guint i = 0; i < grid->columns * grid->rows; i++) {
        guint row = i / grid->columns, column = i % grid->columns;
        if (!number[i])
            continue;
        Cell cell = { .table = table, .row = row, .left = place(grid->x, column) };
        for (guint k = column; k < grid->columns && grid->cell[row * grid->columns + k] == i; k++)
            cell.right = place(grid->x, k + 1);
        g_array_append_val(layout->cells, cell);
        number[i] = layout->cells->len;
    }
    for (guint i = 0; i < layout->words->len; i++) {
        Word *w = &g_array_index(layout->words, Word, i);
        guint field = w->run == layout->run && !w->cell ? field_at(grid, &w->box) : G_MAXUINT;
        if (field != G_MAXUINT)
            w->cell = number[grid->cell[field]];
    }
}

/* The rules of ALL, the first of which has the number FIRST, that belong to TABLE. */
static GArray *rules_of(const GArray *all, guint first, const guint *tables, guint table)
{
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(Rule));
    for (guint i = 0; i < all->len; i++)
        if (tables[first + i] == table)
            g_array_append_val(rules, g_array_index(all, Rule, i));
    return rules;
}

/* Adds the cells of TABLE to LAYOUT if it is a table. */
static void add_table(PageLayout *layout, const GArray *across, const GArray *down, guint drawn, const guint *tables, guint table)
{
    Grid grid = { rules_of(across, 0, tables, table), rules_of(down, across->len, tables, table), .known = TRUE };
    for (guint i = 0; i < drawn; i++)
        grid.known &= tables[across->len + i] != table;
    if (grid.across->len >= 2 && grid.down->len >= 1) {
        grid.x = places(grid.down, grid.across);
        grid.y = places(grid.across, grid.down);
        grid.columns = grid.x->len - 1;
        grid.rows = grid.y->len - 1;
        if (grid.columns >= 2 && grid.rows >= (grid.known ? 1 : 2) && grid.columns < PLACES_MAX && grid.rows < PLACES_MAX) {
            grid.cell = g_new(guint, grid.columns * grid.rows);
            for (guint i = 0; i < grid.columns * grid.rows; i++)
                grid.cell[i] = i;
            join_fields(&grid);
            settle_cells(&grid);
            if (is_table(&grid, layout))
                add_cells(&grid, layout, layout->tables++);
            g_free(grid.cell);
        }
        g_array_unref(grid.x);
        g_array_unref(grid.y);
    }
    g_array_unref(grid.across);
    g_array_unref(grid.down);
}

gboolean grid_find(PageLayout *layout, const GArray *across, const GArray *down, guint drawn)
{
    if (across->len > RULES_MAX || down->len > RULES_MAX)
        return FALSE;
    g_autofree guint *tables = find_tables(across, down);
    layout->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    for (guint i = 0; i < across->len && layout->tables < TABLES_MAX; i++) {
        guint k = 0;
        while (k < i && tables[k] != tables[i])
            k++;
        if (k == i)
            add_table(layout, across, down, drawn, tables, tables[i]);
    }
    return layout->tables > 0;
}
