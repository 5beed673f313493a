#include "agent/component/common/path_targets.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/base/vec.h"
#include "agent/tail/glob.h"
#include "agent/tail/match.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Targets often share a pattern (a container with two ports): each is walked once. */
struct pattern {
	struct match match;
	struct path_targets *owner;
	unsigned round; /* of the last set that named it */
};

struct str target_label(const struct arg_map *target, const char *name)
{
	for (size_t i = 0; i < target->n; i++) {
		if (str_is(target->p[i].name, name))
			return target->p[i].value;
	}
	return (struct str){0};
}

static bool is_too_old(const struct path_targets *p, const char *path)
{
	struct stat st;

	if (p->ignore_older <= 0 || stat(path, &st) == -1)
		return false;
	return loop_wall(p->loop) - ((int64_t)st.st_mtim.tv_sec * NS_PER_SEC + st.st_mtim.tv_nsec) >
	       p->ignore_older;
}

static bool is_excluded(const struct glob_list *exclude, struct str path)
{
	for (size_t i = 0; i < exclude->n; i++) {
		if (glob_path_matches(exclude->p[i], path))
			return true;
	}
	return false;
}

static struct pattern *pattern_of(struct path_targets *p, struct str text)
{
	return map_find(&p->patterns, text);
}

/* The patterns that a label of the target stands for. */
static struct glob_list patterns_in(struct path_targets *p, const struct arg_map *target,
	const char *name)
{
	struct str text = target_label(target, name);
	struct glob_list list = {0};

	if (text.n == 0)
		return list;
	if (!glob_alternatives(&p->scratch, text, &list))
		log_warn(p->id, "a pattern cannot be used", KV("label", name), KV("pattern", text),
			KV("hint", "its braces must match, with at most 64 alternatives in all"));
	return list;
}

static void add_files(struct path_targets *p, const struct arg_map *target, size_t *cap)
{
	struct glob_list include = patterns_in(p, target, "__path__");
	struct glob_list exclude = patterns_in(p, target, "__path_exclude__");

	for (size_t i = 0; i < include.n; i++) {
		struct pattern *pat = pattern_of(p, include.p[i]);

		for (size_t k = 0; pat && k < pat->match.n; k++) {
			struct str path = pat->match.paths[k];

			if (is_excluded(&exclude, path) || is_too_old(p, path.p))
				continue;
			if (p->n == *cap) {
				*cap = *cap ? *cap * 2 : 16;
				p->v = mem_resize(p->v, *cap * sizeof(*p->v));
			}
			p->v[p->n++] = (struct path_target){target, path};
		}
	}
}

static void build(struct path_targets *p)
{
	size_t cap = 0;

	free(p->v);
	p->v = NULL;
	p->n = 0;
	for (size_t i = 0; i < p->targets.n; i++)
		add_files(p, &p->targets.p[i], &cap);
	arena_clear(&p->scratch);
	if (p->ignore_older > 0)
		timer_set(&p->again, p->loop, p->period > 0 ? p->period : 10 * NS_PER_SEC);
	else
		timer_clear(&p->again);
}

static void on_rebuild(struct task *t)
{
	struct path_targets *p = container_of(t, struct path_targets, rebuild);

	build(p);
	p->changed(p);
}

static void on_again(struct timer *t)
{
	on_rebuild(&container_of(t, struct path_targets, again)->rebuild);
}

/* Several patterns change in one turn when a pod comes: one rebuild for all. */
static void on_match(struct match *m)
{
	struct path_targets *p = container_of(m, struct pattern, match)->owner;

	task_defer(&p->rebuild, p->loop);
}

void path_targets_start(struct path_targets *p, const char *id, struct loop *l, struct notify *n)
{
	p->id = id;
	p->loop = l;
	p->notify = n;
	p->rebuild.run = on_rebuild;
	p->again.fire = on_again;
}

static void use_pattern(struct path_targets *p, struct str text)
{
	struct pattern *pat = pattern_of(p, text);

	if (!pat) {
		pat = mem_new(struct pattern, 1);
		pat->owner = p;
		pat->match.changed = on_match;
		map_set(&p->patterns, text, pat);
		match_start(&pat->match, p->loop, p->notify, text);
	}
	pat->round = p->round;
}

static void drop_unused(struct path_targets *p)
{
	for (size_t i = 0; i < p->patterns.cap; i++) {
		struct map_slot *s = &p->patterns.slots[i];
		struct pattern *pat = s->value;

		if (!s->key.p || pat->round == p->round)
			continue;
		match_stop(&pat->match);
		map_remove(&p->patterns, s->key);
		free(pat);
		i = (size_t)-1; /* slots have moved: from the beginning again */
	}
}

void path_targets_set(struct path_targets *p, struct arg_targets targets, int64_t ignore_older,
	int64_t period)
{
	p->targets = targets;
	p->ignore_older = ignore_older;
	p->period = period;
	p->round++;
	for (size_t i = 0; i < targets.n; i++) {
		struct glob_list list = patterns_in(p, &targets.p[i], "__path__");

		for (size_t k = 0; k < list.n; k++)
			use_pattern(p, list.p[k]);
	}
	drop_unused(p);
	build(p);
}

void path_targets_stop(struct path_targets *p)
{
	p->round++;
	drop_unused(p);
	map_fini(&p->patterns);
	task_cancel(&p->rebuild);
	timer_clear(&p->again);
	arena_fini(&p->scratch);
	free(p->v);
	p->v = NULL;
	p->n = 0;
}
