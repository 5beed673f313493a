/*
 * Requests by their heads: OTLP/HTTP at the paths of the http block, or at the default ones, and
 * gRPC calls of the three services, which the media type tells apart.
 */

#include "agent/component/common/auth_handler.h"
#include "agent/component/otelcol.receiver.otlp/cors.h"
#include "agent/component/otelcol.receiver.otlp/receiver.h"
#include "proto/otlp/decode.h"

static const char *const grpc_paths[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
	[SIGNAL_LOGS] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
	[SIGNAL_METRICS] = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
};

static enum signal_kind grpc_kind(struct str path)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (str_is(path, grpc_paths[i]))
			return (enum signal_kind)i;
	return SIGNAL_KINDS;
}

static enum signal_kind http_kind(const struct otlp_http *h, struct str path)
{
	const struct str paths[SIGNAL_KINDS] = {
		[SIGNAL_TRACES] = h ? h->traces_url_path : STR("/v1/traces"),
		[SIGNAL_LOGS] = h ? h->logs_url_path : STR("/v1/logs"),
		[SIGNAL_METRICS] = h ? h->metrics_url_path : STR("/v1/metrics"),
	};

	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (str_eq(path, paths[i]))
			return (enum signal_kind)i;
	return SIGNAL_KINDS;
}

enum signal_kind head_kind(const struct otlp_receiver *o, const struct http_request *r)
{
	struct str path = http_request_path(r);

	return reply_is_grpc(r) ? grpc_kind(path) : http_kind(o->args->http, path);
}

static bool encoding_is_taken(const struct otlp_http *h, struct str encoding)
{
	encoding = str_trim(encoding);
	if (!decoder_knows(encoding))
		return false;
	if (!h || encoding.n == 0 || str_eq_nocase(encoding, STR("identity")))
		return true;
	for (size_t i = 0; i < h->compression_algorithms.n; i++)
		if (str_eq_nocase(h->compression_algorithms.p[i], encoding))
			return true;
	return false;
}

enum admission head_credentials(struct door *d, struct http_request *r)
{
	struct auth_handler *auth = d->auth;
	const char *challenge = "Basic";
	struct http_reply_header header = {"WWW-Authenticate", NULL};
	enum admission a = AUTH_REFUSED;

	if (!auth)
		return AUTH_ADMITTED;
	if (auth->admits)
		a = auth->admits(auth,
			http_request_header(r, auth->header ? auth->header : "Authorization"),
			http_request_peer(r), &challenge);
	switch (a) {
	case AUTH_ADMITTED:
	case AUTH_LATER:
		break;
	case AUTH_BUSY:
		reply_full(&d->receiver->reply, r,
			STR("too many passwords are being looked at; send it again later"));
		break;
	case AUTH_REFUSED:
		header.value = challenge;
		reply_error(&d->receiver->reply, r, 401, REFUSED_UNAUTHORIZED,
			STR("the credentials are missing or wrong"), &header);
		break;
	}
	return a;
}

/* False: it is answered. Meanwhile its body comes, as far as there is room; it is asked again
 * then (intake.c). */
static bool check_credentials(struct door *d, struct http_request *r)
{
	enum admission a = head_credentials(d, r);

	return a == AUTH_ADMITTED || a == AUTH_LATER;
}

/* ---- gRPC ---- */

static bool admits_grpc(struct door *d, struct http_request *r)
{
	struct otlp_receiver *o = d->receiver;
	enum signal_kind kind = head_kind(o, r);
	const char *problem = NULL;

	if (kind == SIGNAL_KINDS)
		problem = "no such method; OTLP's are Export of TraceService, LogsService and "
			  "MetricsService";
	else if (!consumers_take(&o->to[kind], kind))
		problem = "this signal is not received here: no output takes it";
	else if (!str_is(http_request_method(r), "POST"))
		problem = "a call is made with POST";
	else if (!decoder_knows(http_request_header(r, "grpc-encoding")))
		problem = "unsupported grpc-encoding; known are " DECODER_NAMES;
	if (problem) {
		static const struct http_reply_header known = {
			"grpc-accept-encoding", "identity,gzip,deflate,zstd,snappy,lz4"};

		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN, str_from(problem), &known);
		return false;
	}
	return check_credentials(d, r);
}

/* ---- HTTP ---- */

static bool check_path(struct otlp_receiver *o, struct http_request *r)
{
	enum signal_kind kind = head_kind(o, r);

	if (kind == SIGNAL_KINDS && grpc_kind(http_request_path(r)) != SIGNAL_KINDS)
		reply_error(&o->reply, r, 415, REFUSED_NOT_TAKEN,
			STR("gRPC is application/grpc over HTTP/2"), NULL);
	else if (kind == SIGNAL_KINDS)
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			STR("nothing is served at this path; OTLP goes to /v1/traces, "
			    "/v1/logs, /v1/metrics"),
			NULL);
	else if (!consumers_take(&o->to[kind], kind))
		reply_error(&o->reply, r, 404, REFUSED_NOT_TAKEN,
			STR("this signal is not received here: no output takes it"), NULL);
	else
		return true;
	return false;
}

static bool check_method(struct otlp_receiver *o, struct http_request *r)
{
	static const struct http_reply_header allow = {"Allow", "POST"};

	if (o->args->http && cors_is_preflight(o->args->http->cors, r)) {
		reply_preflight(&o->reply, r);
		return false;
	}
	if (str_is(http_request_method(r), "POST"))
		return true;
	reply_error(&o->reply, r, 405, REFUSED_NOT_TAKEN, STR("OTLP is sent with POST"), &allow);
	return false;
}

static bool check_types(struct otlp_receiver *o, struct http_request *r)
{
	struct str type = reply_media_type(r);

	if (!str_eq_nocase(type, STR("application/x-protobuf")) &&
		!str_eq_nocase(type, STR("application/json"))) {
		reply_error(&o->reply, r, 415, REFUSED_NOT_TAKEN,
			STR("unsupported Content-Type; OTLP is application/x-protobuf or "
			    "application/json"),
			NULL);
		return false;
	}
	if (encoding_is_taken(o->args->http, http_request_header(r, "Content-Encoding")))
		return true;
	reply_error(&o->reply, r, 400, REFUSED_NOT_TAKEN,
		STR("unsupported Content-Encoding; known are " DECODER_NAMES), NULL);
	return false;
}

bool head_admits(struct door *d, struct http_request *r)
{
	struct otlp_receiver *o = d->receiver;

	if (reply_is_grpc(r))
		return admits_grpc(d, r);
	return check_path(o, r) && check_method(o, r) && check_credentials(d, r) &&
	       check_types(o, r);
}
