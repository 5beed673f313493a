#include "agent/component/common/remote_object.h"

#include "agent/base/base64.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/vec.h"
#include "k8s/config.h"
#include "k8s/json.h"

#include <stdlib.h>

#define SECOND (INT64_C(1000) * 1000 * 1000)

const struct arg remote_object_args[] = {
	ARG_PLACE(remote_object_args, at),
	ARG(remote_object_args, namespace, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Namespace of the object."),
	ARG(remote_object_args, name, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "Name of the object."),
	ARG(remote_object_args, poll_frequency, .type = ARG_DURATION, .def = "1m",
		.help = "How often the object is read."),
	ARG(remote_object_args, poll_timeout, .type = ARG_DURATION, .def = "15s",
		.help = "How long one reading may take."),
	ARG(remote_object_args, client, .type = ARG_BLOCK, K8S_CLIENT_ARGS_BLOCK),
	ARGS_END,
};

bool remote_object_check(const void *args, struct diags *d)
{
	const struct remote_object_args *a = args;
	bool ok = k8s_client_args_check(a->client, d);

	if (!k8s_name_is_valid(a->namespace))
		ok = diag_error(d, a->at, "namespace \"" STR_FMT "\" is not the name of a "
					  "namespace",
			STR_ARG(a->namespace));
	if (!k8s_name_is_valid(a->name))
		ok = diag_error(d, a->at, "name \"" STR_FMT "\" is not the name of an object",
			STR_ARG(a->name));
	if (a->poll_frequency < SECOND)
		ok = diag_error(d, a->at, "poll_frequency must be at least 1s");
	if (a->poll_timeout <= 0)
		ok = diag_error(d, a->at, "poll_timeout must be greater than 0");
	return ok;
}

struct fields {
	struct field *p;
	size_t n, cap;
};

static bool take_value(const struct remote_object *o, struct arena *a, struct fields *out,
	struct str key, struct str text)
{
	struct field f = {json_unescape(key, a), value_str(arena_str(a, text))};
	struct buf plain = {0};
	bool ok = true;

	f.key = arena_str(a, f.key);
	if (o->kind->is_secret) {
		ok = base64_decode(&plain, text, BASE64_STANDARD, NULL);
		f.value = value_secret(arena_str(a, buf_str(&plain)));
	}
	buf_fini(&plain);
	*vec_add(out) = f;
	return ok;
}

static bool take_data(const struct remote_object *o, struct json *j, struct arena *a,
	struct fields *out, struct err *e)
{
	struct str key;

	if (json_peek(j) != '{') {
		bool is_null = json_peek(j) == 'n';

		json_skip(j);
		return is_null || j->is_bad || err_set(e, "its data are no object");
	}
	for (json_enter_object(j); json_next_key(j, &key);) {
		if (json_peek(j) != '"')
			return err_set(
				e, "the value of \"" STR_FMT "\" is no string", STR_ARG(key));
		if (!take_value(o, a, out, key, json_str(j, a)))
			return err_set(e, "the value of \"" STR_FMT "\" is not base64",
				STR_ARG(key));
	}
	return true;
}

/* Only data counts; binaryData of a ConfigMap is left out, as in Alloy. */
static bool read_object(const struct remote_object *o, struct str text, struct arena *a,
	struct fields *out, struct err *e)
{
	struct json j = json_from(text);
	struct str key;
	bool ok = true;

	if (json_peek(&j) != '{')
		return err_set(e, "the answer is not a JSON object");
	for (json_enter_object(&j); ok && json_next_key(&j, &key);) {
		if (str_is(key, "data"))
			ok = take_data(o, &j, a, out, e);
		else
			json_skip(&j);
	}
	return ok && (!j.is_bad || err_set(e, "the answer is not well-formed JSON"));
}

static bool on_answer(struct remote_poll *p, struct str answer, struct err *e)
{
	struct remote_object *o = container_of(p, struct remote_object, poll);
	struct fields data = {0};
	struct arena a;
	bool ok;

	arena_init(&a, 0);
	ok = read_object(o, answer, &a, &data, e);
	if (ok)
		component_export(&o->base, "data", value_object(&a, data.p, data.n));
	free(data.p);
	arena_fini(&a);
	return ok;
}

static bool configure(struct remote_object *o, const struct remote_object_args *a, struct err *e)
{
	struct k8s_config config;
	struct arena scratch;
	bool ok;

	if (!k8s_client_args_config(a->client, &config, e))
		return false;
	arena_init(&scratch, 0);
	config.http.timeout = a->poll_timeout;
	ok = remote_poll_set(&o->poll,
		&(struct remote_poll_settings){
			.http = &config.http,
			.method = "GET",
			.url = arena_printf(&scratch,
				STR_FMT "/api/v1/namespaces/" STR_FMT "/%s/" STR_FMT,
				STR_ARG(config.server), STR_ARG(a->namespace), o->kind->plural,
				STR_ARG(a->name)),
			.every = a->poll_frequency,
		},
		e);
	arena_fini(&scratch);
	k8s_config_fini(&config);
	return ok;
}

bool remote_object_start(struct component *c, const struct remote_object_kind *kind,
	const struct remote_object_args *a, struct err *e)
{
	struct remote_object *o = container_of(c, struct remote_object, base);

	o->kind = kind;
	o->poll.component = c;
	o->poll.take = on_answer;
	o->poll.hint = kind->hint;
	return configure(o, a, e);
}

bool remote_object_update(struct component *c, const void *args, struct err *e)
{
	return configure(container_of(c, struct remote_object, base), args, e);
}

void remote_object_stop(struct component *c)
{
	remote_poll_stop(&container_of(c, struct remote_object, base)->poll);
	component_stopped(c);
}
