#pragma once

#include <netinet/in.h>

/* As people write it: an address that is IPv4's inside (::ffff:10.1.2.3, RFC 4291 section 2.5.5.2)
 * without what is before it. Returns out. */
const char *address_print(char out[INET6_ADDRSTRLEN], const struct in6_addr *a);
