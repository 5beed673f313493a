#pragma once

/* What an upstream's answer means (OTLP specification, "OTLP/HTTP Response" and "Failures"). */

#include "agent/component/common/otelcol_export/export.h"

/* As struct export_protocol has them. */
void otlphttp_judge(const struct http_call *call, enum http_outcome outcome, struct verdict *v,
	struct buf *why);
uint32_t otlphttp_partial(
	const struct http_call *call, enum otlp_kind kind, uint32_t items, struct buf *message);
