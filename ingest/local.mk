# ingest: documents to text with page anchors, text to a packed prompt.
noinst_LIBRARIES += libingest.a
libingest_a_SOURCES = \
	ingest/across.c \
	ingest/article.c ingest/article.h \
	ingest/cells.c \
	ingest/clean.c ingest/clean.h \
	ingest/clutter.c \
	ingest/document.c ingest/document.h \
	ingest/drawing.c ingest/drawing.h \
	ingest/encoding.c ingest/encoding.h \
	ingest/furniture.c \
	ingest/grid.c ingest/ruled.h \
	ingest/gutter.c \
	ingest/headings.c \
	ingest/html.c ingest/html.h \
	ingest/htmlhidden.c \
	ingest/htmltext.c \
	ingest/hyphen.c \
	ingest/labels.c \
	ingest/lamalef.c \
	ingest/layout.h \
	ingest/likeness.c \
	ingest/markdown.c \
	ingest/notemark.c \
	ingest/order.c ingest/order.h \
	ingest/outline.c ingest/outline.h \
	ingest/pack.c ingest/pack.h \
	ingest/paragraph.c \
	ingest/pdf.c \
	ingest/pdfextras.c ingest/pdfextras.h \
	ingest/places.c ingest/places.h \
	ingest/pool.c ingest/pool.h \
	ingest/reader.h \
	ingest/recognise.c ingest/recognise.h \
	ingest/ruledtable.c \
	ingest/rules.c \
	ingest/sandbox.c ingest/sandbox.h \
	ingest/sections.c ingest/sections.h \
	ingest/sketch.c ingest/sketch.h \
	ingest/table.c ingest/table.h \
	ingest/text.c \
	ingest/wire.c ingest/wire.h \
	ingest/words.c \
	ingest/worker.c
# Formats that other programs and libraries unpack.
libingest_a_SOURCES += \
	ingest/bibliography.c ingest/bibliography.h \
	ingest/bibtex.c \
	ingest/body.c ingest/body.h \
	ingest/csljson.c \
	ingest/docx.c \
	ingest/epub.c \
	ingest/ignore.c ingest/ignore.h \
	ingest/man.c \
	ingest/mhtml.c \
	ingest/latex.c \
	ingest/odf.c \
	ingest/office.c ingest/office.h \
	ingest/pptx.c \
	ingest/program.c ingest/program.h \
	ingest/references.h \
	ingest/site.c \
	ingest/tree.c ingest/tree.h \
	ingest/unseen.c ingest/unseen.h \
	ingest/warc.c \
	ingest/unpack.c ingest/unpack.h \
	ingest/xml.c ingest/xml.h \
	ingest/zip.c ingest/zip.h
libingest_a_CFLAGS = $(AM_CFLAGS) $(LIBARCHIVE_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS) $(POPPLER_CFLAGS) $(LIBXML_CFLAGS) $(UCHARDET_CFLAGS) $(SECCOMP_CFLAGS) \
	$(BROTLI_CFLAGS) $(ZSTD_CFLAGS)
