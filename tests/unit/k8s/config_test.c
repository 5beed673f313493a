#include "k8s/config.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/config_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"token", "ca.crt", "namespace", "config"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	return 0;
}

static void add(struct buf *out, const char *name, struct str s)
{
	if (s.n == 0)
		return;
	if (str_starts(s, dir))
		buf_printf(out, " %s=DIR" STR_FMT, name, STR_ARG(str_from_at(s, strlen(dir))));
	else
		buf_printf(out, " %s=" STR_FMT, name, STR_ARG(s));
}

static void print(struct buf *out, const struct k8s_config *c)
{
	const struct http_settings *h = &c->http;

	buf_printf(out, STR_FMT, STR_ARG(c->server));
	add(out, "ns", c->namespace);
	add(out, "token", h->bearer_token);
	add(out, "token_file", h->bearer_token_file);
	add(out, "user", h->basic_username);
	add(out, "password", h->basic_password);
	add(out, "ca", h->ca_pem);
	add(out, "ca_file", h->ca_file);
	add(out, "cert", h->cert_pem);
	add(out, "cert_file", h->cert_file);
	add(out, "key", h->key_pem);
	add(out, "key_file", h->key_file);
	add(out, "name", h->server_name);
	add(out, "proxy", h->proxy_url);
	if (h->insecure_skip_verify)
		buf_printf(out, " insecure");
}

static void test_in_cluster(void **state)
{
	struct k8s_config c;
	struct buf out = {0};
	struct err e;

	(void)state;
	unsetenv("KUBERNETES_SERVICE_HOST");
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_false(k8s_config_in_cluster(&c, dir, &e));
	assert_true(str_starts(str_from(e.text), "not in a pod of Kubernetes: "));
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	assert_false(k8s_config_in_cluster(&c, dir, &e));
	assert_true(str_find(str_from(e.text), STR("/token: No such file or directory")) > 0);
	put("token", "secret\n");
	assert_true(k8s_config_in_cluster(&c, dir, &e));
	print(&out, &c);
	assert_str(buf_str(&out), "https://10.96.0.1:443 token_file=DIR/token");
	k8s_config_fini(&c);
	put("ca.crt", "pem");
	put("namespace", "monitoring\n");
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	assert_true(k8s_config_in_cluster(&c, dir, &e));
	buf_clear(&out);
	print(&out, &c);
	assert_str(buf_str(&out),
		"https://[fd00::1]:443 ns=monitoring token_file=DIR/token ca_file=DIR/ca.crt");
	k8s_config_fini(&c);
	buf_fini(&out);
}

#define CLUSTER(more) \
	"clusters:\n- name: one\n  cluster: {server: 'https://x'}\n- name: two\n  cluster:\n" \
	"    server: https://api:6443/\n" more
#define CONTEXT \
	"contexts:\n- name: main\n  context: {cluster: two, user: me, namespace: dev}\n" \
	"current-context: main\n"
#define USER(more) "users:\n- name: me\n  user:\n    x: y\n" more

static const struct {
	const char *text;
	const char *want; /* "! " and the end of the error */
} files[] = {
	{CONTEXT CLUSTER("    certificate-authority-data: Q0E=\n") USER("    token: tok\n"),
		"https://api:6443 ns=dev token=tok ca=CA"},
	{CONTEXT CLUSTER("    certificate-authority: pki/ca.pem\n    tls-server-name: kube\n")
			USER("    tokenFile: /run/token\n    token: tok\n"),
		"https://api:6443 ns=dev token_file=/run/token ca_file=DIR/pki/ca.pem name=kube"},
	{CONTEXT CLUSTER("    insecure-skip-tls-verify: true\n    proxy-url: http://p:1\n")
			USER("    client-certificate-data: QUJD\n    client-key: k.pem\n"),
		"https://api:6443 ns=dev cert=ABC key_file=DIR/k.pem proxy=http://p:1 insecure"},
	{CONTEXT CLUSTER("") USER("    username: u\n    password: p\n"),
		"https://api:6443 ns=dev user=u password=p"},
	{CONTEXT CLUSTER("") USER("    exec: {command: aws}\n"),
		"! user \"me\": credentials come from a program (exec), which is not started here: "
		"use token, "
		"tokenFile or a client certificate"},
	{CONTEXT CLUSTER("    certificate-authority-data: '!'\n") USER(""),
		"! cluster \"two\": certificate-authority-data is not base64"},
	{CONTEXT CLUSTER(""), "! there is no user \"me\""},
	{CONTEXT, "! there is no cluster \"two\""},
	{"current-context: x\n", "! there is no context \"x\""},
	{"{}", "! it has no current-context"},
	{"", "! it has no current-context"},
	{"a: [", "! line 2: did not find expected node content"},
	{"contexts:\n- name: main\n  context: {cluster: c}\ncurrent-context: main\nclusters:\n- "
	 "name: c\n"
	 "  cluster: {server: 'ftp://x'}\n",
		"! cluster \"c\": server \"ftp://x\" is no http:// or https:// address"},
};

static void test_kubeconfig(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/config", dir);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct k8s_config c;
		struct buf out = {0};
		struct err e;

		print_message("%s\n", files[i].text);
		put("config", files[i].text);
		if (k8s_config_kubeconfig(&c, path, &e)) {
			print(&out, &c);
			k8s_config_fini(&c);
		} else {
			buf_printf(&out, "! %s", e.text + strlen(path) + 2);
		}
		assert_str(buf_str(&out), files[i].want);
		buf_fini(&out);
	}
}

static void test_server(void **state)
{
	struct http_settings h = {.bearer_token = STR("t"), .ca_file = STR("/ca")};
	struct k8s_config c;
	struct buf out = {0};
	struct err e;

	(void)state;
	assert_true(k8s_config_server(&c, STR("http://127.0.0.1:8080/"), &h, &e));
	print(&out, &c);
	assert_str(buf_str(&out), "http://127.0.0.1:8080 token=t ca_file=/ca");
	k8s_config_fini(&c);
	assert_false(k8s_config_server(&c, STR("localhost"), &h, &e));
	assert_str(str_from(e.text), "api_server \"localhost\" is no http:// or https:// address");
	buf_fini(&out);
}

static void key_of(struct buf *key, const char *url, const struct http_settings *h)
{
	struct k8s_config c;
	struct err e;

	assert_true(k8s_config_server(&c, str_from(url), h, &e));
	buf_clear(key);
	k8s_config_add_key(key, &c);
	k8s_config_fini(&c);
}

/* The same server asked in the same way has the same key, whatever differs makes another. */
static void test_key(void **state)
{
	const struct http_header header = {STR("a"), STR("b")};
	const struct http_settings none = {0};
	const struct http_oauth2 x = {.token_url = STR("http://t"), .http = &none};
	const struct http_oauth2 y = {.token_url = STR("http://u"), .http = &none};
	const struct http_settings others[] = {
		{.bearer_token = STR("t")},
		{.authorization_type = STR("t")},
		{.insecure_skip_verify = true},
		{.headers = &header, .n_headers = 1},
		{.proxy_headers = &header, .n_proxy_headers = 1},
		{.oauth2 = &x},
		{.oauth2 = &y},
		{0},
	};
	enum { N = sizeof(others) / sizeof(others[0]) };
	struct buf keys[N] = {{0}}, again = {0};

	(void)state;
	for (size_t i = 0; i < N; i++) {
		key_of(&keys[i], "http://a", &others[i]);
		key_of(&again, "http://a/", &others[i]);
		assert_true(str_eq(buf_str(&again), buf_str(&keys[i])));
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(buf_str(&keys[i]), buf_str(&keys[k])));
	}
	key_of(&again, "http://b", &others[N - 1]);
	assert_false(str_eq(buf_str(&again), buf_str(&keys[N - 1])));
	for (size_t i = 0; i < N; i++)
		buf_fini(&keys[i]);
	buf_fini(&again);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_in_cluster), CASE(test_kubeconfig), CASE(test_server),
	CASE(test_key))
