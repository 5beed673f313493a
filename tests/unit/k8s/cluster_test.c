/* Clusters against a server in the same loop. */

#include "k8s/cluster.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "k8s/config.h"
#include "k8s/pod_store.h"
#include "k8s/watch.h"
#include "tests/test.h"

static struct loop *loop;
static struct http_client *client;
static struct http_server *server;
static struct k8s_config config;
static int requests;

static void on_request(struct http_server *s, struct http_request *r)
{
	struct str path = http_request_path(r);
	bool is_b = str_find(path, STR("/b/")) >= 0;
	struct http_reply reply = {.status = 200};

	(void)s;
	requests++;
	reply.body =
		is_b ? STR("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"p\","
			   "\"namespace\":\"b\","
			   "\"uid\":\"2\"}}}\n{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
			   "\"resourceVersion\":\"3\",\"annotations\":{\"k8s.io/"
			   "initial-events-end\":"
			   "\"true\"}}}}\n")
		     : STR("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"p\","
			   "\"namespace\":\"a\","
			   "\"uid\":\"1\"}}}\n{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n");
	if (str_find(path, STR("/refused/")) >= 0)
		reply = (struct http_reply){.status = 403, .body = STR("{\"message\":\"no\"}")};
	http_reply(r, &reply);
}

static void discard(struct str line)
{
	(void)line;
}

static int setup(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"), .max_body = 1024, .request = on_request};
	struct http_settings http = {0};
	char url[64];
	struct err e;

	(void)state;
	log_set_writer(discard);
	requests = 0;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 0);
	client = http_client_new(loop);
	server = http_server_new(loop, &set, NULL, &e);
	assert_non_null(server);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", http_server_port(server));
	assert_true(k8s_config_server(&config, str_from(url), &http, &e));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	k8s_config_fini(&config);
	http_server_free(server);
	http_client_free(client);
	loop_free(loop);
	return 0;
}

static struct cluster *hold(const char *field, const struct str *namespaces, size_t n)
{
	struct cluster_settings set = {.config = &config,
		.field_selector = str_from(field),
		.namespaces = namespaces,
		.n_namespaces = n};
	struct err e;

	return cluster_hold(loop, client, &set, &e);
}

static void turn(void)
{
	for (int i = 0; i < 30; i++)
		loop_turn(loop, 5 * NS_PER_MS);
}

static void test_sharing(void **state)
{
	struct cluster *a = hold("x=y", NULL, 0);
	struct cluster *b = hold("x=y", NULL, 0);
	struct cluster *other = hold("x=z", NULL, 0);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, other);
	turn();
	assert_int_equal(requests, 2);
	cluster_release(b);
	assert_non_null(pod_store_find_uid(cluster_pods(a), STR("1")));
	cluster_release(a);
	cluster_release(other);
	a = hold("x=y", NULL, 0); /* a new one: nothing is known */
	assert_int_equal(pod_store_count(cluster_pods(a)), 0);
	cluster_release(a);
	cluster_release(NULL);
}

/* In a pod, on many nodes at once, nobody asks at the first moment. */
static void test_spread(void **state)
{
	struct cluster *c = hold("x=y", NULL, 0);

	(void)state;
	assert_int_equal(cluster_spread(c), 0);
	cluster_release(c);
	config.is_pod = true;
	c = hold("x=y", NULL, 0);
	config.is_pod = false;
	assert_int_equal(cluster_spread(c), WATCH_SPREAD);
	cluster_release(c);
}

/* Namespace a's stream ends before its initial events do. */
static void test_namespaces(void **state)
{
	static const struct str both[] = {{"a", 1}, {"b", 1}};
	static const struct str refused[] = {{"b", 1}, {"refused", 7}};
	static const struct str bad[] = {{"a/../b", 6}};
	struct cluster *c = hold("", both, 2);

	(void)state;
	turn();
	assert_int_equal(requests, 2);
	assert_int_equal(pod_store_count(cluster_pods(c)), 2);
	assert_false(pod_store_is_synced(cluster_pods(c)));
	assert_null(cluster_problem(c));
	cluster_release(c);
	c = hold("", both + 1, 1);
	turn();
	assert_true(pod_store_is_synced(cluster_pods(c)));
	cluster_release(c);
	c = hold("", refused, 2);
	turn();
	assert_true(
		str_starts(str_from(cluster_problem(c)), "the API server forbids it: no (403)"));
	assert_int_equal(pod_store_count(cluster_pods(c)), 1);
	cluster_release(c);
	assert_null(hold("", bad, 1));
}

static const struct {
	const char *selector;
	const char *node; /* NULL: it chooses none */
} selectors[] = {
	{"spec.nodeName=n1", "n1"},
	{"status.phase=Running, spec.nodeName == n2", "n2"},
	{"spec.nodeName!=n1", NULL},
	{"metadata.name=spec.nodeName", NULL},
	{"spec.nodeName=", ""},
	{"", NULL},
};

static void test_selectors(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
		struct str node;
		bool ok = cluster_selector_node(str_from(selectors[i].selector), &node);

		print_message("%s\n", selectors[i].selector);
		assert_int_equal(ok, selectors[i].node != NULL);
		if (ok)
			assert_str(node, selectors[i].node);
	}
	cluster_node_selector(&out, STR("n1"));
	assert_str(buf_str(&out), "spec.nodeName=n1");
	buf_fini(&out);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_sharing), CASE(test_spread), CASE(test_namespaces), CASE(test_selectors))
