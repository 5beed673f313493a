/* Settings without a client: for those who keep them before there is one. */

#include "agent/base/arena.h"
#include "agent/loop/http_client.h"

struct http_oauth2 *http_settings_copy_oauth2(struct arena *a, const struct http_oauth2 *o)
{
	struct http_header *params = arena_new(a, struct http_header, o->n_params + 1);
	struct http_oauth2 *copy = arena_new(a, struct http_oauth2, 1);

	for (size_t i = 0; i < o->n_params; i++)
		params[i] = (struct http_header){
			arena_str(a, o->params[i].name), arena_str(a, o->params[i].value)};
	*copy = *o;
	copy->token_url = arena_str(a, o->token_url);
	copy->client_id = arena_str(a, o->client_id);
	copy->client_id_file = arena_str(a, o->client_id_file);
	copy->client_secret = arena_str(a, o->client_secret);
	copy->client_secret_file = arena_str(a, o->client_secret_file);
	copy->scopes = arena_str(a, o->scopes);
	copy->params = params;
	return copy;
}
