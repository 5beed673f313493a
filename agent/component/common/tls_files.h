#pragma once

/* The rows of a block for TLS that say whom to trust and who we are. The owner's struct has a
 * struct str for each. */

#include "agent/graph/arg.h"

/* clang-format off */
#define TLS_FILES_ARGS(owner) \
	ARG(owner, ca_pem, .type = ARG_STR, \
		.help = "Certificates to trust in place of the system's, as PEM text."), \
	ARG(owner, ca_file, .type = ARG_STR, .help = "File with such certificates."), \
	ARG(owner, cert_pem, .type = ARG_STR, .help = "Our certificate, as PEM text."), \
	ARG(owner, cert_file, .type = ARG_STR, .help = "File with our certificate."), \
	ARG(owner, key_pem, .type = ARG_SECRET, .help = "Its key, as PEM text."), \
	ARG(owner, key_file, .type = ARG_STR, .help = "File with its key.")
/* clang-format on */
