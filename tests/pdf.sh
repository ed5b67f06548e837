# pdf.sh - PDF files for shell tests; to be sourced.
#
#     pdf FILE [CATALOGUE [OBJECTS [PAGE]]]   a PDF of one page, whose content stream is standard input; /F is Helvetica, /I an
#                                             image of one grey.  CATALOGUE goes into the catalogue, PAGE into the page, OBJECTS
#                                             (from number 6 on) behind the others
pdf() {
    cat >.stream
    {
        printf '%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R %s >>\nendobj\n' "$2"
        printf '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n'
        printf '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R %s\n' "$4"
        printf '/Resources << /XObject << /I 5 0 R >> /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>\nendobj\n'
        printf '4 0 obj\n<< /Length %s >>\nstream\n' "$(wc -c <.stream)"
        cat .stream
        printf '\nendstream\nendobj\n5 0 obj\n<< /Type /XObject /Subtype /Image /Width 4 /Height 2 /ColorSpace /DeviceGray\n'
        printf '/BitsPerComponent 8 /Length 8 >>\nstream\n@@@@@@@@\nendstream\nendobj\n%s\ntrailer\n<< /Root 1 0 R /Size 99 >>\n%%%%EOF\n' "$3"
    } >"$1"
    rm .stream
}
