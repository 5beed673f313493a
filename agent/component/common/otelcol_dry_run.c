/* Standard output is flushed with each request, so that a pipe sees it when it happens. */

#include "agent/component/common/otelcol_dry_run.h"

#include "agent/base/buf.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/text.h"

#include <stdio.h>

void otelcol_dry_run_print(enum dry_run how, const struct telemetry *t)
{
	struct buf out = {0};

	switch (how) {
	case DRY_RUN_OFF:
		break;
	case DRY_RUN_TEXT:
		otlp_text_print((enum otlp_kind)t->kind, t->bytes, OTLP_TEXT_SHORT, &out);
		break;
	case DRY_RUN_JSON:
		otlp_json_print(otlp_request((enum otlp_kind)t->kind), t->bytes, &out);
		buf_add_char(&out, '\n');
		break;
	}
	fwrite(out.p, 1, out.n, stdout);
	fflush(stdout);
	buf_fini(&out);
}
