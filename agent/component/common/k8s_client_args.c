#include "agent/component/common/k8s_client_args.h"

#include "agent/base/arena.h"
#include "agent/loop/http_client.h"
#include "k8s/config.h"

#include <ctype.h>

struct k8s_client_block {
	struct k8s_client_args client;
};

const struct arg k8s_client_args[] = {
	K8S_CLIENT_ARGS(k8s_client_block, client),
	ARGS_END,
};

bool k8s_client_args_check(const struct k8s_client_args *a, struct diags *d)
{
	bool ok = !a || http_client_args_check(&a->http, d);

	if (a && a->api_server.n && a->kubeconfig_file.n)
		ok = diag_error(d, a->http.at,
			"only one of api_server and kubeconfig_file can be set");
	return ok;
}

bool k8s_client_args_config(const struct k8s_client_args *a, struct k8s_config *out, struct err *e)
{
	struct http_settings http = {0};
	struct arena scratch;
	bool ok;

	if (a && a->kubeconfig_file.n)
		return k8s_config_kubeconfig(out, a->kubeconfig_file.p, e);
	if (!a || a->api_server.n == 0)
		return k8s_config_in_cluster(out, NULL, e);
	arena_init(&scratch, 0);
	http_client_args_settings(&a->http, &scratch, &http);
	ok = k8s_config_server(out, a->api_server, &http, e);
	arena_fini(&scratch);
	return ok;
}

bool k8s_name_is_valid(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!islower((unsigned char)s.p[i]) && !isdigit((unsigned char)s.p[i]) &&
			(i == 0 || (s.p[i] != '-' && s.p[i] != '.')))
			return false;
	return s.n > 0 && s.n <= 253;
}
