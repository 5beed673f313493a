/* Converters of times and durations. */

#include "agent/base/timestamp.h"
#include "agent/flow/ottl/convert.h"
#include "agent/flow/ottl/time_format.h"

static struct ottl_value a_time(int64_t ns)
{
	return (struct ottl_value){.type = OTTL_TIME, .i = ns};
}

CONVERTER(now)
{
	(void)n;
	*out = a_time(r->state->now);
	return true;
}

/* A time as a number of units since 1970. */
static bool unix_in(
	struct ottl_run *r, const struct ottl_node *n, int64_t unit, struct ottl_value *out)
{
	struct ottl_value v;

	if (!ottl_arg_of(r, n, 0, OTTL_TIME, &v))
		return false;
	*out = ottl_int(v.i / unit - (v.i % unit < 0));
	return true;
}

CONVERTER(unix_nano)
{
	return unix_in(r, n, 1, out);
}

CONVERTER(unix_micro)
{
	return unix_in(r, n, 1000, out);
}

CONVERTER(unix_milli)
{
	return unix_in(r, n, NS_PER_MS, out);
}

CONVERTER(unix_seconds)
{
	return unix_in(r, n, NS_PER_SEC, out);
}

CONVERTER(unix)
{
	int64_t seconds;
	int64_t ns = 0;

	if (!ottl_arg_int(r, n, 0, &seconds) || (n->args[1] && !ottl_arg_int(r, n, 1, &ns)))
		return false;
	if (__builtin_mul_overflow(seconds, NS_PER_SEC, &seconds) ||
		__builtin_add_overflow(seconds, ns, &seconds))
		return err_set(r->e, "Unix(): the time is out of range");
	*out = a_time(seconds);
	return true;
}

CONVERTER(duration)
{
	struct ottl_value v;

	if (!ottl_arg_of(r, n, 0, OTTL_STR, &v))
		return false;
	out->type = OTTL_DURATION;
	return duration_parse(v.s, &out->i) || err_set(r->e, "Duration(): \"" STR_FMT "\" is none",
						       STR_ARG(str_head(v.s, 64)));
}

/* A duration as a number of units: the large ones as doubles, as in Go. */
static bool span_in(struct ottl_run *r, const struct ottl_node *n, int64_t unit, bool is_float,
	struct ottl_value *out)
{
	struct ottl_value v;

	if (!ottl_arg_of(r, n, 0, OTTL_DURATION, &v))
		return false;
	if (is_float)
		*out = (struct ottl_value){.type = OTTL_FLOAT, .f = (double)v.i / (double)unit};
	else
		*out = ottl_int(v.i / unit);
	return true;
}

CONVERTER(hours)
{
	return span_in(r, n, 3600 * NS_PER_SEC, true, out);
}

CONVERTER(minutes)
{
	return span_in(r, n, 60 * NS_PER_SEC, true, out);
}

CONVERTER(seconds)
{
	return span_in(r, n, NS_PER_SEC, true, out);
}

CONVERTER(milliseconds)
{
	return span_in(r, n, NS_PER_MS, false, out);
}

CONVERTER(microseconds)
{
	return span_in(r, n, 1000, false, out);
}

CONVERTER(nanoseconds)
{
	return span_in(r, n, 1, false, out);
}

CONVERTER(truncate_time)
{
	struct ottl_value t;
	struct ottl_value d;

	if (!ottl_arg_of(r, n, 0, OTTL_TIME, &t) || !ottl_arg_of(r, n, 1, OTTL_DURATION, &d))
		return false;
	*out = t;
	/* Go counts from the year 1; from 1970 that is the same for all that divides a day. */
	if (d.i > 0)
		out->i -= (t.i % d.i + d.i) % d.i;
	return true;
}

CONVERTER(time)
{
	struct ottl_value v;
	int64_t ns;

	if (!ottl_arg_of(r, n, 0, OTTL_STR, &v))
		return false;
	if (!ottl_time_read(v.s, n->args[1]->literal.s, &ns))
		return err_set(r->e, "Time(): \"" STR_FMT "\" is not of that format",
			STR_ARG(str_head(v.s, 64)));
	*out = a_time(ns);
	return true;
}

static bool prepare_time(struct arena *a, struct ottl_node *n, struct err *e)
{
	(void)a;
	return ottl_time_check(n->args[1]->literal.s, e) || err_wrap(e, "Time()");
}

const struct ottl_function ottl_time_converters[] = {
	{"Duration", "duration:v", call_duration, NULL, false},
	{"Hours", "duration:v", call_hours, NULL, false},
	{"Microseconds", "duration:v", call_microseconds, NULL, false},
	{"Milliseconds", "duration:v", call_milliseconds, NULL, false},
	{"Minutes", "duration:v", call_minutes, NULL, false},
	{"Nanoseconds", "duration:v", call_nanoseconds, NULL, false},
	{"Now", "", call_now, NULL, false},
	{"Seconds", "duration:v", call_seconds, NULL, false},
	{"Time", "target:v format:S", call_time, prepare_time, false},
	{"TruncateTime", "time:v duration:v", call_truncate_time, NULL, false},
	{"Unix", "seconds:v | nanoseconds:v", call_unix, NULL, false},
	{"UnixMicro", "time:v", call_unix_micro, NULL, false},
	{"UnixMilli", "time:v", call_unix_milli, NULL, false},
	{"UnixNano", "time:v", call_unix_nano, NULL, false},
	{"UnixSeconds", "time:v", call_unix_seconds, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
