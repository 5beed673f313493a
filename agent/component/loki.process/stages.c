/* The list of stages: the one place where they are all named. */
#include "agent/component/loki.process/stages.h"

#include "agent/component/loki.process/stage.h"

const struct arg_choice_type *const stage_types[] = {
	&stage_cri,
	&stage_decolorize,
	&stage_docker,
	&stage_drop,
	&stage_eventlogmessage,
	&stage_geoip,
	&stage_json,
	&stage_label_drop,
	&stage_label_keep,
	&stage_labels,
	&stage_limit,
	&stage_logfmt,
	&stage_luhn,
	&stage_match,
	&stage_metrics,
	&stage_multiline,
	&stage_output,
	&stage_pack,
	&stage_pattern,
	&stage_regex,
	&stage_replace,
	&stage_sampling,
	&stage_split_json,
	&stage_static_labels,
	&stage_structured_metadata,
	&stage_structured_metadata_drop,
	&stage_template,
	&stage_tenant,
	&stage_timestamp,
	&stage_truncate,
	&stage_windowsevent,
	NULL,
};
