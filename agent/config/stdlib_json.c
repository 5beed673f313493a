/*
 * encoding.from_json and to_json. Reading is libcjson's work, in depth bounded by it and again
 * here; the words of errors are Go's as far as a place is known.
 */

#include "agent/base/utf8.h"
#include "agent/config/number.h"
#include "agent/config/stdlib.h"

#include <cjson/cJSON.h>
#include <math.h>

struct reader {
	struct arena *a;
	bool ints;
};

static bool from_cjson(struct reader *r, const cJSON *j, int depth, struct value *out);

static struct value from_number(const struct reader *r, double f)
{
	return r->ints && f == floor(f) && fabs(f) < 0x1p53 ? value_int((int64_t)f)
							    : value_float(f);
}

static size_t count(const cJSON *j)
{
	size_t n = 0;

	for (const cJSON *i = j->child; i; i = i->next)
		n++;
	return n;
}

static bool from_object(struct reader *r, const cJSON *j, int depth, struct value *out)
{
	struct field *fields = arena_new(r->a, struct field, count(j) + 1);
	size_t n = 0;

	for (const cJSON *i = j->child; i; i = i->next, n++) {
		fields[n].key = arena_str(r->a, str_from(i->string));
		if (!from_cjson(r, i, depth + 1, &fields[n].value))
			return false;
	}
	*out = value_object(r->a, fields, n);
	return true;
}

static bool from_array(struct reader *r, const cJSON *j, int depth, struct value *out)
{
	struct value *items = arena_new(r->a, struct value, count(j) + 1);
	size_t n = 0;

	for (const cJSON *i = j->child; i; i = i->next, n++) {
		if (!from_cjson(r, i, depth + 1, &items[n]))
			return false;
	}
	*out = value_array(items, n);
	return true;
}

static bool from_cjson(struct reader *r, const cJSON *j, int depth, struct value *out)
{
	if (depth > STDLIB_DEPTH_MAX)
		return false;
	if (cJSON_IsObject(j))
		return from_object(r, j, depth, out);
	if (cJSON_IsArray(j))
		return from_array(r, j, depth, out);
	if (cJSON_IsString(j))
		*out = value_str(arena_str(r->a, str_from(j->valuestring)));
	else if (cJSON_IsNumber(j))
		*out = from_number(r, j->valuedouble);
	else if (cJSON_IsBool(j))
		*out = value_bool(cJSON_IsTrue(j));
	else
		*out = value_null();
	return true;
}

static bool is_blank(struct str s)
{
	return str_trim(s).n == 0;
}

/* Does the text end inside of a string, a list or an object? */
static bool is_cut_short(struct str text)
{
	bool quoted = false;
	int64_t open = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted)
			i += c == '\\';
		else
			open += (c == '{' || c == '[') - (c == '}' || c == ']');
	}
	return quoted || open > 0;
}

static bool syntax_error(struct str text, const char *end, struct err *e)
{
	struct str rest = end && end >= text.p && end <= text.p + text.n
				  ? str_trim(str_from_at(text, (size_t)(end - text.p)))
				  : STR("");

	if (rest.n == 0 || is_cut_short(text))
		return err_set(e, "unexpected end of JSON input");
	if ((unsigned char)rest.p[0] >= 0x20 && (unsigned char)rest.p[0] < 0x7f)
		return err_set(e, "invalid character '%c' at byte %zu of the JSON text", rest.p[0],
			(size_t)(rest.p - text.p));
	return err_set(e, "invalid character at byte %zu of the JSON text",
		(size_t)(rest.p - text.p));
}

bool json_to_value(struct arena *a, struct str text, bool ints, struct value *out, struct err *e)
{
	struct reader r = {a, ints};
	const char *end = NULL;
	cJSON *j;
	bool ok;

	if (is_blank(text))
		return err_set(e, "unexpected end of JSON input");
	j = cJSON_ParseWithLengthOpts(text.p, text.n, &end, false);
	if (!j)
		return syntax_error(text, end, e);
	if (!is_blank(str_from_at(text, (size_t)(end - text.p)))) {
		cJSON_Delete(j);
		syntax_error(text, end, e);
		return err_wrap(e, "more than one value");
	}
	ok = from_cjson(&r, j, 0, out);
	cJSON_Delete(j);
	return ok ? true : err_set(e, "exceeded max depth");
}

bool stdlib_from_json(struct call *c)
{
	struct str text;

	return call_text(c, 0, &text) && json_to_value(c->a, text, false, &c->out, &c->e);
}

/* Go's encoding/json: < > & and the two line separators are escaped, bad UTF-8 is U+FFFD. */
static void put_text(struct buf *out, struct str s)
{
	static const char shorts[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";

	buf_add_char(out, '"');
	for (size_t at = 0, n; at < s.n; at += n ? n : 1) {
		const char *found = s.p[at] ? strchr(shorts, s.p[at]) : NULL;
		uint32_t rune;

		n = utf8_length(s, at);
		rune = n ? utf8_rune(s, at) : 0xfffd;
		if (found)
			buf_printf(out, "\\%c", names[found - shorts]);
		else if (rune < 0x20 || rune == '<' || rune == '>' || rune == '&' ||
			 rune == 0x2028 || rune == 0x2029 || n == 0)
			buf_printf(out, "\\u%04x", rune);
		else
			buf_add(out, s.p + at, n);
	}
	buf_add_char(out, '"');
}

static bool put_number(struct buf *out, const struct value *v, struct err *e)
{
	double f = fabs(number_float(v));
	size_t at = out->n;

	if (v->number != NUMBER_FLOAT) {
		number_print(out, v);
		return true;
	}
	if (!isfinite(v->f))
		return err_set(e, "json: unsupported value: %s",
			isnan(v->f) ? "NaN" : (v->f > 0 ? "+Inf" : "-Inf"));
	if (f == 0 || (f >= 1e-6 && f < 1e21)) {
		float_print(out, v->f);
		return true;
	}
	float_print_compact(out, v->f, 21);
	if (out->n - at > 4 && out->p[out->n - 2] == '0' && out->p[out->n - 3] == '-') {
		out->p[out->n - 2] = out->p[out->n - 1]; /* e-09 is e-9 in JSON */
		out->n--;
	}
	return true;
}

static bool put_value(struct buf *out, const struct value *v, int depth, struct err *e);

static bool put_object(struct buf *out, const struct value *v, int depth, struct err *e)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < v->object.n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		put_text(out, v->object.fields[i].key);
		buf_add_char(out, ':');
		if (!put_value(out, &v->object.fields[i].value, depth + 1, e))
			return false;
	}
	buf_add_char(out, '}');
	return true;
}

static bool put_array(struct buf *out, const struct value *v, int depth, struct err *e)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < v->array.n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		if (!put_value(out, &v->array.items[i], depth + 1, e))
			return false;
	}
	buf_add_char(out, ']');
	return true;
}

static bool put_value(struct buf *out, const struct value *v, int depth, struct err *e)
{
	if (depth > STDLIB_DEPTH_MAX * 4 || out->n > STDLIB_TEXT_MAX)
		return err_set(e, "makes a JSON text that is too large");
	switch (v->type) {
	case VALUE_NULL:
		buf_add_str(out, STR("null"));
		return true;
	case VALUE_BOOL:
		buf_add_str(out, v->b ? STR("true") : STR("false"));
		return true;
	case VALUE_NUMBER:
		return put_number(out, v, e);
	case VALUE_STRING:
		put_text(out, v->s);
		return true;
	case VALUE_ARRAY:
		return put_array(out, v, depth, e);
	case VALUE_OBJECT:
		return put_object(out, v, depth, e);
	case VALUE_FUNCTION:
	case VALUE_CAPSULE:
		break;
	}
	return err_set(e, "json: unsupported type: %s",
		value_is_secret(v) ? "secret" : value_type_name(v));
}

bool stdlib_to_json(struct call *c)
{
	struct buf b = {0};

	if (c->args[0].type != VALUE_OBJECT)
		return call_bad(c, 0, "should be object, got %s", value_type_name(&c->args[0]));
	if (put_value(&b, &c->args[0], 0, &c->e))
		return call_return_buf(c, &b);
	buf_fini(&b);
	return false;
}
