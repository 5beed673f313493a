/*
 * A map of YAML by a table: each key is checked, and written as the table says. What Promtail's
 * own reader takes for a number or a bool is taken here; what it refuses is an error here.
 */

#include "agent/base/ascii.h"
#include "agent/base/timestamp.h"
#include "agent/config/number.h"
#include "agent/convert/private.h"

#include <math.h>

bool want_kind(struct converter *c, const struct yaml_node *n, enum yaml_kind kind,
	const char *where)
{
	static const char *const names[] = {"a text", "a list", "a map"};

	if (n->kind == kind)
		return true;
	say(c, CONVERT_ERROR, n, "%s wants %s, not %s", where, names[kind], names[n->kind]);
	return false;
}

bool node_bool(const struct yaml_node *n, bool *out)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; n->kind == YAML_TEXT && i < 8; i++) {
		if (!str_eq_nocase(n->text, str_from(words[i])))
			continue;
		*out = i % 2 == 0;
		return true;
	}
	return false;
}

bool is_on(const struct yaml_node *map, const char *key, bool without)
{
	const struct yaml_node *n = yaml_find(map, key);
	bool on;

	return n && node_bool(n, &on) ? on : without;
}

/* "64", "8kb", "256KiB", "4 MB": all of them powers of 1024 (c2h5oh/datasize). */
bool node_bytes(const struct yaml_node *n, int64_t *out)
{
	static const char units[] = "bkmgtpe";
	size_t digits = 0;
	int64_t number;
	struct str unit;
	size_t power = 0;

	if (n->kind != YAML_TEXT)
		return false;
	while (digits < n->text.n && n->text.p[digits] >= '0' && n->text.p[digits] <= '9')
		digits++;
	if (!str_to_int(str_head(n->text, digits), &number))
		return false;
	unit = str_trim(str_from_at(n->text, digits));
	if (unit.n > 3)
		return false;
	if (unit.n > 0) {
		const char *at = memchr(units, unit.p[0] | 0x20, sizeof(units) - 1);

		if (!at)
			return false;
		power = (size_t)(at - units);
		unit = str_from_at(unit, 1);
		if (unit.n > 0 && (power == 0 || (!str_eq_nocase(unit, STR("b")) &&
							 !str_eq_nocase(unit, STR("ib")))))
			return false;
	}
	return !__builtin_mul_overflow(number, (int64_t)1 << 10 * power, out);
}

static bool wrong(struct converter *c, const struct key *k, const struct yaml_node *n,
	const char *what)
{
	if (n->kind == YAML_TEXT && has_variable(c, n->text))
		say(c, CONVERT_ERROR, n,
			"%s is a variable of the environment and wants %s; write its value",
			k->name, what);
	else if (n->kind == YAML_TEXT)
		say(c, CONVERT_ERROR, n, "%s is \"" STR_FMT "\"; it wants %s", k->name,
			STR_ARG(str_head(n->text, 100)), what);
	else
		say(c, CONVERT_ERROR, n, "%s wants %s", k->name, what);
	return false;
}

static const char *attr_of(const struct key *k)
{
	return k->attr ? k->attr : k->name;
}

static void put_bool(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	bool on;

	if (node_bool(n, &on))
		emit(c, "%s = %s\n", attr_of(k), on ? "true" : "false");
	else
		wrong(c, k, n, "true or false");
}

static void put_int(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	int64_t i;

	if (n->kind == YAML_TEXT && int_parse(n->text, &i))
		emit(c, "%s = %lld\n", attr_of(k), (long long)i);
	else
		wrong(c, k, n, "a whole number");
}

static bool add_number(struct converter *c, const struct yaml_node *n)
{
	struct buf b = {0};
	bool range;
	double f;

	if (n->kind != YAML_TEXT || !float_parse(n->text, &f, &range) || !isfinite(f))
		return false;
	float_print(&b, f);
	emit(c, STR_FMT, STR_ARG(buf_str(&b)));
	buf_fini(&b);
	return true;
}

static void put_number(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	double f;
	bool range;

	if (n->kind != YAML_TEXT || !float_parse(n->text, &f, &range) || !isfinite(f)) {
		wrong(c, k, n, "a number");
		return;
	}
	emit(c, "%s = ", attr_of(k));
	add_number(c, n);
	emit(c, "\n");
}

static void put_numbers(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	if (!want_kind(c, n, YAML_LIST, k->name))
		return;
	emit(c, "%s = [", attr_of(k));
	for (size_t i = 0; i < n->n; i++) {
		emit(c, i ? ", " : "");
		if (!add_number(c, n->items[i])) {
			wrong(c, k, n->items[i], "numbers");
			emit(c, "0");
		}
	}
	emit(c, "]\n");
}

/* Go's, and Prometheus' days, weeks and years; a bare number is nanoseconds, as YAML's reader has
 * it for Go's durations. */
static void put_duration(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	static const struct {
		char unit;
		int64_t hours;
	} units[] = {{'d', 24}, {'w', 24 * 7}, {'y', 24 * 365}};
	char text[TIMESTAMP_SIZE];
	int64_t ns, i;

	if (n->kind == YAML_TEXT && duration_parse(n->text, &ns)) {
		emit_text(c, attr_of(k), str_is(n->text, "0") ? STR("0s") : n->text);
		return;
	}
	if (n->kind == YAML_TEXT && str_to_int(n->text, &i)) {
		emit_text(c, attr_of(k), duration_format(text, i));
		return;
	}
	for (size_t u = 0; n->kind == YAML_TEXT && n->text.n > 1 && u < 3; u++) {
		if (n->text.p[n->text.n - 1] != units[u].unit ||
			!str_to_int(str_head(n->text, n->text.n - 1), &i) || i < 0 || i > 1000000)
			continue;
		i *= units[u].hours;
		emit(c, "%s = \"%lldh\"\n", attr_of(k), (long long)i);
		return;
	}
	wrong(c, k, n, "a duration");
}

static void put_size(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	int64_t bytes;

	if (!node_bytes(n, &bytes))
		wrong(c, k, n, "a number of bytes");
	else if (k->kind == KEY_BYTES)
		emit(c, "%s = %lld\n", attr_of(k), (long long)bytes);
	else
		emit_size(c, attr_of(k), bytes);
}

static void add_texts(struct converter *c, const char *name, const struct yaml_node *n)
{
	size_t written = 0;

	emit(c, "[");
	for (size_t i = 0; i < n->n; i++) {
		if (!want_kind(c, n->items[i], YAML_TEXT, name))
			continue;
		emit(c, written++ ? ", " : "");
		emit_string(c, n->items[i]->text);
	}
	emit(c, "]");
}

static void put_texts(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	if (!want_kind(c, n, YAML_LIST, k->name))
		return;
	emit(c, "%s = ", attr_of(k));
	add_texts(c, k->name, n);
	emit(c, "\n");
}

static void put_map_texts(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	if (!want_kind(c, n, YAML_MAP, k->name))
		return;
	emit(c, "%s = {\n", attr_of(k));
	for (size_t i = 0; i < n->n; i++) {
		if (!is_name(c, n->pairs[i].key) ||
			!want_kind(c, n->pairs[i].value, YAML_LIST, k->name))
			continue;
		emit_string(c, n->pairs[i].key->text);
		emit(c, " = ");
		add_texts(c, k->name, n->pairs[i].value);
		emit(c, ",\n");
	}
	emit(c, "}\n");
}

static void put_lower(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	struct str s = arena_str(c->a, n->text);
	char *p = (char *)(uintptr_t)s.p;

	if (has_variable(c, s)) {
		wrong(c, k, n, "a word");
		return;
	}

	for (size_t i = 0; i < s.n; i++)
		p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
	emit_text(c, attr_of(k), s);
}

static void put_block(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	if (!want_kind(c, n, YAML_MAP, k->name) || n->n == 0)
		return;
	emit(c, "\n");
	emit_open(c, attr_of(k), STR(""));
	convert_keys(c, n, k->keys, k->name);
	emit_close(c);
}

static void put_blocks(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	if (!want_kind(c, n, YAML_LIST, k->name))
		return;
	for (size_t i = 0; i < n->n; i++)
		put_block(c, k, n->items[i]);
}

/* Does it ask for nothing: false, 0? An empty map asks for something with its defaults. */
static bool is_empty(const struct yaml_node *n)
{
	bool on;

	if (n->kind != YAML_TEXT)
		return n->kind == YAML_LIST && n->n == 0;
	return n->text.n == 0 || str_is(n->text, "0") || (node_bool(n, &on) && !on);
}

static void put_said(struct converter *c, const struct key *k, const struct yaml_node *n)
{
	enum convert_level level = k->kind == KEY_ERROR     ? CONVERT_ERROR
				   : k->kind == KEY_WARNING ? CONVERT_WARNING
							    : CONVERT_INFO;

	if (!is_empty(n))
		say(c, level, n, "%s: %s", k->name, k->say);
}

static void put(struct converter *c, const struct key *k, struct yaml_node *n)
{
	switch (k->kind) {
	case KEY_TEXT:
		if (want_kind(c, n, YAML_TEXT, k->name))
			emit_text(c, attr_of(k), n->text);
		return;
	case KEY_LOWER:
		if (want_kind(c, n, YAML_TEXT, k->name))
			put_lower(c, k, n);
		return;
	case KEY_BOOL:
		put_bool(c, k, n);
		return;
	case KEY_INT:
		put_int(c, k, n);
		return;
	case KEY_NUMBER:
		put_number(c, k, n);
		return;
	case KEY_NUMBERS:
		put_numbers(c, k, n);
		return;
	case KEY_DURATION:
		put_duration(c, k, n);
		return;
	case KEY_SIZE:
	case KEY_BYTES:
		put_size(c, k, n);
		return;
	case KEY_TEXTS:
		put_texts(c, k, n);
		return;
	case KEY_MAP:
		if (want_kind(c, n, YAML_MAP, k->name))
			emit_map(c, attr_of(k), n, k->name);
		return;
	case KEY_MAP_TEXTS:
		put_map_texts(c, k, n);
		return;
	case KEY_BLOCK:
		put_block(c, k, n);
		return;
	case KEY_BLOCKS:
		put_blocks(c, k, n);
		return;
	case KEY_RUN:
		k->run(c, n);
		return;
	case KEY_INFO:
	case KEY_WARNING:
	case KEY_ERROR:
		put_said(c, k, n);
		return;
	case KEY_ELSEWHERE:
	case KEY_MORE:
	case KEY_END:
		return;
	}
}

void convert_key(struct converter *c, const struct yaml_node *map, const struct key *k,
	const char *where)
{
	struct yaml_node *n = yaml_find(map, k->name);

	if (n && k->zero_is_default && n->kind == YAML_TEXT && str_is(n->text, "0"))
		return;
	if (n && !yaml_is_null(n))
		put(c, k, n);
	else if (k->is_required)
		say(c, CONVERT_ERROR, map, "%s wants %s", where, k->name);
}

static void put_all(struct converter *c, const struct yaml_node *map, const struct key *keys,
	const char *where)
{
	for (const struct key *k = keys; k->kind != KEY_END; k++) {
		if (k->kind == KEY_MORE)
			put_all(c, map, k->keys, where);
		else
			convert_key(c, map, k, where);
	}
}

static bool is_known(const struct key *keys, struct str name)
{
	for (const struct key *k = keys; k->kind != KEY_END; k++) {
		if (k->kind == KEY_MORE ? is_known(k->keys, name) : str_is(name, k->name))
			return true;
	}
	return false;
}

static bool is_open(const struct key *keys)
{
	while (keys->kind != KEY_END)
		keys++;
	return keys->is_open;
}

void convert_keys(struct converter *c, const struct yaml_node *map, const struct key *keys,
	const char *where)
{
	bool open = is_open(keys);

	if (!want_kind(c, map, YAML_MAP, where))
		return;
	put_all(c, map, keys, where);
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->pairs[i].key;

		if (!is_known(keys, key->text))
			say(c, open ? CONVERT_WARNING : CONVERT_ERROR, key,
				"\"" STR_FMT "\" is not a key of %s%s",
				STR_ARG(str_head(key->text, 100)), where,
				open ? "; Promtail ignores it, and it is left out" : "");
	}
}
