#include "agent/tail/positions.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define VERSION 1
#define MAX_LINE ((size_t)64 * 1024)

void position_free(struct position *list)
{
	while (list) {
		struct position *next = list->next;

		free(list->key);
		free(list->name);
		free(list);
		list = next;
	}
}

void positions_fini(struct positions *p)
{
	MAP_EACH(slot, &p->by_key)
	{
		position_free(slot->value);
	}
	map_fini(&p->by_key);
	p->n = 0;
}

void positions_put(struct positions *p, struct position *one)
{
	struct position *list = map_find(&p->by_key, str_from(one->key));

	one->next = NULL;
	p->n++;
	if (!list) {
		map_set(&p->by_key, str_from(one->key), one);
		return;
	}
	while (list->next)
		list = list->next;
	list->next = one;
}

struct position *positions_take(struct positions *p, struct str key)
{
	struct position *list = map_remove(&p->by_key, key);

	for (struct position *i = list; i; i = i->next)
		p->n--;
	return list;
}

struct position *positions_claim(struct positions *p,
	bool (*is_it)(const struct position *one, const void *arg), const void *arg)
{
	MAP_EACH(slot, &p->by_key)
	{
		struct position *head = slot->value;
		struct position *one = head, *before = NULL;

		for (; one && !is_it(one, arg); one = one->next)
			before = one;
		if (!one)
			continue;
		if (before)
			before->next = one->next;
		else if (one->next)
			slot->value = one->next;
		else
			map_remove(&p->by_key, str_from(one->key));
		one->next = NULL;
		p->n--;
		return one;
	}
	return NULL;
}

bool positions_has(const struct positions *p, struct str key)
{
	return map_find(&p->by_key, key) != NULL;
}

void positions_print_start(struct buf *out)
{
	buf_printf(out, "{\"invar_positions\":%d}\n", VERSION);
}

/* The key is "source\npath", shown as two members. Numbers beyond 2^53 are texts. */
void positions_print(struct buf *out, const struct position *one)
{
	struct str source = str_from(one->key);
	struct str path = {0};

	str_cut(source, '\n', &source, &path);
	buf_add_str(out, STR("{\"source\":"));
	buf_add_json(out, source);
	buf_add_str(out, STR(",\"path\":"));
	buf_add_json(out, path);
	buf_add_str(out, STR(",\"file\":"));
	buf_add_json(out, str_from(one->name));
	buf_printf(out,
		",\"offset\":%" PRIu64 ",\"device\":\"%" PRIu64 "\",\"inode\":\"%" PRIu64
		"\",\"born\":\"%" PRIu64 "\",\"head\":\"%" PRIu32 ":%016" PRIx64 "\"}\n",
		one->offset, one->device, one->inode, one->born, one->head_n, one->head_hash);
}

void positions_print_all(struct buf *out, const struct positions *p)
{
	MAP_EACH(slot, &p->by_key)
	{
		for (const struct position *i = slot->value; i; i = i->next)
			positions_print(out, i);
	}
}

static uint32_t sum_of(struct str text)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)text.p, text.n);
}

void positions_print_end(struct buf *out)
{
	buf_printf(out, "{\"end\":true,\"crc32\":\"%08" PRIx32 "\"}\n", sum_of(buf_str(out)));
}

static bool number_of(const cJSON *o, const char *name, uint64_t *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	if (cJSON_IsString(v)) {
		char *end;

		*out = strtoull(v->valuestring, &end, 10);
		return end != v->valuestring && *end == 0;
	}
	if (!cJSON_IsNumber(v) || v->valuedouble < 0 || v->valuedouble > 0x1p53)
		return false;
	*out = (uint64_t)v->valuedouble;
	return true;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static char *copy(const char *a, const char *between, const char *b)
{
	struct buf out = {0};

	buf_printf(&out, "%s%s%s", a, between, b);
	buf_add_char(&out, 0);
	return out.p;
}

static struct position *parse_one(const cJSON *o)
{
	const char *source = text_of(o, "source");
	const char *path = text_of(o, "path");
	const char *file = text_of(o, "file");
	const char *head = text_of(o, "head");
	struct position p = {0};
	struct position *out;

	if (!source || !path || !file || !head ||
		sscanf(head, "%" SCNu32 ":%" SCNx64, &p.head_n, &p.head_hash) != 2 ||
		p.head_n > POSITION_HEAD)
		return NULL;
	if (!number_of(o, "offset", &p.offset) || !number_of(o, "device", &p.device) ||
		!number_of(o, "inode", &p.inode) || !number_of(o, "born", &p.born))
		return NULL;
	out = mem_new(struct position, 1);
	*out = p;
	out->key = copy(source, "\n", path);
	out->name = copy(file, "", "");
	return out;
}

static bool parse_line(struct positions *p, struct str line, size_t number, struct err *e)
{
	cJSON *o = line.n <= MAX_LINE ? cJSON_ParseWithLength(line.p, line.n) : NULL;
	struct position *one = NULL;
	uint64_t version;

	if (!o)
		return err_set(e, "line %zu is not JSON", number);
	if (number == 1) {
		bool ok = number_of(o, "invar_positions", &version) && version == VERSION;

		cJSON_Delete(o);
		return ok || err_set(e, "line 1: want {\"invar_positions\":%d}", VERSION);
	}
	one = parse_one(o);
	cJSON_Delete(o);
	if (!one)
		return err_set(e, "line %zu lacks a member, or has one of another type", number);
	positions_put(p, one);
	return true;
}

/* The last line, which says what the bytes before it sum up to. */
static bool check_end(struct str text, struct str *before, struct err *e)
{
	static const char start[] = "{\"end\":true,\"crc32\":\"";
	size_t at = text.n;
	struct str last;
	char want[16];

	if (!str_ends(text, "\n"))
		return err_set(e, "the last line is cut short");
	for (at--; at > 0 && text.p[at - 1] != '\n'; at--)
		;
	last = str_from_at(text, at);
	*before = str_head(text, at);
	if (!str_starts(last, start) || last.n < sizeof(start) + 8)
		return err_set(e, "the last line, with the checksum, is missing");
	snprintf(want, sizeof(want), "%08" PRIx32, sum_of(*before));
	if (memcmp(last.p + sizeof(start) - 1, want, 8) != 0)
		return err_set(e, "the checksum is not that of the content");
	return true;
}

bool positions_parse(struct positions *p, struct str text, struct err *e)
{
	struct positions got = {0};
	size_t number = 0;
	struct str line;

	if (!check_end(text, &text, e))
		return false;
	while (str_cut(text, '\n', &line, &text)) {
		if (!parse_line(&got, line, ++number, e)) {
			positions_fini(&got);
			return false;
		}
	}
	if (number == 0)
		return err_set(e, "it is empty");
	positions_fini(p);
	*p = got;
	return true;
}
