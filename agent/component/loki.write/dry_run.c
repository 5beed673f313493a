/* Printing is not the fast path: the labels are made anew when the entry before had others. */

#include "agent/component/loki.write/dry_run.h"

#include "agent/base/timestamp.h"
#include "agent/component/loki.write/stream_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FLUSH_AT ((size_t)65536)

#define DIM "\x1b[2m"
#define CYAN "\x1b[36m"
#define YELLOW "\x1b[33m"
#define PLAIN "\x1b[0m"

/* Standard output may be a pipe that somebody reads slowly: this waits, which is what a
 * person who watches wants. What cannot be written is lost: nobody reads any more. */
static void flush(struct loki_dry_run *d)
{
	struct str rest = buf_str(&d->out);

	while (rest.n) {
		ssize_t n = write(d->fd, rest.p, rest.n);

		if (n == -1 && errno != EINTR)
			break;
		rest = str_from_at(rest, n == -1 ? 0 : (size_t)n);
	}
	buf_clear(&d->out);
}

static void on_flush(struct task *t)
{
	flush(container_of(t, struct loki_dry_run, flush));
}

void loki_dry_run_init(struct loki_dry_run *d, struct loop *l, const char *id, enum dry_run mode,
	int fd)
{
	*d = (struct loki_dry_run){.loop = l, .id = id, .mode = mode, .fd = fd};
	d->colour = mode == DRY_RUN_TEXT && isatty(fd);
	d->flush.run = on_flush;
	arena_init(&d->scratch, 0);
	if (mode != DRY_RUN_OFF) /* another program on this terminal may have left it so */
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

void loki_dry_run_change(struct loki_dry_run *d)
{
	labels_release(d->last);
	labels_release(d->sent);
	d->last = NULL;
	d->sent = NULL;
}

void loki_dry_run_fini(struct loki_dry_run *d)
{
	flush(d);
	task_cancel(&d->flush);
	loki_dry_run_change(d);
	buf_fini(&d->labels);
	buf_fini(&d->out);
	arena_fini(&d->scratch);
}

static void use_labels(struct loki_dry_run *d, const struct entry *e, const struct label *external,
	size_t n_external)
{
	size_t repaired = 0;

	if (d->last == e->labels)
		return;
	loki_dry_run_change(d);
	d->last = labels_hold(e->labels);
	d->sent = loki_stream_labels(&d->scratch, e->labels, external, n_external, &repaired);
	arena_clear(&d->scratch);
	buf_clear(&d->labels);
	labels_print(&d->labels, d->sent);
}

static void add_coloured(struct loki_dry_run *d, const char *colour, struct str s)
{
	if (d->colour)
		buf_add_str(&d->out, str_from(colour));
	buf_add_str(&d->out, s);
	if (d->colour)
		buf_add_str(&d->out, STR(PLAIN));
}

/* A line goes to a terminal without what would move its cursor. */
static void add_line(struct loki_dry_run *d, struct str line)
{
	if (!d->colour) {
		buf_add_str(&d->out, line);
		return;
	}
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			buf_printf(&d->out, "\\x%02x", c);
		else
			buf_add_char(&d->out, (char)c);
	}
}

static void print_text(struct loki_dry_run *d, const struct entry *e)
{
	char time[TIMESTAMP_SIZE];
	struct buf meta = {0};

	add_coloured(d, DIM, timestamp_format(time, e->time));
	buf_add_char(&d->out, ' ');
	add_coloured(d, CYAN, buf_str(&d->labels));
	buf_add_char(&d->out, ' ');
	for (size_t i = 0; i < e->n_meta; i++) {
		buf_clear(&meta);
		buf_add_str(&meta, e->meta[i].name);
		buf_add_char(&meta, '=');
		buf_add_quoted(&meta, e->meta[i].value);
		add_coloured(d, YELLOW, buf_str(&meta));
		buf_add_char(&d->out, ' ');
	}
	buf_fini(&meta);
	add_line(d, e->line);
	buf_add_char(&d->out, '\n');
}

static void add_object(struct buf *out, const char *name, const struct label *v, size_t n)
{
	buf_printf(out, ",\"%s\":{", name);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, ',');
		buf_add_json(out, v[i].name);
		buf_add_char(out, ':');
		buf_add_json(out, v[i].value);
	}
	buf_add_char(out, '}');
}

static void print_json(struct loki_dry_run *d, const struct entry *e)
{
	struct str tenant = labels_find(e->labels, STR("__tenant_id__"));
	char time[TIMESTAMP_SIZE];

	buf_add_str(&d->out, STR("{\"component\":"));
	buf_add_json(&d->out, str_from(d->id));
	buf_add_str(&d->out, STR(",\"timestamp\":"));
	buf_add_json(&d->out, timestamp_format(time, e->time));
	if (tenant.n) {
		buf_add_str(&d->out, STR(",\"tenant\":"));
		buf_add_json(&d->out, tenant);
	}
	add_object(&d->out, "labels", d->sent->v, d->sent->n);
	add_object(&d->out, "structured_metadata", e->meta, e->n_meta);
	buf_add_str(&d->out, STR(",\"line\":"));
	buf_add_json(&d->out, e->line);
	buf_add_str(&d->out, STR("}\n"));
}

void loki_dry_run_print(struct loki_dry_run *d, const struct entry *e,
	const struct label *external, size_t n_external)
{
	use_labels(d, e, external, n_external);
	if (d->mode == DRY_RUN_JSON)
		print_json(d, e);
	else
		print_text(d, e);
	if (d->out.n >= FLUSH_AT)
		flush(d);
	else
		task_defer(&d->flush, d->loop);
}
