#include "agent/component/discovery.kubernetes/pod_mix.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *loop;
static struct notify *notify;
static char root[64];

#define STATUS(phase, more) "\"status\":{\"phase\":\"" phase "\"" more "}"
#define RAN \
	",\"containerStatuses\":[{\"name\":\"app\",\"containerID\":\"c://" \
	"1\"}],\"podIP\":\"10.0.0.1\""
#define POD(name, uid, status) \
	"{\"metadata\":{\"namespace\":\"n\",\"name\":\"" name "\",\"uid\":\"" uid "\"},\"spec\":{" \
	"\"containers\":[{\"name\":\"app\"}]}," status "}"
#define RUNNING(name, uid) POD(name, uid, STATUS("Running", RAN))
#define PENDING(name, uid) POD(name, uid, STATUS("Pending", ""))

static const struct {
	const char *what;
	const char *pods[4];
	const char *deleted; /* uid of one of them */
	const char *folders[4];
	int waited; /* seconds since the folders were found */
	bool has_no_server, has_no_others;
	const char *namespace;
	const char *want; /* pod/container/id or "folder", "wait N" in ms, and "news" */
} cases[] = {
	{.what = "pods of the API server, sorted, folder or not",
		.pods = {RUNNING("b", "2"), RUNNING("a", "1")},
		.folders = {"n_a_1/app"},
		.want = "a/app/c://1 b/app/c://1"},
	{.what = "a pending pod without a folder gives nothing yet",
		.pods = {PENDING("a", "1")},
		.want = ""},
	{.what = "a folder that is new waits for the container's id",
		.pods = {PENDING("a", "1")},
		.folders = {"n_a_1/app"},
		.want = "wait 2000"},
	{.what = "but not for long",
		.pods = {PENDING("a", "1")},
		.folders = {"n_a_1/app"},
		.waited = 2,
		.want = "a/app/"},
	{.what = "a folder without a pod waits for the pod",
		.folders = {"n_a_1/app", "n_a_1/side"},
		.waited = 1,
		.want = "wait 1000 news"},
	{.what = "then it does without",
		.folders = {"n_a_1/app"},
		.waited = 2,
		.want = "a/app/folder news"},
	{.what = "and the pod is no news any more",
		.folders = {"n_a_1/app"},
		.waited = 10,
		.want = "a/app/folder"},
	{.what = "no server, no wait",
		.has_no_server = true,
		.folders = {"n_a_1/app"},
		.want = "a/app/folder news"},
	{.what = "a deleted pod keeps its targets as long as its folder is there",
		.pods = {RUNNING("a", "1"), RUNNING("b", "2")},
		.deleted = "1",
		.folders = {"n_a_1/app"},
		.want = "b/app/c://1 a/app/c://1"},
	{.what = "and no longer",
		.pods = {RUNNING("a", "1"), RUNNING("b", "2")},
		.deleted = "1",
		.want = "b/app/c://1"},
	{.what = "a selector that folders cannot answer",
		.pods = {RUNNING("b", "2")},
		.folders = {"n_a_1/app"},
		.waited = 5,
		.has_no_others = true,
		.want = "b/app/c://1 news"},
	{.what = "folders of other namespaces",
		.folders = {"n_a_1/app", "m_c_3/app"},
		.waited = 5,
		.namespace = "m",
		.want = "c/app/folder news"},
};

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/pod_mix_test.XXXXXX");
	assert_non_null(mkdtemp(root));
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 0);
	notify = notify_new(loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	notify_free(notify);
	loop_free(loop);
	rmdir(root);
	return 0;
}

/* "pod/container", made, or taken out again. */
static void set_folder(const char *name, bool is_there)
{
	char path[128];
	char *slash;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	slash = strrchr(path, '/');
	if (!is_there)
		rmdir(path);
	*slash = 0;
	if (!is_there) {
		rmdir(path);
		return;
	}
	mkdir(path, 0755);
	*slash = '/';
	assert_int_equal(mkdir(path, 0755), 0);
}

static struct str label(const struct pod_target *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_is(t->v[i].name, name))
			return t->v[i].value;
	}
	return (struct str){0};
}

static void print(struct buf *out, struct pod_mix *m)
{
	struct pod_targets t = {0};
	struct arena a;
	int64_t wait;

	arena_init(&a, 0);
	wait = pod_mix_targets(m, &a, loop_now(loop), &t);
	for (size_t i = 0; i < t.n; i++) {
		struct str id = label(&t.p[i], "__meta_kubernetes_pod_container_id");

		buf_printf(out, "%s" STR_FMT "/" STR_FMT "/" STR_FMT, out->n ? " " : "",
			STR_ARG(label(&t.p[i], "__meta_kubernetes_pod_name")),
			STR_ARG(label(&t.p[i], "__meta_kubernetes_pod_container_name")),
			STR_ARG(id.p ? id : STR("folder")));
	}
	if (wait)
		buf_printf(out, "%swait %lld", out->n ? " " : "", (long long)(wait / NS_PER_MS));
	if (m->has_news)
		buf_printf(out, "%snews", out->n ? " " : "");
	arena_fini(&a);
}

static void add_pod(struct pod_store *s, const char *json)
{
	struct arena a;
	struct err e;
	struct pod *p;

	arena_init(&a, 0);
	p = pod_parse(&a, str_from(json), &e);
	assert_non_null(p);
	pod_store_set(s, &cases, p);
	arena_fini(&a);
}

static void run(size_t i)
{
	struct pod_store *s = pod_store_new(loop);
	struct str namespace = str_from(cases[i].namespace);
	struct pod_mix m = {
		.pods = cases[i].has_no_server ? NULL : s,
		.has_others = !cases[i].has_no_others,
		.namespaces = &namespace,
		.n_namespaces = namespace.n > 0,
		.node = STR("n1"),
	};
	struct buf out = {0};

	for (size_t k = 0; k < 4 && cases[i].folders[k]; k++)
		set_folder(cases[i].folders[k], true);
	m.dirs = pod_dirs_hold(loop, notify, str_from(root));
	for (size_t k = 0; k < 4 && cases[i].pods[k]; k++)
		add_pod(s, cases[i].pods[k]);
	if (cases[i].deleted)
		pod_store_delete(s, str_from(cases[i].deleted));
	loop_advance(loop, cases[i].waited * NS_PER_SEC);
	print(&out, &m);
	assert_str(buf_str(&out), cases[i].want);
	pod_mix_fini(&m);
	pod_dirs_release(m.dirs);
	pod_store_free(s);
	for (size_t k = 0; k < 4 && cases[i].folders[k]; k++)
		set_folder(cases[i].folders[k], false);
	buf_fini(&out);
}

static void test_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].what);
		run(i);
	}
}

/* The store forgets a deleted pod; its folder is still there. */
static void test_a_pod_that_the_store_has_forgotten(void **state)
{
	struct pod_store *s = pod_store_new(loop);
	struct pod_mix m = {.pods = s, .has_others = true, .node = STR("n1")};
	struct buf out = {0};

	(void)state;
	set_folder("n_a_1/app", true);
	m.dirs = pod_dirs_hold(loop, notify, str_from(root));
	add_pod(s, RUNNING("a", "1"));
	print(&out, &m);
	pod_store_delete(s, STR("1"));
	loop_advance(loop, POD_STORE_GRACE);
	assert_null(pod_store_find_uid(s, STR("1")));
	print(&out, &m);
	set_folder("n_a_1/app", false);
	for (int i = 0; i < 20; i++) {
		loop_turn(loop, 0);
		loop_advance(loop, 20 * NS_PER_MS);
	}
	print(&out, &m);
	assert_str(buf_str(&out), "a/app/c://1 a/app/c://1");
	assert_int_equal(m.kept.n, 0);
	pod_mix_fini(&m);
	pod_dirs_release(m.dirs);
	pod_store_free(s);
	buf_fini(&out);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_targets), CASE(test_a_pod_that_the_store_has_forgotten))
