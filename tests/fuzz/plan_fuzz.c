/*
 * A text as a whole configuration: parsed, planned and checked against the tables of real
 * components, as `invar validate` does it.
 */

#include "agent/config/ast.h"
#include "agent/config/eval.h"
#include "agent/config/read.h"
#include "agent/graph/plan.h"

#include "agent/base/must.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern const struct component_type discovery_kubernetes, discovery_relabel, http, import_string,
	local_file_match, logging, loki_process, loki_relabel, loki_source_file, loki_write,
	otelcol_auth_basic,
	otelcol_exporter_otlphttp, otelcol_processor_batch, otelcol_receiver_otlp, remotecfg,
	tracing;

static const struct component_type *const types[] = {&discovery_kubernetes, &discovery_relabel,
	&http, &import_string, &local_file_match, &logging, &loki_process, &loki_relabel,
	&loki_source_file,
	&loki_write, &otelcol_auth_basic, &otelcol_exporter_otlphttp, &otelcol_processor_batch,
	&otelcol_receiver_otlp, &remotecfg, &tracing, NULL};
static const char *const foreign[] = {"prometheus.*", "loki.source.docker", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct plan_settings set = {.types = {types, foreign},
		.stability = size % 3 ? STABILITY_EXPERIMENTAL : STABILITY_GA,
		.terse = size % 2 == 0,
		.ignore_unsupported = size % 5 == 0};
	struct source src = {STR("fuzz"), {(const char *)data, size}};
	struct arena a;
	struct diags d;
	struct file *f;

	arena_init(&a, 0);
	diags_init(&d, &a);
	if (source_check(&src, &d)) {
		f = parse_file(&a, &src, &d);
		if (d.errors == 0) {
			struct plan *p = plan_new(&a, &set, &f, 1, &d);

			for (size_t i = 0; d.errors == 0 && i < p->n; i++) {
				must(p->sorted[i]->rank == i);
				for (size_t k = 0; k < p->sorted[i]->n_deps; k++)
					must(p->sorted[i]->deps[k]->rank < i);
			}
			plan_fini(p);
		}
	}
	diags_fini(&d);
	arena_fini(&a);
	return 0;
}
