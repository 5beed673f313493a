#pragma once

/* The file that kubectl reads (client-go: tools/clientcmd/api/v1/types.go). config.c's own. */

#include "agent/base/str.h"

#include <stdbool.h>

struct err;
struct k8s_config;

/* Fills c, whose arena is there, from the text of the file; dir is its folder. */
bool kubeconfig_read(struct k8s_config *c, struct str text, struct str dir, struct err *e);
