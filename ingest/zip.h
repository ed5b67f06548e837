/* zip.h - a zip archive in memory whose members are asked for by name: EPUB, office documents (internal to ingest).
 *
 * Nothing is written to disk, so a member's path is a name and leads nowhere.  The sum of what is unpacked is
 * bounded (UNPACK_MAX), as is the number of members.
 */
#ifndef KVASIR_INGEST_ZIP_H
#define KVASIR_INGEST_ZIP_H

#include <glib.h>

typedef struct Zip Zip;

/* BYTES must stay as long as the Zip.  FAILURE_INPUT when they are no whole zip archive. */
Zip *zip_open(const char *path, const guint8 *bytes, gsize length, GError **error);
void zip_close(Zip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Zip, zip_close)

gboolean zip_has(const Zip *zip, const char *name);
/* Unpacks those members of NAMES (a set of char*) that there are, in one go over the archive.  FAILURE_INPUT
 * when one is damaged, encrypted by the archive, or there is too much of it. */
gboolean zip_load(Zip *zip, GHashTable *names, GError **error);
/* The same for one. */
gboolean zip_load_one(Zip *zip, const char *name, GError **error);
/* The content of a member that was loaded, owned by ZIP; NULL if there was none. */
const GByteArray *zip_member(const Zip *zip, const char *name);

/* The member that REFERENCE, as it stands in member BASE, means: percent signs decoded, "..", "?" and "#" resolved; to be
 * freed.  NULL when it leaves the archive or is no relative reference. */
char *zip_resolve(const char *base, const char *reference);

#endif
