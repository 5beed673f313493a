#pragma once

/*
 * A request in short form for people (--dry-run, otelcol.exporter.debug): a line for each
 * resource with its attributes, then a line an item:
 *
 *	resource service.name=web k8s.pod.name=web-1
 *	  span 0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331 "GET /" server 12.5ms error
 *service.name=web log 2026-11-22T10:41:07.8Z INFO "listening" service.name=web metric http.requests
 *sum 3 points service.name=web
 *
 * With OTLP_TEXT_DETAILED the attributes, events and links of each item follow in lines of
 * their own, as JSON.
 */

#include "proto/otlp/types.h"

struct buf;

enum otlp_text {
	OTLP_TEXT_SHORT,
	OTLP_TEXT_DETAILED,
};

/* Appends the lines. The request has passed otlp_walk(). */
void otlp_text_print(enum otlp_kind kind, struct str request, enum otlp_text how, struct buf *out);
