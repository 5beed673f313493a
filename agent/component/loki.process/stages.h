#pragma once

/* Every kind of stage, by its name; listed in stages.c. */

#include "agent/graph/arg.h"

extern const struct arg_choice_type stage_cri;
extern const struct arg_choice_type stage_decolorize;
extern const struct arg_choice_type stage_docker;
extern const struct arg_choice_type stage_drop;
extern const struct arg_choice_type stage_json;
extern const struct arg_choice_type stage_label_drop;
extern const struct arg_choice_type stage_label_keep;
extern const struct arg_choice_type stage_labels;
extern const struct arg_choice_type stage_limit;
extern const struct arg_choice_type stage_logfmt;
extern const struct arg_choice_type stage_luhn;
extern const struct arg_choice_type stage_match;
extern const struct arg_choice_type stage_metrics;
extern const struct arg_choice_type stage_multiline;
extern const struct arg_choice_type stage_output;
extern const struct arg_choice_type stage_pack;
extern const struct arg_choice_type stage_pattern;
extern const struct arg_choice_type stage_regex;
extern const struct arg_choice_type stage_replace;
extern const struct arg_choice_type stage_sampling;
extern const struct arg_choice_type stage_split_json;
extern const struct arg_choice_type stage_static_labels;
extern const struct arg_choice_type stage_structured_metadata;
extern const struct arg_choice_type stage_structured_metadata_drop;
extern const struct arg_choice_type stage_template;
extern const struct arg_choice_type stage_tenant;
extern const struct arg_choice_type stage_timestamp;
extern const struct arg_choice_type stage_truncate;

/* Alloy's others (stages_missing.c): known by name and attributes, refused by one error. */
extern const struct arg_choice_type stage_eventlogmessage;
extern const struct arg_choice_type stage_geoip;
extern const struct arg_choice_type stage_windowsevent;
