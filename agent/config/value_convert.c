/*
 * What happens to a value that is assigned to a typed attribute (Alloy: syntax/internal/value).
 * null gives the zero of the type; numbers and their texts stand for each other; nothing else
 * does. The words of the errors follow the expression that is wrong: "x" should be number, got
 * string.
 */

#include "agent/base/ascii.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/config/number.h"
#include "agent/config/value.h"

static bool type_error(const struct value *v, const char *want, struct err *e)
{
	return err_set(e, "should be %s, got %s", want, value_type_name(v));
}

bool value_to_bool(const struct value *v, bool *out, struct err *e)
{
	if (v->type != VALUE_BOOL && v->type != VALUE_NULL)
		return type_error(v, "bool", e);
	*out = v->type == VALUE_BOOL && v->b;
	return true;
}

static bool text_to_number(struct str s, struct value *out)
{
	bool range, is_float = false;

	*out = (struct value){.type = VALUE_NUMBER, .number = NUMBER_UINT};
	if (s.n && s.p[0] == '-') {
		out->number = NUMBER_INT;
		return int_parse(s, &out->i);
	}
	for (size_t i = 0; i < s.n; i++)
		is_float |= s.p[i] == '.' || s.p[i] == 'e' || s.p[i] == 'E';
	if (!is_float)
		return uint_parse(s, 10, &out->u);
	out->number = NUMBER_FLOAT;
	return float_parse(s, &out->f, &range);
}

static bool to_number(const struct value *v, struct value *out, struct err *e)
{
	struct value n = value_int(0);

	if (v->type == VALUE_NUMBER)
		n = *v;
	else if (v->type != VALUE_NULL &&
		 !(v->type == VALUE_STRING && text_to_number(v->s, &n)))
		return type_error(v, "number", e);
	*out = n;
	return true;
}

bool value_to_int(const struct value *v, int64_t *out, struct err *e)
{
	struct value n;

	if (!to_number(v, &n, e))
		return false;
	*out = number_int(&n);
	return true;
}

bool value_to_uint(const struct value *v, uint64_t *out, struct err *e)
{
	struct value n;

	if (!to_number(v, &n, e))
		return false;
	*out = number_uint(&n);
	return true;
}

bool value_to_float(const struct value *v, double *out, struct err *e)
{
	struct value n;

	if (!to_number(v, &n, e))
		return false;
	*out = number_float(&n);
	return true;
}

bool value_to_str(struct arena *a, const struct value *v, struct str *out, struct err *e)
{
	struct buf b = {0};

	if (value_is_secret(v))
		return err_set(e, "secrets may not be converted into strings");
	if (v->type == VALUE_NULL) {
		*out = STR("");
	} else if (v->type == VALUE_STRING || v->is_bytes) {
		*out = v->s;
	} else if (v->type == VALUE_NUMBER) {
		number_print(&b, v);
		*out = arena_str(a, buf_str(&b));
		buf_fini(&b);
	} else {
		return type_error(v, "string", e);
	}
	return true;
}

bool value_to_secret(struct arena *a, const struct value *v, struct str *out, struct err *e)
{
	(void)a; /* for conversions that make a text; today all of them borrow it */
	if (v->type == VALUE_NULL)
		*out = STR("");
	else if (v->type == VALUE_STRING || value_is_secret(v))
		*out = v->s;
	else
		return type_error(v, "capsule", e);
	return true;
}

/* Go's words for a duration that is none. */
static bool duration_error(struct str s, struct err *e)
{
	struct buf b = {0};
	size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+');
	size_t number = at, unit;

	buf_add_quoted(&b, str_head(s, 100));
	while (number < s.n && (ascii_is_digit(s.p[number]) || s.p[number] == '.'))
		number++;
	for (unit = number; unit < s.n && s.p[unit] != '.' &&
			    !ascii_is_digit(s.p[unit]);)
		unit++;
	if (number == at)
		err_set(e, "time: invalid duration " STR_FMT, STR_ARG(buf_str(&b)));
	else if (number == s.n)
		err_set(e, "time: missing unit in duration " STR_FMT, STR_ARG(buf_str(&b)));
	else if (unit < s.n)
		err_set(e, "time: invalid duration " STR_FMT, STR_ARG(buf_str(&b)));
	else
		err_set(e, "time: unknown unit \"%.*s\" in duration " STR_FMT,
			unit - number > 20 ? 20 : (int)(unit - number), s.p + number,
			STR_ARG(buf_str(&b)));
	buf_fini(&b);
	return false;
}

/* The text of a string or number, numbers printed into small. */
static bool short_text(const struct value *v, struct buf *small, struct str *out, struct err *e)
{
	if (value_is_secret(v))
		return err_set(e, "secrets may not be converted into strings");
	if (v->type == VALUE_NUMBER) {
		number_print(small, v);
		*out = buf_str(small);
	} else if (v->type == VALUE_STRING || v->is_bytes) {
		*out = v->s;
	} else {
		return type_error(v, "string", e);
	}
	return true;
}

bool value_to_duration(const struct value *v, int64_t *ns, struct err *e)
{
	struct buf b = {0};
	struct str s = STR("");
	bool ok;

	if (v->type == VALUE_NULL) {
		*ns = 0;
		return true;
	}
	ok = short_text(v, &b, &s, e);
	if (ok && !duration_parse(s, ns))
		ok = duration_error(s, e);
	buf_fini(&b);
	return ok;
}

bool value_to_size(const struct value *v, int64_t *bytes, struct err *e)
{
	struct buf b = {0};
	struct str s = STR("");
	bool ok;

	if (v->type == VALUE_NULL) {
		*bytes = 0;
		return true;
	}
	ok = short_text(v, &b, &s, e);
	if (ok && !size_parse(s, bytes))
		ok = err_set(e, "units: invalid %.*s, want a size such as \"1MiB\"",
			s.n > 100 ? 100 : (int)s.n, s.p);
	buf_fini(&b);
	return ok;
}
