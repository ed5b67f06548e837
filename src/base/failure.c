/* failure.c - the kinds of failure and their exit statuses. */
#include "config.h"
#include "src/base/failure.h"

G_DEFINE_QUARK(kvasir-failure, failure)

int failure_exit_status(const GError *error)
{
    if (error->domain == G_OPTION_ERROR)
        return 2;
    if (error->domain != FAILURE)
        return 4;
    switch ((Failure) error->code) {
    case FAILURE_USAGE:
        return 2;
    case FAILURE_INPUT:
    case FAILURE_PASSWORD:
        return 3;
    case FAILURE_MODEL:
    case FAILURE_CACHE:
    case FAILURE_SYSTEM:
        return 4;
    case FAILURE_INTERRUPTED:
        return 75;
    }
    return 4;
}
