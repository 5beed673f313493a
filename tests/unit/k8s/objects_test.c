/* With a watch that the test plays itself. */

#include "k8s/objects.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/loop/loop.h"
#include "k8s/object_roles.h"
#include "k8s/watch.h"
#include "tests/test.h"

static struct watch_sink *sink;
static const char *problem;
static int changes;

struct watch *watch_new(struct loop *l, struct http_target *t, const struct watch_settings *set,
	struct watch_sink *s)
{
	(void)l;
	(void)t;
	assert_true(str_is(set->path, "/api/v1/namespaces"));
	sink = s;
	return NULL;
}
void watch_free(struct watch *w)
{
	(void)w;
}
const char *watch_problem(const struct watch *w)
{
	(void)w;
	return problem;
}

static void on_changed(void *owner)
{
	(void)owner;
	changes++;
}

static bool put(enum watch_event event, const char *name, const char *labels)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"labels\":{%s}}}", name,
		labels);
	return sink->object(sink, event, str_from(text));
}

/* "NAME label=value; …\n" of each, sorted. */
static void assert_objects(struct objects *o, const char *want)
{
	struct buf b = {0};
	struct arena a;
	size_t n;
	const struct object *const *v;

	arena_init(&a, 0);
	v = objects_sorted(o, &a, &n);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, STR_FMT, STR_ARG(v[i]->name));
		for (size_t k = 0; k < v[i]->n_targets; k++)
			for (size_t m = 0; m < v[i]->targets[k].n; m++)
				buf_printf(&b, " " STR_FMT "=" STR_FMT ";",
					STR_ARG(v[i]->targets[k].v[m].name),
					STR_ARG(v[i]->targets[k].v[m].value));
		buf_add_char(&b, '\n');
		assert_ptr_equal(objects_find(o, (struct str){0}, v[i]->name), v[i]);
	}
	arena_fini(&a);
	assert_str(buf_str(&b), want);
	buf_fini(&b);
}

/* What a namespace lends, behind its own labels. */
#define LENT(k, v) " __meta_kubernetes_namespace_label_" k "=" v ";"
#define PRESENT(k) " __meta_kubernetes_namespace_labelpresent_" k "=true;"

static void objects_come_change_and_go(void **state)
{
	struct loop *l = loop_new();
	struct objects *o = objects_new(l, &(struct objects_settings){
						   .path = STR("/api/v1/namespaces"),
						   .reader = &object_namespace,
						   .changed = on_changed,
					   });

	(void)state;
	sink->begin(sink);
	assert_true(put(WATCH_ADDED, "b", "\"x\":\"1\",\"a\":\"2\""));
	assert_true(put(WATCH_ADDED, "a", ""));
	assert_false(objects_is_synced(o));
	sink->complete(sink);
	assert_true(objects_is_synced(o));
	assert_int_equal(changes, 0);
	loop_turn(l, 0);
	assert_int_equal(changes, 1); /* once, however much it was */
	assert_objects(o, "a\nb a=2; x=1;" LENT("a", "2") LENT("x", "1")
				  PRESENT("a") PRESENT("x") "\n");

	assert_true(put(WATCH_MODIFIED, "b", "\"x\":\"2\""));
	assert_false(put(WATCH_ADDED, "", ""));
	assert_false(sink->object(sink, WATCH_ADDED, STR("{\"metadata\":")));
	assert_objects(o, "a\nb x=2;" LENT("x", "2") PRESENT("x") "\n");
	assert_true(put(WATCH_DELETED, "a", ""));
	assert_true(put(WATCH_DELETED, "never", ""));
	assert_objects(o, "b x=2;" LENT("x", "2") PRESENT("x") "\n");

	sink->begin(sink); /* another list: who is not in it is gone */
	assert_true(put(WATCH_ADDED, "c", ""));
	sink->complete(sink);
	assert_objects(o, "c\n");
	problem = "403";
	sink->problem(sink);
	loop_turn(l, 0);
	assert_int_equal(changes, 2);
	assert_string_equal(objects_problem(o), "403");
	objects_free(o);
	loop_free(l);
}

TESTS_RUN(cmocka_unit_test(objects_come_change_and_go))
