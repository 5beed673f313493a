/* What went wrong with a request, in words a person understands: who was asked, and why it
 * did not work. curl's own texts are kept where they say more. */

#include "agent/loop/http_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void http_error_peer(CURL *easy, char out[HTTP_PEER_SIZE])
{
	CURLU *u = curl_url();
	char *url = NULL;
	char *host = NULL;
	char *port = NULL;

	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
	if (url && u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		snprintf(out, HTTP_PEER_SIZE, "%s:%s", host, port);
	else
		snprintf(out, HTTP_PEER_SIZE, "(no address)");
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static const char *why_not_connected(CURL *easy)
{
	long number = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
	switch (number) {
	case 0:
		return "connection failed";
	case ECONNREFUSED:
		return "connection refused";
	case EHOSTUNREACH:
		return "no route to host";
	case ENETUNREACH:
		return "network is unreachable";
	case ETIMEDOUT:
		return "connection timed out";
	default:
		return strerror((int)number);
	}
}

static const char *why_timed_out(CURL *easy)
{
	curl_off_t t = 0;

	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &t);
	if (t == 0)
		return "time-out while its name was looked up";
	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &t);
	if (t == 0)
		return "time-out while connecting";
	curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &t);
	if (t == 0)
		return "time-out in the TLS handshake";
	curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &t);
	if (t == 0)
		return "time-out before an answer came";
	return "time-out before the answer was complete";
}

/* The codes of curl are many and open-ended: no switch over the enum here. */
static const char *words(CURL *easy, CURLcode code, bool *with_detail)
{
	*with_detail = false;
	if (code == CURLE_COULDNT_CONNECT)
		return why_not_connected(easy);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return why_timed_out(easy);
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return "name not found";
	if (code == CURLE_GOT_NOTHING)
		return "the connection was closed without an answer";
	if (code == CURLE_PARTIAL_FILE)
		return "the connection was closed in the middle of the answer";
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return "the URL does not begin with http:// or https://";
	*with_detail = true;
	if (code == CURLE_COULDNT_RESOLVE_PROXY)
		return "name of the proxy not found";
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return "certificate is not trusted";
	if (code == CURLE_SSL_CONNECT_ERROR)
		return "TLS handshake failed";
	if (code == CURLE_SSL_CACERT_BADFILE)
		return "CA certificates cannot be used";
	if (code == CURLE_SSL_CERTPROBLEM)
		return "client certificate or key cannot be used";
	if (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR)
		return "connection lost";
	return curl_easy_strerror(code);
}

void http_error_describe(CURL *easy, CURLcode code, const char *detail, char *out, size_t size)
{
	char peer[HTTP_PEER_SIZE];
	bool with_detail;
	const char *text = words(easy, code, &with_detail);

	http_error_peer(easy, peer);
	if (str_starts(str_from(detail), "SSL certificate problem: "))
		detail += strlen("SSL certificate problem: ");
	if (with_detail && detail && detail[0] && strcmp(detail, text) != 0)
		snprintf(out, size, "%s: %s: %s", peer, text, detail);
	else
		snprintf(out, size, "%s: %s", peer, text);
}
